"""A first look at text, with next to nothing loaded: whether something in it may lead to a finding.

It searches for what every finding needs (`necessary`), with a database that is built into a wheel.
Where that is missing, or was built for another version of Hyperscan, nobody looks.
"""

from __future__ import annotations

import sys

from keymuster import cache

TYPE_CHECKING = False  # that of `typing` takes as long to import as all the rest
if TYPE_CHECKING:
    from typing import Any

    from keymuster.detect.version import Version

KINDS = 5
ANYWHERE, WIDE, NEAR, NEAR_IN_TEXT, ESCAPED = range(KINDS)
"""What a hit says. There may be a finding somewhere in the text; or one in a line that is not far
behind the hit, be it in any text or only in one that is not of a programming language. Or escapes
stand here, and what they stand for is to be looked at, too."""

_REACH = {NEAR: 1024, NEAR_IN_TEXT: 1024, WIDE: 20_000}
"""Bytes from there to the line of the finding: those of the longest name, what joins it to a value and
what wraps that; and of a list of as many values as are read."""

_DEPTH = 3
"""Encodings inside each other that are undone."""

_LONGEST_LINE = 4096
"""Bytes of a line whose escapes are undone as one (`encodings._escapes`)."""


def file_name() -> str:
    """What the database is called among what was built."""
    return f"glance-{cache.machine()}.bin"


class Glance:
    """The opened database."""

    def __init__(self, stored: bytes) -> None:
        self._engine = _hyperscan()
        self._database = self._engine.loadb(stored, mode=self._engine.HS_MODE_BLOCK)
        self._scratch = self._engine.Scratch(self._database)

    def is_clean(self, version: Version) -> bool:
        """Whether nothing in the changed lines of a version can be a finding. No is a guess."""
        for _ in range(_DEPTH + 1):
            seen = self._seen(version.text)
            if ANYWHERE in seen or self._is_doubtful(version, seen):
                return False
            if ESCAPED not in seen:
                return True
            if _is_spelled(version):
                return False
            version = version.with_text(_undone)
        return False

    def _is_doubtful(self, version: Version, seen: set[int]) -> bool:
        """Whether something was seen that the changed lines are in reach of."""
        doubts = {NEAR, WIDE} if version.is_code else {NEAR, NEAR_IN_TEXT, WIDE}
        return any(
            doubt in self._seen(part)
            for doubt in seen & doubts
            for part in version.around(_REACH[doubt])
        )

    def _seen(self, text: bytes) -> set[int]:
        """What the hits in a text say."""
        said: set[int] = set()

        def hit(number: int, *_: Any) -> None:
            said.add(number % KINDS)

        self._database.scan(text, match_event_handler=hit, scratch=self._scratch)
        return said


def _is_spelled(version: Version) -> bool:
    """Whether there are escapes near a change that `_undone` does not know, or too long lines."""
    return any(
        b"\\u" in part or b"\\x" in part or max(map(len, part.split(b"\n"))) > _LONGEST_LINE
        for part in version.around(_REACH[WIDE])
    )


_ESCAPES = {
    b'\\"': b'"', b"\\'": b"'", b"\\/": b"/", b"\\`": b"`", b"\\b": b"\b", b"\\f": b"\f",
    b"\\n": b"\n", b"\\r": b"\r", b"\\t": b"\t",
}  # fmt: skip


def _undone(text: bytes) -> bytes:
    """A text without zero bytes with what its escapes stand for (`encodings.json`)."""
    text = text.replace(b"\\\\", b"\0")
    for escape, meaning in _ESCAPES.items():
        text = text.replace(escape, meaning)
    return text.replace(b"\0", b"\\")


def _hyperscan() -> Any:
    """Hyperscan without the package around it, which would import `typing`."""
    from importlib.machinery import PathFinder  # all that it needs is loaded already

    name = "hyperscan._hs_ext"
    if name not in sys.modules:
        package = PathFinder.find_spec("hyperscan")
        assert package is not None
        spec = PathFinder.find_spec(name, package.submodule_search_locations)
        assert spec is not None
        assert spec.loader is not None
        module = spec.loader.create_module(spec)
        assert module is not None
        spec.loader.exec_module(module)
        sys.modules[name] = module  # where the package will find it
    return sys.modules[name]
