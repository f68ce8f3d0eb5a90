from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from threading import Event as Flag
from typing import Any

import jsonschema
import pytest
from standardwebhooks.webhooks import Webhook as Verifier

from http_server import Reply, Server, serving
from keymuster.errors import SettingsError
from keymuster.estate.channels.base import Undelivered
from keymuster.estate.channels.webhook import Webhook, WebhookOptions
from keymuster.estate.credentials import Reference
from keymuster.model import Severity
from telling_made import HOSTILE, finding, message

SCHEMA = Path(__file__).parents[3] / "docs/schemas/notification-v1.json"
KEY = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@pytest.fixture
def server(loopback: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving() as found:
        monkeypatch.setenv("HOOK", f"{found.url}/path-that-is-a-password")
        yield found


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keymuster.estate.channels._http.pause_before", lambda attempt: 0.0)


def opened(**options: Any) -> Webhook:
    return Webhook(WebhookOptions(url=Reference(env="HOOK"), **options), Flag())


def test_what_is_sent_fits_the_published_schema(server: Server) -> None:
    server.says(Reply("ok"))
    several = [
        finding(f"f{at}", severity, owner="team-a", message=HOSTILE)
        for at, severity in enumerate(Severity)
    ]
    opened().send(message(*several, limit=3))
    [asked] = server.asked
    jsonschema.validate(asked.body, json.loads(SCHEMA.read_text()))
    assert asked.body["total"] == 5
    assert asked.body["left_out"] == 2
    assert asked.body["counts"] == {
        "new": dict.fromkeys(("info", "low", "medium", "high", "critical"), 1)
    }
    told = [one["finding"]["severity"] for one in asked.body["changes"]]
    assert told == ["critical", "high", "medium"]
    assert asked.body["owners"] == [{"owner": "team-a", "total": 5, "gravest": "critical"}]
    assert asked.headers["Idempotency-Key"] == asked.body["id"]


def test_the_signature_is_one_of_standard_webhooks(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", KEY)
    server.says(Reply("ok"))
    opened(secret=Reference(env="KEY")).send(message(finding()))
    [asked] = server.asked
    Verifier(KEY).verify(asked.raw.decode(), asked.headers)
    with pytest.raises(Exception, match="signature"):
        Verifier(KEY).verify(asked.raw.decode() + " ", asked.headers)


def test_a_key_that_protects_nothing_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "short")
    with pytest.raises(SettingsError, match="fewer than 24 bytes"):
        opened(secret=Reference(env="KEY"))


def test_headers_of_the_settings_are_sent_and_ours_stay(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH", "Bearer of-something")
    server.says(Reply("ok"))
    opened(headers={"Authorization": Reference(env="AUTH")}).send(message(finding()))
    assert server.asked[0].headers["Authorization"] == "Bearer of-something"
    with pytest.raises(SettingsError, match="not for others"):
        opened(headers={"Host": Reference(env="AUTH")})
    monkeypatch.setenv("AUTH", "two\r\nlines")
    with pytest.raises(SettingsError, match="cannot stand in a header"):
        opened(headers={"X-A": Reference(env="AUTH")})


# --- what holds for all that goes over HTTP --------------------------------------------------


def test_what_is_busy_is_asked_again(server: Server) -> None:
    server.says(Reply("x", 503), Reply("x", 429, {"Retry-After": "0"}), Reply("", 0), Reply("ok"))
    opened().send(message(finding()))
    assert len(server.asked) == 4
    assert len({one.headers["Idempotency-Key"] for one in server.asked}) == 1


def test_the_receiver_says_how_long_to_wait(server: Server) -> None:
    waits: list[float] = []

    class Clock(Flag):
        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout or 0)
            return False

    server.says(Reply("x", 429, {"Retry-After": "7"}), Reply("ok"))
    Webhook(WebhookOptions(url=Reference(env="HOOK")), Clock()).send(message(finding()))
    assert waits == [7.0]


def test_nobody_waits_for_an_hour(server: Server) -> None:
    server.says(Reply("x", 429, {"Retry-After": "3600"}))
    with pytest.raises(Undelivered, match="429"):
        opened().send(message(finding()))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(server: Server, status: int) -> None:
    server.says(Reply("", status, {"Location": f"{server.url}/elsewhere"}))
    with pytest.raises(Undelivered, match="leads elsewhere"):
        opened().send(message(finding()))
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply("x", 404), "it answers 404"),
        (Reply("x", 400), "it answers 400"),
        (Reply("", 0), "it cannot be reached"),
    ],
)
def test_no_error_tells_the_address_or_the_answer(server: Server, reply: Reply, why: str) -> None:
    server.says(*[Reply(b"path-that-is-a-password", reply.status)] * 4)
    with pytest.raises(Undelivered) as found:
        opened().send(message(finding()))
    error: BaseException | None = found.value
    assert str(error) == why
    while error is not None:
        assert "password" not in repr(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


@pytest.mark.parametrize(
    "url",
    ["http://203.0.113.9/x", "ftp://a/x", "file:///etc/passwd", "hooks.test/x", "https://", "https://a:x/", "https://a/\nb"],
)  # fmt: skip
def test_only_https_is_an_address(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", url)
    with pytest.raises(SettingsError) as found:
        opened()
    assert url not in str(found.value)


def test_an_address_that_is_not_there_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOOK", raising=False)
    with pytest.raises(SettingsError, match="HOOK"):
        opened()


def test_passwords_of_netrc_stay_at_home(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server.says(Reply("ok"))
    hook = opened()
    hook._post._session.trust_env = True  # as for addresses elsewhere
    hook.send(message(finding()))
    assert "Authorization" not in server.asked[0].headers
