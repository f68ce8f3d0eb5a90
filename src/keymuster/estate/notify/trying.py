"""A made-up message, to see that a channel is set up right."""

from __future__ import annotations

from datetime import datetime
from threading import Event as Flag

from msgspec.structs import replace

from keymuster.errors import SettingsError
from keymuster.estate.channels.base import Became, Change, Message, Undelivered
from keymuster.estate.notify.gathering import Gathering
from keymuster.estate.notify.settings import Notify, Setting, listed, settings
from keymuster.model import Confidence, FileLocation, Finding, Nhi, Owner, Severity, Trouble
from keymuster.nearest import hint


def tried(said: Notify, name: str, now: datetime, recipient: str = "") -> list[Trouble]:
    """Send it, whatever the filter of the channel says. SettingsError if there is no such channel, or it cannot be opened."""
    found = settings(said)
    if name not in found:
        others = hint(name, found) if found else "; it names none under `notify: channels:`"
        raise SettingsError(f"there is no channel `{name}` in estate.yaml{others}")
    setting = found[name]
    whom = recipient or _recipient(said, setting)
    try:
        setting.opened(Flag()).send(made(name, whom, now))
    except Undelivered as error:
        text = f"the test message did not arrive: {error.why}"
        return [Trouble(part="notify", scope=f"channel {name}", message=text, advice=error.advice)]
    return []


def _recipient(said: Notify, setting: Setting) -> str:
    """Whom a channel writes to first."""
    if not setting.part.takes_recipients:
        return ""
    named = [
        one.recipient for one in said.routes if one.recipient and setting.name in listed(one.to)
    ]
    return next(iter((*setting.options.to, *named)), "")


def made(channel: str, recipient: str, now: datetime) -> Message:
    """It has a key of its own each time: nobody takes it for one that was sent before."""
    one = Finding(
        id="test", rule="test", policy="test", nhi=(Nhi.SECRET_LEAKAGE,), severity=Severity.INFO,
        confidence=Confidence.HIGH, subject="test", message="This is a test. Nothing was found.",
        places=(FileLocation(path="test.txt"),), owner=Owner(name="test", source="test"),
        remediation="Nothing has to be done.",
    )  # fmt: skip
    gathered = Gathering(1)
    gathered.add(Change(number=0, became=Became.NEW, at=now, run=0, target="test", finding=one))
    message = gathered.message(channel, recipient, now)
    return replace(message, is_test=True, key=f"test-{int(now.timestamp() * 1000):x}")
