"""msgspec without what it would rather have."""

from __future__ import annotations

import sys


def without_typing_extensions() -> None:
    """Load msgspec. It takes from `typing_extensions`, where that is installed, what `typing` has, too: but that
    loads `inspect`, and with it takes as long as all else of msgspec."""
    if "msgspec" in sys.modules or "typing_extensions" in sys.modules:
        return
    sys.modules["typing_extensions"] = None  # type: ignore[assignment]  # an import of it fails
    try:
        import msgspec  # noqa: F401
    finally:
        del sys.modules["typing_extensions"]
