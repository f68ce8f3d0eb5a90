"""Addresses of repositories."""

from __future__ import annotations

import pytest

from keymuster.errors import SettingsError
from keymuster.estate.addresses import address


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("https://git.acme.test/team/api.git", "git.acme.test/team/api"),
        ("https://GIT.acme.test:443/team/api/", "git.acme.test/team/api"),
        ("https://git.acme.test:8443/api", "git.acme.test:8443/api"),
        ("git@git.acme.test:team/api.git", "git.acme.test/team/api"),
        ("ssh://git@git.acme.test/team/api.git", "git.acme.test/team/api"),
        ("ssh://git@git.acme.test:2222/api", "git.acme.test:2222/api"),
        ("file:///srv/git/api.git", "/srv/git/api"),
        ("http://127.0.0.1:8000/api", "127.0.0.1:8000/api"),
    ],
)
def test_whichever_way_leads_there_the_name_is_the_same(text: str, name: str) -> None:
    assert address(text).name == name


@pytest.mark.parametrize(
    "text",
    [
        "https://ada@git.acme.test/api", "https://ada:hush@git.acme.test/api", "ssh://git:hush@git.acme.test/api",
        "http://git.acme.test/api", "ext::sh -c true", "ext://x/y", "git://git.acme.test/api", "https:///api",
        "https://git.acme.test", "https://-x/api", "ssh://-oProxyCommand=x/api", "-oProxyCommand=x:api",
        "https://git.acme.test/api?token=hush", "https://[::1", "https://git.acme.test:99999/api", "api", "",
        "/srv/git/api.git", "file://host/srv/api", "file:///", "git@git.acme.test:-x", "C:\\git\\api",
    ],
)  # fmt: skip
def test_what_is_none_or_holds_a_credential_is_refused(text: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        address(text)
    assert "hush" not in f"{refusal.value} {refusal.value.advice()}"
