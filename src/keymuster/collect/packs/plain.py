"""The inner loops of the reader. `_accelerator.c` has the same in C; whatever one returns or raises,
the other does too.

Numbers of objects are 32 bits wide, offsets and sizes 64. NONE is the number of no object.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from itertools import pairwise, starmap
from operator import lt
from struct import Struct
from struct import error as StructError

NONE = 0xFFFFFFFF

OFFSET_DELTA = 6
ID_DELTA = 7
_KINDS = (1, 2, 3, 4, OFFSET_DELTA, ID_DELTA)
_LONGEST_NUMBER = 9
"""Bytes of a number; all that fit give less than 2 ** 63."""

_WITHIN = 64
"""Bytes that surely hold the header of an object."""


def expand(
    base: bytes, delta: bytes, least: int, most: int
) -> tuple[bytes, list[tuple[int, int, int]]]:
    """What a delta makes of its base, and the stretches of at least `least` bytes that come from it:
    (offset in the result, offset in the base, length). ValueError if it is no delta for this base or
    its result is larger than `most`."""
    return _trusting(base, delta, max(1, least), most) or _careful(base, delta, least, most)


def _trusting(
    base: bytes, delta: bytes, least: int, most: int
) -> tuple[bytes, list[tuple[int, int, int]]] | None:
    """The same with a look at the sum instead of at each instruction; None if anything is odd. There
    are hundreds of instructions in a delta, so each comparison counts."""
    claimed, at = _number(delta, 0)
    if claimed != len(base):
        return None
    size, at = _number(delta, at)
    if size > most:
        return None
    end = len(delta)
    pieces: list[bytes] = []
    add = pieces.append
    kept: list[tuple[int, int, int]] = []
    here = first = length = source = 0
    reach = -1  # where in the base a copy goes on that directly follows the one before it
    try:
        while at < end:
            command = delta[at]
            if command < 0x80:
                at += 1
                stop = at + command
                add(delta[at:stop])
                at = stop
                here += command
                reach = -1
                continue
            if command == _NEAR:
                offset, count = _near(delta, at)
                at += 4
            elif command == _FAR:
                offset, high, count = _far(delta, at)
                offset |= high << 16
                at += 5
            elif command in _COMMON:
                read, size_of = _COMMON[command]
                offset, count = read(delta, at)
                at += size_of
            else:
                offset, count, at = _copy(delta, at)
            if count >= least or offset == reach:
                if offset == reach and first + length == here:
                    length += count
                else:
                    if length >= least:
                        kept.append((first, source, length))
                    # the one before it was too short by itself
                    before = len(pieces[-1]) if offset == reach else 0
                    first, source, length = here - before, offset - before, before + count
            reach = offset + count
            add(base[offset:reach])
            here += count
            if here > size:
                return None
    except (StructError, IndexError):
        return None
    text = b"".join(pieces)
    # nothing is a copy from outside of the base, or an instruction that does not exist
    if not here == size == len(text) or not all(pieces):
        return None
    if length >= least:
        kept.append((first, source, length))
    return text, kept


_NEAR, _FAR = 0x93, 0x97
"""Most copies: of less than 256 bytes, from an offset of two bytes, or three."""

_near = Struct("<xHB").unpack_from
_far = Struct("<xHBB").unpack_from
_COMMON = {
    command: (form.unpack_from, form.size)
    for command, form in (
        (0x91, Struct("<xBB")),
        (0xB1, Struct("<xBH")),
        (0xB3, Struct("<xHH")),
    )
}


def _copy(delta: bytes, at: int) -> tuple[int, int, int]:
    """Offset and length of a copy, and where its instruction ends."""
    command = delta[at]
    offset = count = 0
    for bit in range(7):
        if command & 1 << bit:
            at += 1
            if bit < 4:
                offset |= delta[at] << 8 * bit
            else:
                count |= delta[at] << 8 * (bit - 4)
    return offset, count or 0x10000, at + 1


def _careful(
    base: bytes, delta: bytes, least: int, most: int
) -> tuple[bytes, list[tuple[int, int, int]]]:
    end = len(delta)
    claimed, at = _number(delta, 0)
    if claimed != len(base):
        raise ValueError("its delta is for a base of another size")
    size, at = _number(delta, at)
    if size > most:
        raise ValueError("its delta makes more than was declared")
    pieces: list[bytes] = []
    kept: list[tuple[int, int, int]] = []
    here = first = length = source = 0  # the stretch being copied: result[first:], base[source:]
    while at < end:
        command = delta[at]
        if command & 0x80:
            try:
                offset, count, at = _copy(delta, at)
            except IndexError:
                raise ValueError("its delta ends too early") from None
            if offset + count > claimed:
                raise ValueError("its delta copies from outside of the base")
            if here + count > size:
                raise ValueError("its delta makes more than it declares")
            pieces.append(base[offset : offset + count])
            if first + length == here and source + length == offset:
                length += count
            else:
                if length >= least and length:
                    kept.append((first, source, length))
                first, source, length = here, offset, count
            here += count
        elif command:
            at += 1
            if at + command > end:
                raise ValueError("its delta ends too early")
            if here + command > size:
                raise ValueError("its delta makes more than it declares")
            pieces.append(delta[at : at + command])
            at += command
            here += command
        else:
            raise ValueError("its delta holds an instruction that git does not know")
    if here != size:
        raise ValueError("its delta makes less than it declares")
    if length >= least and length:
        kept.append((first, source, length))
    return b"".join(pieces), kept


def _number(delta: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and where it ends."""
    value = 0
    for shift in range(0, 7 * _LONGEST_NUMBER, 7):
        if at >= len(delta):
            raise ValueError("its delta ends too early")
        byte = delta[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, at
    raise ValueError("its delta declares a size beyond all bounds")


def ascending(offsets: array[int]) -> tuple[array[int], array[int]]:
    """The places of offsets, from that of the lowest to that of the highest; and these offsets."""
    places = sorted(range(len(offsets)), key=offsets.__getitem__)
    return array("I", places), array("Q", map(offsets.__getitem__, places))


def rising(ids: bytes, width: int) -> bool:
    """Whether each id of so many bytes is higher than the one before it."""
    each = (ids[at : at + width] for at in range(0, len(ids), width))
    return all(starmap(lt, pairwise(each)))


def headers(
    chunk: bytes, start: int, offsets: array[int], first: int, width: int, final: bool,
    kinds: bytearray, sizes: array[int], lengths: bytearray, bases: array[int],
) -> int:  # fmt: skip
    """Read the headers of objects, whose ascending offsets are given, as far as the chunk of the pack
    from `start` on holds them; from number `first` on. The number of the first that was not read.

    `lengths` are of the header with the name of the base behind it. Where a base is named by its
    offset and there is an object, `bases` gets its number. What cannot be read has kind 0.
    """
    held = len(chunk)
    number = first
    for number in range(first, len(offsets)):
        offset = offsets[number]
        at = offset - start
        if at >= 0 and at + _WITHIN > held and not final:
            return number
        kinds[number] = 0
        if not 0 <= at < held or (number and offsets[number - 1] == offset):
            continue
        begin = at
        byte = chunk[at]
        at += 1
        kind = byte >> 4 & 7
        size = byte & 15
        shift = 4
        while byte & 0x80 and at < held and shift < 60:
            byte = chunk[at]
            at += 1
            size |= (byte & 0x7F) << shift
            shift += 7
        if byte & 0x80 or kind not in _KINDS:
            continue
        if kind == OFFSET_DELTA:
            back = -1
            for at in range(at, min(at + _LONGEST_NUMBER, held)):  # noqa: B020
                byte = chunk[at]
                back = (back + 1) << 7 | (byte & 0x7F)
                if not byte & 0x80:
                    break
            at += 1
            if byte & 0x80 or not 0 < back <= offset:
                continue
            found = bisect_left(offsets, offset - back, 0, number)
            if found < number and offsets[found] == offset - back:
                bases[number] = found
        elif kind == ID_DELTA:
            at += width
        if at > held:
            continue
        kinds[number] = kind
        sizes[number] = size
        lengths[number] = at - begin
    return len(offsets)


def roots(kinds: bytearray, bases: array[int]) -> bytearray:
    """The type at the end of each object's chain; 0 where that has no end, or none that is there."""
    found = bytearray(kinds)
    for number, kind in enumerate(found):
        if kind < OFFSET_DELTA:
            continue
        path = []
        while found[number] in (OFFSET_DELTA, ID_DELTA):
            path.append(number)
            found[number] = _PASSED
            if bases[number] == NONE:
                break
            number = bases[number]
        end = found[number]
        for number in path:
            found[number] = 0 if end == _PASSED else end
    return found


_PASSED = 255


def arrange(wanted: bytearray, bases: array[int]) -> tuple[array[int], array[int]]:
    """The wanted objects and all in their chains, each behind its base, and where in this order its
    base stands. Chains must have an end.

    Trees come in the order of their roots, children in that of their numbers, but those of them last
    that has most objects below it: so only about log2(objects) of them wait for children at a time.
    """
    needed = bytearray(wanted)
    for number, flag in enumerate(wanted):
        if flag:
            while bases[number] != NONE and not needed[bases[number]]:
                number = bases[number]
                needed[number] = 1
    order = array("I")
    places = array("I")
    children: dict[int, list[int]] = {}
    for number, flag in enumerate(needed):
        if flag:
            children.setdefault(bases[number], []).append(number)
    tops = children.pop(NONE, [])
    below = _counted(tops, children)
    for numbers in children.values():
        heaviest = max(reversed(numbers), key=below.__getitem__)
        numbers.remove(heaviest)
        numbers.append(heaviest)
    for top in tops:
        waiting = [(top, NONE)]
        while waiting:
            number, base = waiting.pop()
            place = len(order)
            order.append(number)
            places.append(base)
            waiting.extend((child, place) for child in reversed(children.get(number, ())))
    return order, places


def _counted(tops: list[int], children: dict[int, list[int]]) -> dict[int, int]:
    """How many objects each tree has, its top included."""
    sequence = list(tops)
    for number in sequence:
        sequence.extend(children.get(number, ()))
    counted: dict[int, int] = {}
    for number in reversed(sequence):
        counted[number] = 1 + sum(counted[child] for child in children.get(number, ()))
    return counted
