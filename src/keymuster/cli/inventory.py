"""`keymuster inventory`: the roll itself, before anybody judges it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import click
import msgspec

from keymuster import registry, settings_file
from keymuster.cli.gathering import gathered, machine_option
from keymuster.cli.output import stdout
from keymuster.cli.service_options import chosen, service_options
from keymuster.errors import SettingsError
from keymuster.inventory.build import Inventory
from keymuster.inventory.facts import STEPS
from keymuster.model import (
    Credential,
    Grant,
    Identity,
    Resource,
    Trust,
    Use,
)
from keymuster.report.base import readable

_KINDS: dict[str, type[Any]] = {
    "identity": Identity,
    "credential": Credential,
    "grant": Grant,
    "trust": Trust,
    "use": Use,
    "resource": Resource,
}


@click.group("inventory")
def command() -> None:
    """List identities, credentials and what they may do.

    \b
    Examples:
      keymuster inventory list                     the identities of this repository
      keymuster inventory list --kind credential   its credentials, never their text
      keymuster inventory list --format json       everything, for other programs
      keymuster inventory list --service aws       the identities of an account
    """


@command.command("list")
@click.argument("paths", nargs=-1, type=click.Path())
@click.option(
    "--kind",
    "kinds",
    type=click.Choice([*_KINDS]),
    multiple=True,
    help="Only records of this kind; repeatable.  [default: identity; with JSON all]",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or for other programs.",
)
@click.option(
    "--config",
    metavar="FILE",
    type=click.Path(),
    help=f"The settings file, instead of the nearest {settings_file.FILE}.",
)
@click.option("--jobs", type=click.IntRange(0), default=0, metavar="N", help="Processes to use.")
@machine_option
@click.option(
    "--service",
    "services",
    type=click.Choice(registry.names("service")),
    multiple=True,
    help="What a service says through its API, with the credentials that its SDK finds; repeatable. Without PATHS, no files are read.",
)
@service_options
def list_(
    paths: tuple[str, ...], kinds: tuple[str, ...], format_: str, config: str | None, jobs: int,
    machine: bool, **options: Any,
) -> int:  # fmt: skip
    """What PATHS (default: the folder you are in) declare or hold.

    Exit codes: 0 all was looked at; 2 could not run; 3 a part could not be looked at (standard error
    says which).

    \b
    Examples:
      keymuster inventory list infra .github
      keymuster inventory list --kind trust
      keymuster inventory list --service aws --regions eu-west-1 --kind credential
    """
    if options["profile"] is not None and not options["services"]:
        raise SettingsError("--profile needs --service")
    looked = gathered(paths, config, jobs, machine=machine, services=chosen(options))
    wanted = kinds or (("identity",) if format_ == "text" else (*_KINDS,))
    records = [one for kind in wanted for one in looked.shown.of(_KINDS[kind])]
    with stdout() as out:
        if format_ == "json":
            out.write(msgspec.json.format(_json(records, looked.shown), indent=2).decode() + "\n")
        else:
            for line in _lines(records, looked.shown):
                out.write(line + "\n")
    return looked.tell_troubles()


def _json(records: Iterable[Any], inventory: Inventory) -> bytes:
    """Records with what follows from them. File names that are not UTF-8 are escaped."""
    plain = [{**_plain(one), "facts": inventory.facts.get(one.id, {})} for one in records]
    return msgspec.json.encode(_encodable(plain))


def _plain(one: Any) -> dict[str, Any]:
    """A record as plain data. The settings of a resource are what a file says, passwords and all: of
    them only which there are, and what is on or off."""
    told: dict[str, Any] = msgspec.to_builtins(one)
    if isinstance(one, Resource):
        told["settings"] = _shape(one.settings)
        told["looked_at"] = _is_looked_at(one)
    return told


def _shape(value: Any) -> Any:
    """A value with `****` in the place of texts and numbers."""
    match value:
        case dict():
            return {key: _shape(one) for key, one in value.items()}
        case list() | tuple():
            return [_shape(one) for one in value]
        case bool() | None:
            return value
        case _:
            return "****"


def _is_looked_at(one: Resource) -> bool:
    return one.settings.get("looked_at") != "no"


def _encodable(value: Any) -> Any:
    match value:
        case str():
            return readable(value)
        case dict():
            return {_encodable(key): _encodable(one) for key, one in value.items()}
        case list() | tuple():
            return [_encodable(one) for one in value]
        case _:
            return value


def _lines(records: Iterable[Any], inventory: Inventory) -> Iterator[str]:
    for one in records:
        yield f"{_what(one):<18} {readable(_title(one))}"
        for name, value in _details(one, inventory):
            yield f"    {name}: {readable(value)}"


def _what(one: Any) -> str:
    kind = getattr(one, "kind", "") or getattr(one, "type", "")
    return str(getattr(kind, "value", kind))


def _title(one: Any) -> str:
    match one:
        case Grant():
            return f"{one.identity} {one.effect.value} {' '.join(one.actions or (one.via,))}"
        case Trust():
            return f"{one.identity} from {one.principal}"
        case Use():
            return f"{one.subject} by {one.by}"
        case _:
            return str(one.name)


def _details(one: Any, inventory: Inventory) -> Iterator[tuple[str, str]]:
    """What there is to say; the evidence of facts is for reports."""
    yield "id", one.id
    if isinstance(one, Identity):
        yield "credentials", str(len(inventory.credentials(one.id)))
        if trusts := inventory.trusts(one.id):
            yield "trusts", ", ".join(trust.principal for trust in trusts)
    if isinstance(one, Resource) and not _is_looked_at(one):
        yield "looked at", "no: it does not lie here"
    for name, value in inventory.facts.get(one.id, {}).items():
        if not value or name == STEPS:
            continue
        yield name, ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    for place in dict.fromkeys(sighting.location for sighting in inventory.sightings(one)):
        yield "at", str(place)
