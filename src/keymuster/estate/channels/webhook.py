"""JSON of ours to an address: version 1, with a JSON Schema, signed by the rules of Standard Webhooks."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from datetime import datetime
from threading import Event as Flag
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta, Struct, field

from keymuster.errors import SettingsError
from keymuster.estate.channels._http import Address, Post
from keymuster.estate.channels._secrets import resolved
from keymuster.estate.channels.base import Change, Message, Options
from keymuster.estate.credentials import Reference
from keymuster.report.base import readable
from keymuster.report.json import FindingV1, finding_document

SeverityV1 = Literal["info", "low", "medium", "high", "critical"]
BecameV1 = Literal["new", "reopened", "changed", "accepted", "resolved", "not observed"]


class ChangeV1(Struct, kw_only=True):
    """What became of one finding of a target in a run. `event` is a number of its own, the same whenever it is told."""

    event: int
    became: BecameV1
    at: datetime
    run: int
    target: str
    why: str
    finding: FindingV1


class OwnerCountV1(Struct, kw_only=True):
    """How many of all changes are about what one owner answers for; `owner` is empty where nobody is known."""

    owner: str
    total: int
    gravest: SeverityV1


class NotificationV1(Struct, kw_only=True):
    """What has changed since the notification before. `changes` are the gravest of the `total`, the others are only
    counted. The same `id` is the same notification, sent again."""

    version: Literal[1]
    id: str
    at: datetime
    test: bool
    total: int
    left_out: int
    counts: dict[str, dict[str, int]]
    owners: list[OwnerCountV1]
    changes: list[ChangeV1]


class WebhookOptions(Options, frozen=True, kw_only=True):
    """An `url`, and a `secret` to sign with, both by reference. `headers` are sent along."""

    kind: Literal["webhook"] = "webhook"
    url: Reference
    secret: Reference | None = None
    headers: dict[Annotated[str, Meta(pattern="^[A-Za-z0-9-]+$")], Reference] = field(
        default_factory=dict
    )


class Webhook:
    """One POST for each notification."""

    name: ClassVar[str] = "webhook"
    options: ClassVar[type[Options]] = WebhookOptions
    takes_recipients: ClassVar[bool] = False
    one_by_one: ClassVar[bool] = False

    def __init__(self, options: WebhookOptions, stop: Flag) -> None:
        self._key = key_of(options.secret) if options.secret is not None else b""
        self._headers = headers_of(options.headers)
        self._post = Post(Address(options.url, "url"), stop)

    def send(self, message: Message) -> None:
        body = msgspec.json.encode(document(message))
        self._post.send(body, {**self._headers, **signed(message.key, body, self._key)})


def document(message: Message) -> NotificationV1:
    """The message in its published shape."""
    return NotificationV1(
        version=1, id=message.key, at=message.at, test=message.is_test, total=message.total,
        left_out=message.left_out,
        counts={
            became.value: {severity.value: count for severity, count in some.items() if count}
            for became, some in message.counts.items()
        },
        owners=[
            OwnerCountV1(owner=readable(one.owner), total=one.total, gravest=one.gravest.value)
            for one in message.owners
        ],
        changes=[_change(one) for one in message.changes],
    )  # fmt: skip


def _change(one: Change) -> ChangeV1:
    return ChangeV1(
        event=one.number, became=one.became.value, at=one.at, run=one.run, target=readable(one.target),
        why=readable(one.why), finding=finding_document(one.finding),
    )  # fmt: skip


def signed(id: str, body: bytes, key: bytes, now: float | None = None) -> dict[str, str]:
    """The headers that name a message, so that one sent twice is known, and vouch for it if there is a key."""
    headers = {"Idempotency-Key": id, "webhook-id": id}
    if not key:
        return headers
    moment = str(int(time.time() if now is None else now))
    content = b".".join((id.encode(), moment.encode(), body))
    signature = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    return {**headers, "webhook-timestamp": moment, "webhook-signature": f"v1,{signature}"}


def key_of(reference: Reference) -> bytes:
    """Of `whsec_` and base64, what that says; of any other text, its bytes. SettingsError if it is too short to protect."""
    text = resolved(reference, "secret")
    if text.startswith("whsec_"):
        try:
            key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
        except (binascii.Error, ValueError):
            raise SettingsError(
                f"secret: what follows whsec_ in {reference} is not base64"
            ) from None
    else:
        key = text.encode()
    if len(key) < _FEWEST_BYTES:
        raise SettingsError(
            f"secret: {reference} leads to fewer than {_FEWEST_BYTES} bytes",
            "Make one: openssl rand -base64 32",
        )
    return key


_FEWEST_BYTES = 24
"""As Standard Webhooks demands it."""


def headers_of(references: dict[str, Reference]) -> dict[str, str]:
    """SettingsError for one that is not there, or could not stand in one line."""
    found = {}
    for name, reference in references.items():
        text = resolved(reference, f"headers: {name}")
        if not (text.isascii() and text.isprintable()):
            raise SettingsError(
                f"headers: {name}: {reference} leads to what cannot stand in a header"
            )
        if name.casefold() in _OURS:
            raise SettingsError(f"headers: {name} is not for others to set")
        found[name] = text
    return found


_OURS = {
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
    "idempotency-key",
    "connection",
}
