"""Text that stands where a secret would, but is none."""

from __future__ import annotations

import re
from collections import Counter
from math import log2
from operator import sub

from keymuster import regex

_WORDS = regex.later(
    rb"(?i)example|sample|placeholder|changeme|change[_-]me|replace|redacted|dummy|fake|your[_-]|"
    rb"insert|todo|xxxx|\*\*\*\*|\.\.\.|1234567890|0123456789|abcdefgh|qwerty|deadbeef|<[^>]*>|"
    rb"\$\{|\{\{|%\(|%s|\$\("
)
_RUN = regex.later(rb"(.)\1{5,}|(..)\2{4,}|(...)\3{4,}|(....)\4{3,}", re.DOTALL)
_SHARE = 6
"""A run counts if it is more than this part of the value: some formats begin with zeros."""

_FEW = 6
"""Characters that even the poorest alphabet, the ten digits, shows more of in a long value."""

_LOOKED_AT = 256
"""Bytes from the start of a value that tell whether all of it is like this."""


def entropy(value: bytes) -> float:
    """Bits per byte of a value, by its own frequencies."""
    size = len(value)
    return -sum(count / size * log2(count / size) for count in Counter(value).values())


def is_repetitive(value: bytes) -> bool:
    """Whether a value is a short text again and again, or made of very few characters."""
    value = value[:_LOOKED_AT]
    few = min(max(2, len(value) // 12), _FEW)
    if len(set(value)) <= few:
        return True
    return any(len(run[0]) * _SHARE > len(value) for run in _RUN.finditer(value))


def is_placeholder(value: bytes) -> bool:
    """Whether a value says that it is not the real one."""
    return is_repetitive(value) or _WORDS.search(value) is not None


def is_sequence(value: bytes) -> bool:
    """Whether most of a value counts on: `abcdef0123456789`, `1234567890ABCDEF`."""
    value = value[:_COUNTED]
    steps = list(map(sub, value[1:], value))
    return (steps.count(1) + steps.count(_WRAP)) * 4 > len(value) * 3


_WRAP = ord("0") - ord("9")
_COUNTED = 64
"""Bytes from the start of a value that tell whether it counts."""
