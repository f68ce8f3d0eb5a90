"""Whether anything that a service said could be a secret, and so is not to be kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keymuster.detect.engine import Engine


def looks_secret(engine: Engine, said: Any, beside: str = "") -> bool:
    """However unsure that is; by its name or by itself."""
    whole = json.dumps(said, indent=0, ensure_ascii=False)
    return any(
        engine.scan(text.encode("utf-8", "surrogatepass"))
        for text in (whole, "\n".join(_texts(said)), beside)
    )


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            yield from (str(name) for name in value)
            for one in value.values():
                yield from _texts(one)
        case list():
            for one in value:
                yield from _texts(one)
