"""Where tokens may be sent."""

from __future__ import annotations

import pytest

from keymuster.collect.asking.addresses import checked
from keymuster.errors import CollectError


@pytest.mark.parametrize(
    "address", ["https://git.acme.example/api/v3", "http://127.0.0.1:8080", "http://localhost/api"]
)
def test_a_token_goes_to_what_is_encrypted_or_here(address: str) -> None:
    assert checked(address, "api-url").geturl() == address


@pytest.mark.parametrize(
    "address",
    ["", "git.acme.example", "ftp://git.acme.example", "https://", "https://[", "file:///etc"],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(CollectError, match="no address"):
        checked(address, "api-url")


def test_a_token_is_not_sent_in_plain_text() -> None:
    with pytest.raises(CollectError, match="plain text"):
        checked("http://git.acme.example/api/v3", "api-url")
