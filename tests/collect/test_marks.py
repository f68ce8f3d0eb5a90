"""Words in small and in large texts."""

from __future__ import annotations

import random

import pytest

from keymuster.collect.marks import has, has_one


@pytest.mark.parametrize("size", [0, 1, 9, 100, 2047, 2048, 2049, 10_000])
def test_a_word_is_found_wherever_it_stands(size: int) -> None:
    chance = random.Random(size)
    word = b"mark:er"
    for at in {0, 1, size // 2, size - len(word) - 1, size - len(word), size - 1, size + 1}:
        text = bytearray(chance.choices(b"mark:e", k=size))
        text[max(0, at) : max(0, at) + len(word)] = word[: max(0, size - at)]
        whole = bytes(text)
        assert has(whole, word) is (word in whole)
        assert has_one(whole, (word, b"rrmm:")) is (word in whole or b"rrmm:" in whole)
