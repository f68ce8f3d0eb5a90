"""Digests come to what `hashlib` and `hmac` say."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from keymuster.digests import blake2b
from keymuster.model.sha256 import hmac_sha256, sha256


@pytest.mark.parametrize("length", [0, 1, 9, 63, 64, 65, 128, 1000])
def test_a_keyed_digest_is_that_of_the_standard(length: int) -> None:
    key = bytes(number % 256 for number in range(length))

    for text in (b"", b"text", key * 3):
        assert hmac_sha256(key, text) == hmac.new(key, text, "sha256").hexdigest()


def test_digests_are_those_of_hashlib() -> None:
    assert sha256(b"text").hexdigest() == hashlib.sha256(b"text").hexdigest()
    assert blake2b(b"text").digest() == hashlib.blake2b(b"text").digest()
