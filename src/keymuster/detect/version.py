"""A text of which some lines are new."""

from __future__ import annotations

TYPE_CHECKING = False  # that of `typing` takes as long to import as all that a glance needs
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Version:
    """A version of a file, in pieces of whole lines that are new or not; `is_code` if it is of a
    programming language."""

    def __init__(self, pieces: list[tuple[bool, bytes]], is_code: bool) -> None:
        self._pieces = pieces
        self.is_code = is_code
        self.text = b"".join([piece for _, piece in pieces])

    def around(self, reach: int) -> Iterator[bytes]:
        """The new lines, with as many bytes before them at least, from the start of a line on."""
        at = start = stop = 0
        for is_new, piece in self._pieces:
            end = at + len(piece)
            if is_new:
                first = self.text.rfind(b"\n", 0, max(0, at - reach)) + 1
                if first > stop:
                    if stop:
                        yield self.text[start:stop]
                    start = first
                elif not stop:
                    start = first
                stop = end
            at = end
        if stop:
            yield self.text[start:stop]

    def with_text(self, change: Callable[[bytes], bytes]) -> Version:
        """The same with something done to each line."""
        return Version([(is_new, change(piece)) for is_new, piece in self._pieces], self.is_code)
