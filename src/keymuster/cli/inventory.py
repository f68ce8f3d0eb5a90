"""`keymuster inventory`: the roll itself, before anybody judges it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import click
import msgspec

from keymuster import registry
from keymuster.cli.common_options import format_option, looking_options, services_of
from keymuster.cli.gathering import Looked, gathered
from keymuster.cli.importing import import_option
from keymuster.cli.output import replacing, stdout
from keymuster.collect.imported import imported
from keymuster.errors import SettingsError
from keymuster.evaluate.evidence import of_facts
from keymuster.evaluate.filters import Filter, named
from keymuster.export._record import Evidence, RecordV1, record
from keymuster.export._shape import shape
from keymuster.export.base import Export
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
from keymuster.report._steps import of_path
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
    """List identities, credentials and what they may do, show one of them, export all.

    \b
    Examples:
      keymuster inventory list                     the identities of this repository
      keymuster inventory list --kind credential   its credentials, never their text
      keymuster inventory list --where "identity.privilege == 'admin'"
      keymuster inventory show arn:aws:iam::111122223333:role/ci
      keymuster inventory export --format cyclonedx -o inventory.cdx.json
    """


_history_option = click.option(
    "--history",
    is_flag=True,
    help="The credentials in every file version of every commit of the repository, instead of the working tree.",
)


def _looked(
    paths: tuple[str, ...], *, config: str | None, jobs: int, machine: bool, history: bool,
    imports: tuple[str, ...], **options: Any,
) -> Looked:  # fmt: skip
    return gathered(
        paths, config, jobs, machine=machine, services=services_of(options), history=history,
        imports=(lambda context: imported(imports, context)) if imports else None,
    )  # fmt: skip


@command.command("list")
@click.argument("paths", nargs=-1, type=click.Path())
@click.option(
    "--kind",
    "kinds",
    type=click.Choice([*_KINDS]),
    multiple=True,
    help="Only records of this kind; repeatable.  [default: what --where names, or identity; with JSON all]",
)
@click.option(
    "--where",
    metavar="CEL",
    help="Only records that this holds for. It names the same fields as policies do (docs/writing-rules.md): identity.privilege, credential.in_tree, or record.name for any kind.",
)
@format_option
@_history_option
@import_option
@looking_options
def list_(
    paths: tuple[str, ...], kinds: tuple[str, ...], where: str | None, format_: str, **options: Any
) -> int:
    """What PATHS (default: the folder you are in) declare or hold, each kind in order of the ids.

    Exit codes: 0 all was looked at; 2 could not run; 3 a part could not be looked at (standard error
    says which).

    \b
    Examples:
      keymuster inventory list infra .github
      keymuster inventory list --kind trust
      keymuster inventory list --history --where "credential.only_in_history && !credential.expired"
      keymuster inventory list --kind identity --kind resource --where "record.name.contains('ci')"
      keymuster inventory list --service aws --regions eu-west-1 --kind credential
    """
    wanted = kinds or (where and tuple(named(where, _KINDS)))
    wanted = wanted or (("identity",) if format_ == "text" else (*_KINDS,))
    looked = _looked(paths, **options)
    records = [one for kind in _KINDS if kind in wanted for one in _sorted(kind, looked.shown)]
    if where is not None:
        records = _filtered(records, where, wanted, looked)
    with stdout() as out:
        if format_ == "json":
            out.write(msgspec.json.format(_json(records, looked.shown), indent=2).decode() + "\n")
        else:
            for line in _lines(records, looked.shown):
                out.write(line + "\n")
    return looked.tell_troubles()


def _sorted(kind: str, inventory: Inventory) -> list[Any]:
    return sorted(inventory.of(_KINDS[kind]), key=lambda one: str(one.id))


def _filtered(
    records: Iterable[Any], where: str, kinds: tuple[str, ...], looked: Looked
) -> list[Any]:
    """Those that the condition holds for. Of how many it cannot be said is told."""
    condition = Filter(where, kinds, looked.configured.limits)  # type: ignore[arg-type]
    words = {type: word for word, type in _KINDS.items()}
    now, found, open_ = datetime.now(UTC), [], 0
    for one in records:
        kind: Any = words[type(one)]
        answer = condition.holds(kind, one, looked.shown, now)
        if answer:
            found.append(one)
        open_ += answer is None
    if open_:
        click.echo(f"not decided: {open_} more, of which something is not known", err=True)
    return found


@command.command("show")
@click.argument("id")
@click.argument("paths", nargs=-1, type=click.Path())
@format_option
@_history_option
@import_option
@looking_options
def show(id: str, paths: tuple[str, ...], format_: str, **options: Any) -> int:
    """One record of PATHS (default: the folder you are in), by its id, its name or the beginning of its id,
    with every place, all that it is linked to, and what follows from it and why.

    Exit codes: 0 shown; 2 could not run, or there is none; 3 a part could not be looked at.

    \b
    Examples:
      keymuster inventory show arn:aws:iam::111122223333:role/ci
      keymuster inventory show deploy infra --format json
    """
    looked = _looked(paths, **options)
    one = _the_one(id, looked.shown)
    evidence = of_facts(one, looked.shown)
    document = record(one, looked.shown, evidence)
    with stdout() as out:
        if format_ == "json":
            encoded = msgspec.json.encode(document)
            out.write(msgspec.json.format(encoded, indent=2).decode() + "\n")
        else:
            for line in _page(document, evidence):
                out.write(line + "\n")
    return looked.tell_troubles()


def _the_one(id: str, inventory: Inventory) -> Any:
    """The record of this id; or else the only one of this name, or whose id begins so."""
    records = {one.id: one for kind in _KINDS for one in _sorted(kind, inventory)}
    if id in records:
        return records[id]
    named_so = [one for one in records.values() if id in _names(one)]
    for several in (named_so, [one for key, one in records.items() if key.startswith(id)]):
        if len(several) == 1:
            return several[0]
        if several:
            ids = ", ".join(readable(one.id) for one in several[:_MOST])
            more = f" and {len(several) - _MOST} more" if len(several) > _MOST else ""
            raise SettingsError(
                f"{len(several)} records are called so: {ids}{more}", "Write one of their ids."
            )
    from difflib import get_close_matches

    every = {name: key for key, one in records.items() for name in (*_names(one), key)}
    close = dict.fromkeys(every[name] for name in get_close_matches(id, every, n=_MOST))
    raise SettingsError(
        f"there is no record `{readable(id)}`",
        f"Did you mean {', '.join(map(readable, close))}?"
        if close
        else "`keymuster inventory list --format json` has all ids.",
    )


_MOST = 5


def _names(one: Any) -> tuple[str, ...]:
    return tuple(filter(None, (getattr(one, "name", ""), *getattr(one, "aliases", ()))))


def _page(document: RecordV1, evidence: Evidence) -> Iterator[str]:
    said = document.record
    yield f"{document.is_} {said.get('name') or said['id']}"
    for name, value in said.items():
        if name in ("name", "facts", "places", "credentials", "grants", "trusts", "uses"):
            continue
        if value not in ("", None, [], {}):
            yield f"  {name.replace('_', ' ')}: {_in_words(value)}"
    yield "places"
    yield from (f"  {_place(one)}" for one in said["places"])
    if document.links:
        yield "links"
    for link in document.links:
        what = " ".join(filter(None, (link.kind, link.name)))
        yield f"  {link.link}: {link.id}{f' ({what})' if what else ''}"
    if said["facts"]:
        yield "facts"
    for name, value in said["facts"].items():
        yield f"  {name}: {_in_words(value)}"
        for path in evidence.get(name, ()):
            yield from (f"      {line}" for line in of_path(path))


def _in_words(value: Any) -> str:
    match value:
        case list():
            return ", ".join(map(_in_words, value))
        case dict():
            return ", ".join(f"{name}={_in_words(one)}" for name, one in value.items())
        case bool():
            return "yes" if value else "no"
        case _:
            return readable(str(value))


def _place(one: dict[str, Any]) -> str:
    if "service" in one:
        return f"{one['service']}://{one['account']}/{one['resource']}"
    member = f"!/{one['member']}" if one.get("member") else ""
    commit = f" in {one['commit'][:10]}" if one.get("commit") else ""
    return f"{one['path']}{member}:{one['line']}{commit}"


@command.command("export")
@click.argument("paths", nargs=-1, type=click.Path())
@click.option(
    "--format",
    "format_",
    type=click.Choice(registry.names("export")),
    default="json",
    show_default=True,
    help="json is keymuster's own (docs/schemas/inventory-v1.json), csv a table, cyclonedx CycloneDX 1.7, ocsf OCSF 1.8.0.",
)
@click.option(
    "-o", "--output", "file", metavar="FILE", type=click.Path(), help="Instead of standard output."
)
@click.option(
    "--at",
    metavar="TIME",
    help="The time to write into it: `now`, or as 2026-01-31T12:00:00Z. Without one, the same inventory gives the same bytes.",
)
@_history_option
@import_option
@looking_options
def export(
    paths: tuple[str, ...], format_: str, file: str | None, at: str | None, **options: Any
) -> int:
    """Write the whole inventory of PATHS (default: the folder you are in) for other programs, never the text
    of a secret.

    Exit codes: 0 all was looked at; 2 could not run; 3 a part could not be looked at (standard error
    says which).

    \b
    Examples:
      keymuster inventory export > inventory.json
      keymuster inventory export --format csv -o inventory.csv
      keymuster inventory export --format ocsf --at now -o inventory.ocsf.json
    """
    moment = _moment(at)
    looked = _looked(paths, **options)
    if file and not looked.seen.complete:
        click.echo(f"{file}: not written, as only a part was looked at", err=True)
        return looked.tell_troubles()
    written: Export = registry.part("export", format_)(moment)
    with replacing(file, newline="") if file else stdout() as out:
        written.write(looked.shown, out)
    return looked.tell_troubles()


def _moment(at: str | None) -> datetime | None:
    if at is None:
        return None
    if at == "now":
        return datetime.now(UTC).replace(microsecond=0)
    try:
        said = datetime.fromisoformat(at)
    except ValueError:
        raise SettingsError(
            f"--at {at}: no time", "Write `now`, or as 2026-01-31T12:00:00Z."
        ) from None
    return said if said.tzinfo else said.replace(tzinfo=UTC)


def _json(records: Iterable[Any], inventory: Inventory) -> bytes:
    """Records with what follows from them. File names that are not UTF-8 are escaped."""
    plain = [{**_plain(one), "facts": inventory.facts.get(one.id, {})} for one in records]
    return msgspec.json.encode(_encodable(plain))


def _plain(one: Any) -> dict[str, Any]:
    """A record as plain data. The settings of a resource are what a file says, passwords and all: of
    them only which there are, and what is on or off."""
    told: dict[str, Any] = msgspec.to_builtins(one)
    if isinstance(one, Resource):
        told["settings"] = shape(one.settings)
        told["looked_at"] = _is_looked_at(one)
    return told


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
