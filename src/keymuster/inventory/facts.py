"""The names, types and defaults of derived facts, which analysis finds and policies speak of."""

from __future__ import annotations

from typing import Any

from keymuster.model import Environment

UNKNOWN = "unknown"
"""A value of its own: a policy that asks for it cannot decide."""

FACTS: dict[str, dict[str, tuple[str, Any]]] = {
    "identity": {
        "owner": ("string", ""),
        "purpose": ("string", ""),
        "environment": ("string", Environment.UNKNOWN),
    },
}
"""Record, in the word of `applies_to` -> name -> (CEL type, value where nothing was derived)."""
