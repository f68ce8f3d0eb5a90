"""Whether anything that a service said could be a secret, and so is not to be kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from keymuster.model.texts import texts

if TYPE_CHECKING:
    from keymuster.detect.engine import Engine


def looks_secret(engine: Engine, said: Any, beside: str = "") -> bool:
    """However unsure that is; by its name or by itself."""
    whole = json.dumps(said, indent=0, ensure_ascii=False)
    return any(
        engine.scan(text.encode("utf-8", "surrogatepass"))
        for text in (whole, "\n".join(texts(said)), beside)
    )
