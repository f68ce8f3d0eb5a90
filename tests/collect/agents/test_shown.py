"""What records say of names and addresses that others wrote."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from keymuster.collect.agents import shown
from keymuster.detect import examples

DRAWN = examples.from_shape("{base62:32}", "a key in an address")
UUID = "-".join(
    examples.from_shape(f"{{hex:{n}}}", f"part {at}") for at, n in enumerate((8, 4, 4, 4, 12))
)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (f"https://mcp.acme.example/s/{DRAWN}/mcp", "https://mcp.acme.example/s/****/mcp"),
        (f"https://mcp.acme.example/{UUID}/sse/", "https://mcp.acme.example/****/sse"),
        (f"https://me:{DRAWN}@mcp.acme.example:8443/a?key={DRAWN}#x", "https://mcp.acme.example:8443/a"),
        ("https://mcp.acme.example/v2/internationalization/mcp", "https://mcp.acme.example/v2/internationalization/mcp"),
    ],
)  # fmt: skip
def test_an_address_has_no_key_in_it(url: str, address: str) -> None:
    assert shown.address(urlsplit(url)) == address


def test_a_name_keeps_its_words() -> None:
    assert shown.text(f"tickets {DRAWN} of-acme_2024") == "tickets **** of-acme_2024"
