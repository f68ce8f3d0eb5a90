"""Issue trackers and the like, by their webhook: one request opens, updates or closes the issue of one finding. What the
body says is a template."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from threading import Event as Flag
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta, field

from keymuster.errors import SettingsError
from keymuster.estate.channels import _words as words
from keymuster.estate.channels._http import Address, Post
from keymuster.estate.channels._secrets import resolved
from keymuster.estate.channels.base import Became, Change, Message, Options
from keymuster.estate.channels.webhook import headers_of
from keymuster.estate.credentials import Reference
from keymuster.model import FileLocation
from keymuster.nearest import hint
from keymuster.report.base import readable

Action = Literal["open", "update", "close"]


class TrackerOptions(Options, frozen=True, kw_only=True):
    """The `url` and `headers` by reference, and what is sent: `open`, `update` and `close` are JSON with fields in braces
    (`"{title}"`). What is not said is as for `open`. `words` are what the receiver calls the actions, `secrets` are
    further fields."""

    kind: Literal["tracker"] = "tracker"
    url: Reference
    method: Literal["POST", "PUT"] = "POST"
    headers: dict[Annotated[str, Meta(pattern="^[A-Za-z0-9-]+$")], Reference] = field(
        default_factory=dict
    )
    open: dict[str, Any] | None = None
    update: dict[str, Any] | None = None
    close: dict[str, Any] | None = None
    words: dict[Action, str] = field(default_factory=dict)
    secrets: dict[Annotated[str, Meta(pattern="^[a-z_]+$")], Reference] = field(
        default_factory=dict
    )


class Tracker:
    """One request for each change. The key of an issue is the same as long as its finding is."""

    name: ClassVar[str] = "tracker"
    options: ClassVar[type[Options]] = TrackerOptions
    takes_recipients: ClassVar[bool] = False
    one_by_one: ClassVar[bool] = True

    def __init__(self, options: TrackerOptions, stop: Flag) -> None:
        self._options = options
        self._headers = headers_of(options.headers)
        self._secrets = {
            name: resolved(one, f"secrets: {name}") for name, one in options.secrets.items()
        }
        opening = options.open or _OURS
        self._bodies = {
            "open": opening,
            "update": options.update or opening,
            "close": options.close or opening,
        }
        known = (*FIELDS, *self._secrets)
        if shadowed := sorted({*self._secrets} & {*FIELDS}):
            raise SettingsError(f"secrets: {shadowed[0]} is a field already", "Call it otherwise.")
        for name in {used for body in self._bodies.values() for used in _names(body)}:
            if name not in known:
                raise SettingsError(f"there is no field {{{name}}}{hint(name, known)}")
        self._post = Post(Address(options.url, "url"), stop)

    def send(self, message: Message) -> None:
        action = action_of(message)
        values = fields(message, self._options.words.get(action, action))
        body = filled(self._bodies[action], {**values, **self._secrets})
        headers = {**self._headers, "Idempotency-Key": message.key}
        self._post.send(msgspec.json.encode(body), headers, self._options.method)


_OURS = {
    "version": 1,
    "action": "{action}",
    "key": "{key}",
    "title": "{title} in {target}",
    "description": "{text}",
    "severity": "{severity}",
    "state": "{state}",
    "owner": "{owner}",
    "labels": "{labels}",
    "test": "{test}",
}
"""What is sent if the settings say nothing of it."""


def action_of(message: Message) -> Action:
    """What becomes of an issue. Of many changes that are told at once, there is one that is opened."""
    if len(message.changes) != 1 or message.total != 1:
        return "open"
    became = message.changes[0].became
    if became in (Became.RESOLVED, Became.ACCEPTED):
        return "close"
    return "update" if message.told_before and became is not Became.REOPENED else "open"


FIELDS: dict[str, Callable[[Change], Any]] = {
    "key": lambda one: "",
    "title": lambda one: words.shortened(words.title(one), 250),
    "text": lambda one: "\n".join(_text(one)),
    "severity": lambda one: one.finding.severity.value,
    "confidence": lambda one: one.finding.confidence.value,
    "state": lambda one: one.became.value,
    "why": words.why,
    "rule": lambda one: one.finding.rule,
    "policy": lambda one: one.finding.policy,
    "nhi": lambda one: [category.value for category in one.finding.nhi],
    "labels": lambda one: ["keymuster", *(category.value for category in one.finding.nhi)],
    "owner": lambda one: words.owner_of(one.finding),
    "target": lambda one: readable(one.target),
    "place": words.place,
    "path": lambda one: _path(one),
    "remediation": words.remedy,
    "id": lambda one: one.finding.id,
    "run": lambda one: one.run,
    "at": lambda one: one.at.isoformat(),
    "action": lambda one: "",
    "test": lambda one: False,
}
"""Name -> what stands for it in a template. `key`, `action` and `test` are of the message."""


def fields(message: Message, action: str) -> dict[str, Any]:
    about = message.about.rpartition("/")[2] or message.key
    said = {"key": f"keymuster-{about}", "action": action, "test": message.is_test}
    if message.changes:
        return {name: value(message.changes[0]) for name, value in FIELDS.items()} | said
    headline = words.headline(message)
    counts = "\n".join(words.counted(one) for one in message.owners)
    return {
        **dict.fromkeys(FIELDS, ""), "target": "the estate", "title": f"keymuster: {headline}",
        "text": f"{headline}\n\n{counts}", "severity": words.gravest(message).value, "nhi": [],
        "labels": ["keymuster"], "at": message.at.isoformat(), "run": 0, **said,
    }  # fmt: skip


def _text(change: Change) -> Iterator[str]:
    yield words.title(change)
    yield ""
    yield f"Where: {words.place(change)}"
    yield f"Rule: {change.finding.rule} ({', '.join(one.value for one in change.finding.nhi)})"
    yield f"Owner: {words.owner_of(change.finding) or words.NOBODY}"
    if why := words.why(change):
        yield f"Why it is told: {why}"
    if what := words.remedy(change):
        yield ""
        yield f"What to do: {what}"


def _path(change: Change) -> str:
    place = change.finding.places[0]
    return readable(place.name if isinstance(place, FileLocation) else place.resource)


# --- templates -----------------------------------------------------------------------------------

_FIELD = re.compile(r"\{([a-z_]+)\}")


def filled(template: Any, values: dict[str, Any]) -> Any:
    """A template with its fields filled in. A text that is one field and nothing else becomes its value, whatever that is.
    Values are not looked at again: braces in them stay."""
    match template:
        case str():
            if whole := _FIELD.fullmatch(template):
                return values[whole[1]]
            return _FIELD.sub(lambda found: _as_text(values[found[1]]), template)
        case dict():
            return {key: filled(value, values) for key, value in template.items()}
        case list():
            return [filled(value, values) for value in template]
    return template


def _as_text(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def _names(template: Any) -> Iterator[str]:
    match template:
        case str():
            yield from _FIELD.findall(template)
        case dict():
            for value in template.values():
                yield from _names(value)
        case list():
            for value in template:
                yield from _names(value)
