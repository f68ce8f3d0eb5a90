"""Text that stands where a secret would, but is none."""

from __future__ import annotations

import re
from collections import Counter
from math import log2

_WORDS = re.compile(
    rb"(?i)example|sample|placeholder|changeme|change[_-]me|replace|redacted|dummy|fake|your[_-]|"
    rb"insert|todo|xxxx|\*\*\*\*|\.\.\.|1234567890|0123456789|abcdefgh|qwerty|deadbeef|<[^>]*>|"
    rb"\$\{|\{\{|%\(|%s|\$\("
)
_RUN = re.compile(rb"(.)\1{5}|(..)\2{4}|(...)\3{4}|(....)\4{3}", re.DOTALL)

_FEW = 6
"""Characters that even the poorest alphabet, the ten digits, shows more of in a long value."""


def entropy(value: bytes) -> float:
    """Bits per byte of a value, by its own frequencies."""
    size = len(value)
    return -sum(count / size * log2(count / size) for count in Counter(value).values())


def is_repetitive(value: bytes) -> bool:
    """Whether a value is a short text again and again, or made of very few characters."""
    few = min(max(2, len(value) // 12), _FEW)
    return len(set(value)) <= few or _RUN.search(value) is not None


def is_placeholder(value: bytes) -> bool:
    """Whether a value says that it is not the real one."""
    return is_repetitive(value) or _WORDS.search(value) is not None
