"""Messages in Slack, by an incoming webhook: Block Kit, in which the words of others stay words."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event as Flag
from typing import Any, ClassVar, Literal

import msgspec

from keymuster.estate.channels import _words as words
from keymuster.estate.channels._http import Address, Post
from keymuster.estate.channels.base import Change, Message, Options
from keymuster.estate.credentials import Reference

_MOST_BLOCKS = 48  # of 50
_MOST_CHARACTERS = 2900  # of 3000, in one section
_SIGNS = {
    "critical": ":red_circle:",
    "high": ":large_orange_circle:",
    "medium": ":large_yellow_circle:",
    "low": ":large_blue_circle:",
    "info": ":white_circle:",
}


class SlackOptions(Options, frozen=True, kw_only=True):
    """The `url` of an incoming webhook, by reference. It is a secret."""

    kind: Literal["slack"] = "slack"
    url: Reference


class Slack:
    """One message for each notification, in the channel that the webhook belongs to."""

    name: ClassVar[str] = "slack"
    options: ClassVar[type[Options]] = SlackOptions
    takes_recipients: ClassVar[bool] = False
    one_by_one: ClassVar[bool] = False

    def __init__(self, options: SlackOptions, stop: Flag) -> None:
        self._post = Post(Address(options.url, "url"), stop)

    def send(self, message: Message) -> None:
        self._post.send(msgspec.json.encode(document(message)), {"Idempotency-Key": message.key})


def document(message: Message) -> dict[str, Any]:
    """What the webhook is sent."""
    headline = f"keymuster: {words.headline(message)}"
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": words.shortened(headline, 150), "emoji": False}},
        *_sections(message),
    ]  # fmt: skip
    kept = blocks[:_MOST_BLOCKS]
    if len(kept) < len(blocks):
        kept.append(_section("_… and more than fits into a message._"))
    return {
        "text": escaped(words.shortened(headline, 1000)),
        "blocks": kept,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _sections(message: Message) -> Iterator[dict[str, Any]]:
    for owner, changes in words.by_owner(message):
        yield {"type": "divider"}
        name = escaped(words.shortened(owner, 200))
        yield _section(f"*{name}*" if owner else f"_{words.NOBODY}_")
        for change in changes:
            yield _section(_line(change))
    if rest := words.left_out(message):
        yield {"type": "divider"}
        yield _section(f"_{rest}_")
    if message.left_out and message.owners:
        counts = "\n".join(f"• {escaped(words.counted(one))}" for one in message.owners)
        yield _section(counts)


def _line(change: Change) -> str:
    """The sort of change and how grave it is, what it is, where, and why it is told."""
    finding = change.finding
    said = [
        f"{_SIGNS[finding.severity]} *{change.became}* · {finding.severity} · {escaped(finding.rule)}",
        escaped(words.shortened(words.title(change), 600)),
        f"`{_as_code(words.shortened(words.place(change), 400))}`",
    ]
    if why := words.why(change):
        said.append(f"_{escaped(words.shortened(why, 300))}_")
    return "\n".join(said)


def _section(text: str) -> dict[str, Any]:
    """`verbatim`: Slack makes no links and no mentions of what only looks like one."""
    shown = words.shortened(text, _MOST_CHARACTERS)
    return {"type": "section", "text": {"type": "mrkdwn", "text": shown, "verbatim": True}}


def escaped(text: str) -> str:
    """Text as Slack wants it, in which nothing is a mention, a link or a command: those begin with `<`."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _as_code(text: str) -> str:
    return escaped(text).replace("`", "'")
