"""Marvin32, the keyed hash inside Microsoft's identifiable keys (as published with .NET)."""

from __future__ import annotations

_MASK = 0xFFFFFFFF


def marvin32(content: bytes, seed: bytes) -> int:
    """The 32-bit hash of content under an 8-byte seed."""
    low, high = int.from_bytes(seed[4:], "big"), int.from_bytes(seed[:4], "big")
    whole = len(content) // 4 * 4
    for start in range(0, whole, 4):
        low = low + int.from_bytes(content[start : start + 4], "little") & _MASK
        low, high = _mix(low, high)
    low = low + int.from_bytes(content[whole:] + b"\x80", "little") & _MASK
    low, high = _mix(*_mix(low, high))
    return low ^ high


def _mix(low: int, high: int) -> tuple[int, int]:
    high ^= low
    low = _rotate(low, 20) + high & _MASK
    high = _rotate(high, 9) ^ low
    low = _rotate(low, 27) + high & _MASK
    return low, _rotate(high, 19)


def _rotate(value: int, by: int) -> int:
    return (value << by | value >> 32 - by) & _MASK
