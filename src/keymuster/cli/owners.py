"""`keymuster owners`: who answers for each identity, by which signs, and for which nobody does."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import click
import msgspec
from msgspec.structs import replace

from keymuster.analysis.ownership.combination import LEFT, NAMED, NONE, Candidate
from keymuster.analysis.ownership.listing import Listed, owned, wanted
from keymuster.cli.codeowners_file import updated
from keymuster.cli.common_options import format_option, looking_options, services_of
from keymuster.cli.gathering import Looked, gathered
from keymuster.cli.output import stdout
from keymuster.collect.owners.directory import directory as read_directory
from keymuster.errors import SettingsError
from keymuster.report._owners import AnswerV1, CandidateV1, OwnedV1, OwnersV1, SignalV1
from keymuster.report.base import readable
from keymuster.settings import Settings


@click.command("owners")
@click.argument("paths", nargs=-1, type=click.Path())
@click.option("--orphans", is_flag=True, help="Only those that nobody answers for, or whose owner has left.")  # fmt: skip
@format_option
@click.option(
    "--write-codeowners",
    "write",
    is_flag=True,
    help="Write the owners of files that declare identities into CODEOWNERS, between two marks; the rest stays.",
)
@click.option(
    "--directory",
    metavar="FILE",
    type=click.Path(),
    help="Who works here: an export of Entra, Okta or Google Workspace in CSV.",
)
@click.option(
    "--blame/--no-blame",
    default=True,
    show_default=True,
    help="Ask git who wrote the lines that declare them.",
)
@looking_options
def command(
    paths: tuple[str, ...], orphans: bool, format_: str, write: bool, directory: str | None, blame: bool,
    config: str | None, jobs: int, machine: bool, **options: Any,
) -> int:  # fmt: skip
    """Who answers for the identities that PATHS (default: the folder you are in) and services tell of, how sure
    that is, and what says so: tags, CODEOWNERS, git blame, `.keymuster/owners.yaml`, the registry of agents,
    Backstage catalogues, owners and sponsors that services name, who created a thing. A directory says who is
    still there.

    Exit codes: 0 all was looked at; 2 could not run; 3 a part could not be looked at (standard error
    says which).

    \b
    Examples:
      keymuster owners
      keymuster owners --orphans --directory people.csv
      keymuster owners infra --service aws --format json
      keymuster owners --write-codeowners
    """
    if write and (machine or (options["services"] and not paths)):
        raise SettingsError("--write-codeowners needs files", "Name the folder of a repository.")

    if directory:
        read_directory(directory)  # what is wrong with it is better said before an hour of looking

    def changed(configured: Settings) -> Settings:
        chosen_file = os.path.abspath(directory) if directory else configured.owners.directory
        owners = replace(configured.owners, directory=chosen_file, blame=blame)
        return replace(configured, owners=owners)

    looked = gathered(
        paths, config, jobs, machine=machine, services=services_of(options), changed=changed
    )
    every = owned(looked.seen.inventory, looked.configured)
    shown = [looked.cleaned(one) for one in every if one.is_orphan or not orphans]
    with stdout() as out:
        if format_ == "json":
            out.write(msgspec.json.format(_json(shown), indent=2).decode() + "\n")
        else:
            for line in _lines(shown, len(every), orphans=orphans):
                out.write(line + "\n")
    if write:
        _write(looked, every)
    return looked.tell_troubles()


def _write(looked: Looked, every: Sequence[Listed]) -> None:
    if not looked.seen.complete:
        click.echo("CODEOWNERS: not written, as only a part was looked at", err=True)
        return
    root = looked.context.selection.root
    paths = (os.path.relpath(one, root) for one in looked.context.selection.paths or (root,))
    within = [path.replace(os.sep, "/") if path != os.curdir else "" for path in paths]
    asked = wanted(every, looked.seen.inventory, looked.configured, "")
    shown = looked.cleaned(asked)
    plain = [one for one in asked.lines if one in shown.lines]
    click.echo(updated(root, plain, within), err=True)
    for path, names in (one for one in shown.lines if one not in plain):
        line = readable(f"{path} {' '.join(names)}")
        click.echo(f"left out: {line}: a secret seems to stand in it", err=True)
    for name in shown.nameless:
        click.echo(
            f"left out: {readable(name)}: no login, team or address is known that CODEOWNERS takes", err=True
        )  # fmt: skip


# --- output --------------------------------------------------------------------------------------


def _json(every: Sequence[Listed]) -> bytes:
    told = OwnersV1(version=1, identities=[_owned(one) for one in every])
    return msgspec.json.encode(_encodable(msgspec.to_builtins(told)))


def _owned(one: Listed) -> OwnedV1:
    identity, said = one.identity, one.said
    return OwnedV1(
        id=identity.id, name=identity.name, kind=identity.kind.value, provider=identity.provider,
        account=identity.account, environment=one.environment, status=said.status, owner=said.name,  # type: ignore[arg-type]
        confidence=said.confidence, reason=said.reason, places=list(one.places),  # type: ignore[arg-type]
        candidates=[_candidate(candidate) for candidate in said.candidates],
    )  # fmt: skip


def _candidate(one: Candidate) -> CandidateV1:
    return CandidateV1(
        name=one.name, weight=round(one.weight, 2), active=_answer(one.active), why=one.why,
        signals=[
            SignalV1(
                candidate=sign.candidate, source=sign.source, weight=round(sign.weight, 2), at=sign.at,
                evidence=sign.evidence, place=str(sign.place) if sign.place else "",
            )
            for sign in one.signals
        ],
    )  # fmt: skip


def _answer(active: bool | None) -> AnswerV1:
    return "unknown" if active is None else "yes" if active else "no"


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


def _lines(shown: Sequence[Listed], all_: int, *, orphans: bool) -> Iterator[str]:
    for one in shown:
        identity, said = one.identity, one.said
        where = f", {one.environment}" if one.environment != "unknown" else ""
        yield f"{identity.kind.value} {readable(identity.name or identity.id)} ({identity.provider}{where})"
        yield f"    {_WORDS[said.status].format(readable(said.name))}{_sure(one)}"
        for candidate in said.candidates:
            gone = ", has left" if candidate.active is False else ""
            yield f"    {candidate.weight:.2f} {readable(candidate.name)}{gone}"
            for sign in candidate.signals:
                at = f" ({readable(str(sign.place))})" if sign.place else ""
                yield f"         {sign.source}: {readable(sign.evidence)}{at}"
        for place in one.places[:_MOST_PLACES]:
            yield f"    at {readable(place)}"
    if not shown and all_ and orphans:
        yield f"none of {all_}: somebody answers for each"
    elif not all_:
        yield "no identities"


_MOST_PLACES = 3
_WORDS = {
    NAMED: "owner: {0}",
    LEFT: "NOBODY: {0} has left",
    NONE: "NOBODY",
    "unknown": "not known: what may name an owner could not be read",
}


def _sure(one: Listed) -> str:
    said = one.said
    if said.status != NAMED:
        return ""
    reason = f"; {readable(said.reason)}" if said.reason else ""
    return f" ({said.confidence} confidence{reason})"
