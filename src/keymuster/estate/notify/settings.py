"""Whom to tell of what: the part `notify` of estate.yaml."""

from __future__ import annotations

from threading import Event as Flag
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

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

    channels: dict[Name, dict[str, Any]] = {}
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
    found = {name: _setting(name, words) for name, words in said.channels.items()}
    used: set[str] = set()
    places = [(f"routes[{at}]", listed(one.to)) for at, one in enumerate(said.routes)]
    places += [("otherwise", listed(said.otherwise)), ("always", listed(said.always))]
    for place, names in places:
        for name in names:
            if name not in found:
                raise SettingsError(
                    f"notify.{place}: there is no channel `{name}`{hint(name, found)}"
                )
        used.update(names)
    for at, route in enumerate(said.routes):
        _check_recipient(f"notify.routes[{at}]", route, found)
    for place, names in places:
        written = place.startswith("routes") and said.routes[int(place[7:-1])].recipient
        for name in names:
            if found[name].part.takes_recipients and not written and not found[name].options.to:
                raise SettingsError(
                    f"notify.{place}: channel {name} does not know whom to write to",
                    "Say it in `to` of the channel, or in `recipient` of each route.",
                )
    if idle := sorted({*found} - used):
        raise SettingsError(
            f"notify.channels.{idle[0]}: it is never told of anything",
            "Name it in a route, in `otherwise` or in `always`.",
        )
    return found


def _setting(name: str, words: dict[str, Any]) -> Setting:
    place = f"notify.channels.{name}"
    kinds = registry.names("channel")
    kind = words.get("kind")
    if kind not in kinds:
        told = hint(kind, kinds) if isinstance(kind, str) else f"; there are {', '.join(kinds)}"
        raise SettingsError(f"{place}: `kind` must say what sort of channel it is{told}")
    part = registry.part("channel", kind)
    return Setting(name=name, part=part, options=_converted(words, part.options, place))


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


def _check_recipient(place: str, route: Route, channels: dict[str, Setting]) -> None:
    from keymuster.estate.channels.email import is_address

    if not route.recipient:
        return
    deaf = [name for name in listed(route.to) if not channels[name].part.takes_recipients]
    if deaf:
        raise SettingsError(f"{place}: channel {deaf[0]} cannot be told whom to write to")
    if not is_address(route.recipient):
        raise SettingsError(f"{place}: recipient is not one address")
