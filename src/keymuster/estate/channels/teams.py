"""Messages in Microsoft Teams, by the webhook of a workflow: an Adaptive Card, in which the words of others stay words."""

from __future__ import annotations

from threading import Event as Flag
from typing import Any, ClassVar, Literal

import msgspec
from msgspec.structs import replace

from keymuster.estate.channels import _words as words
from keymuster.estate.channels._http import Address, Post
from keymuster.estate.channels.base import Change, Message, Options, Undelivered
from keymuster.estate.credentials import Reference

_MOST_BYTES = 24_000
"""Teams takes 28 KB, and counts what it makes of them."""

_COLOURS = {"critical": "Attention", "high": "Attention", "medium": "Warning", "low": "Accent"}
_FAILED = "Webhook message delivery failed"
"""What the webhooks of connectors answered, with a status of 200."""


class TeamsOptions(Options, frozen=True, kw_only=True):
    """The `url` of a workflow that posts what it is sent, by reference. It is a secret."""

    kind: Literal["teams"] = "teams"
    url: Reference


class Teams:
    """One card for each notification, where the workflow posts it."""

    name: ClassVar[str] = "teams"
    options: ClassVar[type[Options]] = TeamsOptions
    takes_recipients: ClassVar[bool] = False
    one_by_one: ClassVar[bool] = False

    def __init__(self, options: TeamsOptions, stop: Flag) -> None:
        self._post = Post(Address(options.url, "url"), stop)

    def send(self, message: Message) -> None:
        answer = self._post.send(encoded(message), {"Idempotency-Key": message.key})
        if answer.startswith(_FAILED):
            raise Undelivered("Teams could not post it", refused="413" in answer)


def encoded(message: Message) -> bytes:
    """What the workflow is sent: with as many of the changes as fit."""
    while True:
        body = msgspec.json.encode(document(message))
        if len(body) <= _MOST_BYTES or not (message.changes or message.owners):
            return body
        message = replace(
            message, changes=message.changes[: len(message.changes) * 3 // 4],
            owners=message.owners[: len(message.owners) * 3 // 4],
        )  # fmt: skip


def document(message: Message) -> dict[str, Any]:
    body = [_text(f"keymuster: {words.headline(message)}", size="Medium", weight="Bolder")]
    for owner, changes in words.by_owner(message):
        name = words.shortened(owner, 200) or words.NOBODY
        body.append({**_text(name, weight="Bolder"), "separator": True})
        body += [_change(change) for change in changes]
    if rest := words.left_out(message):
        body.append({**_text(rest, isSubtle=True), "separator": True})
    if message.left_out:
        body += [_text(words.counted(one)) for one in message.owners]
    return {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.4",
                    "msteams": {"width": "Full"},
                    "body": body,
                },
            }
        ],
    }


def _change(change: Change) -> dict[str, Any]:
    finding = change.finding
    runs = [
        _run(f"{change.became} · {finding.severity}", weight="Bolder", color=_COLOURS.get(finding.severity, "Default")),
        _run(f" · {finding.rule}\n{words.shortened(words.title(change), 600)}\n"),
        _run(words.shortened(words.place(change), 400), fontType="Monospace", isSubtle=True),
    ]  # fmt: skip
    if why := words.why(change):
        runs.append(_run(f"\n{words.shortened(why, 300)}", italic=True))
    return {"type": "RichTextBlock", "inlines": runs}


def _text(text: str, **style: Any) -> dict[str, Any]:
    """A RichTextBlock, as a TextBlock would read its text as Markdown."""
    return {"type": "RichTextBlock", "inlines": [_run(text, **style)]}


def _run(text: str, **style: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **style}
