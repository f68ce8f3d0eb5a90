"""Whom to tell of what: the part `notify` of estate.yaml."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event as Flag
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field
from msgspec.structs import replace

from keymuster import registry
from keymuster.errors import SettingsError
from keymuster.estate.channels.base import Channel
from keymuster.nearest import hint

Name = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]*$", max_length=60)]
Names = Name | tuple[Name, ...]


class Route(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The findings of an `owner` (a glob, whatever the case) in a `target` (a glob) go `to` these channels. A `recipient` is for
    those that can be told whom to write to."""

    to: Names
    owner: str = "*"
    target: str = "*"
    recipient: str = ""


class Notify(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first of the `routes` that fits a finding says who is told of it; if none does, `otherwise`. `always` are told of
    everything."""

    channels: dict[Name, dict[str, Any]] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    otherwise: Names = ()
    always: Names = ()


class Setting(Struct, frozen=True, kw_only=True):
    """One channel as settings have it, with the options of its kind. It was not opened yet: nothing that it refers to was
    read."""

    name: str
    part: type[Any]
    options: Any

    def opened(self, stop: Flag) -> Channel:
        """SettingsError if what it refers to is not there."""
        try:
            channel: Channel = self.part(self.options, stop)
        except SettingsError as error:
            raise SettingsError(f"channel {self.name}: {error.message}", error.advice()) from None
        return channel


def listed(names: Names) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names


def settings(said: Notify) -> dict[str, Setting]:
    """Every channel by its name; SettingsError for what is wrong, which never repeats a value."""
    for steps, problem, advice in problems(said):
        raise SettingsError(f"{'.'.join(map(str, steps))}: {problem}", advice)
    return {name: _setting(name, words) for name, words in said.channels.items()}


Problem = tuple[tuple[str | int, ...], str, str]
"""Where something is wrong, what, and what to do about it."""


def problems(said: Notify) -> Iterator[Problem]:
    """Of what the form of the file does not tell. The options of channels are looked at last, as the others say more."""
    kinds = registry.names("channel")
    for name, words in said.channels.items():
        if (kind := words.get("kind")) not in kinds:
            told = hint(kind, kinds) if isinstance(kind, str) else f"; there are {', '.join(kinds)}"
            yield (
                ("notify", "channels", name, "kind"),
                f"there is no such sort of channel{told}",
                "",
            )
            return
    used: set[str] = set()
    for steps, names, recipient in _named(said):
        for name in names:
            if name not in said.channels:
                yield steps, f"there is no channel `{name}`{hint(name, said.channels)}", ""
            elif problem := _wrong_recipient(said.channels[name], recipient):
                yield steps, f"channel {name} {problem[0]}", problem[1]
        used.update(names)
    for name in sorted({*said.channels} - used):
        advice = "Name it in a route, in `otherwise` or in `always`."
        yield ("notify", "channels", name), "it is never told of anything", advice


def _named(said: Notify) -> Iterator[tuple[tuple[str | int, ...], tuple[str, ...], str]]:
    for at, route in enumerate(said.routes):
        yield ("notify", "routes", at), listed(route.to), route.recipient
    yield ("notify", "otherwise"), listed(said.otherwise), ""
    yield ("notify", "always"), listed(said.always), ""


def _wrong_recipient(words: dict[str, Any], recipient: str) -> tuple[str, str] | None:
    from keymuster.estate.channels.email import is_address

    if not registry.part("channel", words["kind"]).takes_recipients:
        return ("cannot be told whom to write to", "") if recipient else None
    if recipient and not is_address(recipient):
        return "can write to one address, and `recipient` is none", ""
    if not recipient and not words.get("to"):
        advice = "Say it in `to` of the channel, or in `recipient` of each route."
        return "does not know whom to write to", advice
    return None


def _setting(name: str, words: dict[str, Any]) -> Setting:
    part = registry.part("channel", words["kind"])
    return Setting(
        name=name, part=part, options=_converted(words, part.options, f"notify.channels.{name}")
    )


def _converted(words: dict[str, Any], type: type[Struct], place: str) -> Any:
    try:
        return msgspec.convert(words, type)
    except msgspec.ValidationError as error:
        problem, _, at = str(error).partition(" - at `$")
        inner = at.rstrip("`")
        if problem.startswith("Invalid enum value"):  # it repeats the value
            problem = "it is none of what it may be"
        elif "unknown field" in problem:
            unknown = problem.split("`")[1]
            problem = f"there is no `{unknown}` here{hint(unknown, type.__struct_encode_fields__)}"
        elif problem.startswith("Expected `object`, got `str`"):
            problem = (
                "it is named by reference, never written here: `{env: NAME}` or `{file: PATH}`"
            )
        raise SettingsError(f"{place}{inner}: {problem}") from None


_REFERENCES = ("url", "secret", "user", "password")


def with_files(said: Notify, here: Callable[[str], str]) -> Notify:
    """The same with files where they are, in the words of the file: whatever a channel sends, stays."""

    def moved(key: str, value: Any) -> Any:
        match value:
            case str() if key == "ca":
                return here(value)
            case {"file": str(file)} if key in _REFERENCES:
                return {**value, "file": here(file)}
            case dict() if key in ("headers", "secrets"):
                return {name: moved("url", one) for name, one in value.items()}
        return value

    channels = {
        name: {key: moved(key, value) for key, value in words.items()}
        for name, words in said.channels.items()
    }
    return replace(said, channels=channels)
