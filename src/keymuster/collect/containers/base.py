"""The contract of containers, and what keeps a hostile one within bounds."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator
from enum import Enum
from typing import ClassVar, NoReturn, Protocol

from msgspec import Struct

from keymuster.collect.base import Limits
from keymuster.collect.magic import HEAD
from keymuster.errors import CollectError

CHUNK = 256 * 1024
"""Bytes that are unpacked at a time."""

RATIO_COUNTS_FROM = 64 * 1024 * 1024
"""Bytes that anything may unpack to: a small file full of zeros is no bomb."""

ENCRYPTED = "encrypted"
DAMAGED = "damaged"
UNSUPPORTED = "compressed in a way that is not supported"
FALSE_SIZE = "of another size than the container says"


class Stopped(CollectError):
    """A limit is reached; nothing more of the outermost container is opened."""


class Skipped(CollectError):
    """One member, or one container inside another, cannot be read. The message is the reason."""


class Form(Enum):
    """What opening means. An archive has members with names. A compressed file has one, without a
    name. A view is another form of the file itself, whose text is easier to read."""

    ARCHIVE = "archive"
    COMPRESSED = "compressed"
    VIEW = "view"


class Readable(Protocol):
    """What bytes are read from, front to back."""

    def read(self, size: int, /) -> bytes: ...


class Budget:
    """What may still be spent on one outermost container, and what had to be left out of it: for
    each reason, how many members, and the name of the first."""

    def __init__(
        self,
        limits: Limits,
        packed: int,
        most_bytes_of_a_member: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits = limits
        self.most = min(most_bytes_of_a_member, limits.bytes)
        self.left_out: dict[str, tuple[int, str]] = {}
        self._clock = clock
        self._ends = clock() + limits.seconds
        self._bytes = 0
        self._members = 0
        self._most_by_ratio = max(RATIO_COUNTS_FROM, limits.ratio * packed)

    def spend(self, count: int) -> None:
        """Account for unpacked bytes; Stopped if they are too many or took too long."""
        self._bytes += count
        if self._bytes > self.limits.bytes:
            raise Stopped(f"it unpacks to more than {self.limits.bytes:,} bytes")
        if self._bytes > self._most_by_ratio:
            raise Stopped(f"it unpacks to more than {self.limits.ratio:,} times its size")
        self.seconds()

    def member(self) -> None:
        """Account for one more member; Stopped if they are too many or took too long."""
        self._members += 1
        if self._members > self.limits.members:
            self.too_many()
        self.seconds()

    def too_many(self) -> NoReturn:
        raise Stopped(f"it has more than {self.limits.members:,} members")

    def seconds(self) -> float:
        """The time that is left; Stopped if there is none."""
        left = self._ends - self._clock()
        if left <= 0:
            self.out_of_time()
        return left

    def out_of_time(self) -> NoReturn:
        raise Stopped(f"it took more than {self.limits.seconds:g} seconds")

    def leave_out(self, reason: str, name: str) -> None:
        """Note a member that was not looked at, or not in full."""
        count, first = self.left_out.get(reason, (0, name))
        self.left_out[reason] = count + 1, first


class Content:
    """The bytes of a container or member: all at once, or from front to back as they are unpacked.
    What is unpacked is paid for from the budget as it is read."""

    def __init__(self, source: Readable, budget: Budget) -> None:
        self._source = source
        self._budget: Budget | None = budget
        self._ahead = b""
        self._failure: Exception | None = None
        self._whole: bytes | None = None

    @classmethod
    def of(cls, data: bytes) -> Content:
        """Bytes that are in memory already and cost nothing."""
        from io import BytesIO

        made = cls.__new__(cls)
        made._source, made._budget, made._whole = BytesIO(data), None, data
        made._ahead, made._failure = b"", None
        return made

    @property
    def whole(self) -> bytes:
        """All of it, for kinds of container that have to jump about."""
        assert self._whole is not None
        return self._whole

    def peek(self) -> bytes:
        """The first `HEAD` bytes, or fewer if there are no more. What fails behind them fails when
        they were read."""
        try:
            while len(self._ahead) < HEAD and (more := self._next(HEAD)):
                self._ahead += more
        except Stopped:
            raise
        except Exception as error:
            if not self._ahead:
                raise
            self._failure = error
        return self._ahead[:HEAD]

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none only at the end, or if none are asked for."""
        if size <= 0:  # which zlib takes for all there is
            return b""
        if self._ahead:
            taken, self._ahead = self._ahead[:size], self._ahead[size:]
            return taken
        return self._next(min(size, CHUNK))

    def exactly(self, size: int) -> bytes:
        """So many bytes, or fewer at the end."""
        parts = []
        while size and (part := self.read(size)):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _next(self, size: int) -> bytes:
        if self._failure is not None:
            raise self._failure
        data = self._source.read(size)
        if self._budget is not None:
            self._budget.spend(len(data))
        return data


class Member(Struct, frozen=True):
    """One file inside a container. Its bytes must be read before the next member is asked for."""

    name: str
    content: Readable


class Refused:
    """The content of a member that is known to be unreadable before it is read."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def read(self, size: int) -> bytes:
        raise Skipped(self._reason)


class Container(Protocol):
    """A kind of file that holds files. `streams` says that it is read from front to back, so that
    it is never in memory as a whole."""

    name: ClassVar[str]
    form: ClassVar[Form]
    streams: ClassVar[bool]

    def recognizes(self, data: bytes) -> bool:
        """By content, never by name. Of what streams, only the first `HEAD` bytes may be there."""
        ...

    def members(self, content: Content, budget: Budget) -> Iterator[Member]:
        """What is inside. May raise anything: what it is given is whatever somebody made."""
        ...


class Decompressor(Protocol):
    """What bz2, lzma and zstd have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class Decompressed:
    """The plain bytes of a compressed file: one stream, or `several` behind each other."""

    def __init__(
        self, packed: Readable, new: Callable[[], Decompressor], *, several: bool = False
    ) -> None:
        self._packed = packed
        self._new = new
        self._several = several
        self._stream: Decompressor | None = new()
        self._left = b""

    def read(self, size: int) -> bytes:
        while self._stream is not None:
            data = b""
            if self._stream.needs_input:
                data, self._left = self._left or self._packed.read(CHUNK), b""
            thirsty = self._stream.needs_input and not data
            plain = self._stream.decompress(data, size)
            if self._stream.eof:
                self._left = self._stream.unused_data
                self._stream = self._following()
            if plain:
                return plain
            if thirsty and self._stream is not None:
                raise EOFError("cut short")
        return b""

    def _following(self) -> Decompressor | None:
        """What decompresses the next stream, if there is one behind zeros that fill up a block."""
        while self._several:
            self._left = self._left.lstrip(b"\0") or self._packed.read(CHUNK)
            if not self._left:
                break
            if self._left.strip(b"\0"):
                return self._new()
        return None


class Inflater:
    """zlib with the interface of the others. `bits` are those of `zlib.decompressobj`."""

    def __init__(self, bits: int) -> None:
        self._stream = zlib.decompressobj(bits)

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def needs_input(self) -> bool:
        return not self._stream.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._stream.decompress(self._stream.unconsumed_tail + data, max_length)


class Cursor:
    """Goes forward through bytes that say how long they are; Skipped where they end before that."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self._data = data
        self._at = at

    def _byte(self) -> int:
        return self._bytes(1)[0]

    def _bytes(self, size: int) -> bytes:
        data = self._data[self._at : self._at + size]
        if len(data) < size:
            raise Skipped(DAMAGED)
        self._at += size
        return data


class Window:
    """A stretch of bytes that are in memory, without another copy of them."""

    def __init__(self, data: bytes, start: int, size: int) -> None:
        self._data = data
        self._at = start
        self._end = min(len(data), start + size)

    def read(self, size: int) -> bytes:
        data = self._data[self._at : min(self._at + size, self._end)]
        self._at += len(data)
        return data


class Joined:
    """Bytes that are made part by part as they are read, so that no more are made than are paid
    for."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._left = b""

    def read(self, size: int) -> bytes:
        taken, length = [self._left], len(self._left)
        while length < size and (part := next(self._parts, None)) is not None:
            taken.append(part)
            length += len(part)
        data = b"".join(taken)
        self._left = data[size:]
        return data[:size]


class UpTo:
    """The first `size` bytes; for streams that do not know their own end."""

    def __init__(self, content: Readable, size: int) -> None:
        self._content = content
        self._left = size

    def read(self, size: int) -> bytes:
        data = self._content.read(min(size, self._left)) if self._left else b""
        self._left -= len(data)
        return data
