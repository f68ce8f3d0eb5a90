"""What follows for trusts."""

from __future__ import annotations

from keymuster.evaluate import times
from keymuster.evaluate.derived.common import EXISTS, Fields

FIELDS: Fields = {**EXISTS, "unused_days": ("dyn", times.trust_unused_days)}
