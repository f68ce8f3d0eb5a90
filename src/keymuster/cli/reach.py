"""`keymuster reach`: who gets from where to what, by which path, and what to cut."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

import click
import msgspec

from keymuster.analysis.reach import entries, jewels
from keymuster.analysis.reach.answer import Answer, answer
from keymuster.analysis.reach.graph import Basis, Node
from keymuster.analysis.reach.told import Step, step, steps, undecided_trusts
from keymuster.cli.common_options import format_option, looking_options, services_of
from keymuster.cli.gathering import gathered
from keymuster.cli.output import stdout
from keymuster.report._reach import (
    CutV1,
    EntryV1,
    EntryWordV1,
    EvidenceV1,
    JewelV1,
    JewelWordV1,
    NodeV1,
    PathV1,
    ReachV1,
    StepV1,
)
from keymuster.report.base import readable

_MOST_PATHS = 10


@click.command("reach")
@click.argument("words", nargs=-1, metavar="[ID] [PATHS]...")
@click.option(
    "--from",
    "starts",
    multiple=True,
    metavar="WHO",
    help=f"Where to begin: {', '.join(entries.WORDS)}, an id, an alias, a name or a glob; repeatable.  [default: all of these words]",
)
@click.option(
    "--to",
    "goals",
    multiple=True,
    metavar="WHAT",
    help=f"Where to get to: {', '.join(jewels.WORDS)}, an id, an alias, a name or a glob; repeatable.  [default: all of these words]",
)
@click.option(
    "--proved", is_flag=True, help="Follow only what is proved, and nothing that is assumed."
)
@click.option(
    "--limit",
    type=click.IntRange(0),
    metavar="N",
    help=f"Paths to show; 0 shows all.  [default: {_MOST_PATHS}; with JSON all]",
)
@format_option
@looking_options
def command(
    words: tuple[str, ...],
    starts: tuple[str, ...],
    goals: tuple[str, ...],
    proved: bool,
    limit: int | None,
    format_: str,
    config: str | None,
    jobs: int,
    machine: bool,
    **options: Any,
) -> int:
    """How somebody who has nothing yet gets to what is worth going for, over all that PATHS (default: the folder you are
    in) and services tell of: from leaked credentials, trusts in outsiders, pull requests of forks, grants of third
    parties and prompts of agents to administrators, secrets and data that the settings call precious. With ID, what it
    gets to and who gets to it; the first word is one, unless a file or folder is called so.

    A step is proved where all that it takes is known, or assumed where something is not, and names the records that it
    rests on. At the end stands as little as possible to cut so that none of the paths is left.

    Exit codes: 0 all was looked at; 2 could not run; 3 a part could not be looked at (standard error
    says which).

    \b
    Examples:
      keymuster reach
      keymuster reach aws:role/deploy infra
      keymuster reach --from leaked --to admin --proved
      keymuster reach --service aws --service github --from 'outside:*' --format json
    """  # fmt: skip
    about, paths = _told(words)
    looked = gathered(paths, config, jobs, machine=machine, services=services_of(options))
    basis = Basis(looked.seen.inventory, looked.configured, looked.context.rules)
    with looked.refusing():
        found = answer(basis, about=about, starts=starts, goals=goals, proved=proved)
    most = limit if limit is not None else 0 if format_ == "json" else _MOST_PATHS
    told = looked.cleaned(_reach(found, most, undecided_trusts(basis)))
    with stdout() as out:
        if format_ == "json":
            encoded = msgspec.json.encode(_encodable(msgspec.to_builtins(told)))
            out.write(msgspec.json.format(encoded, indent=2).decode() + "\n")
        else:
            for line in _lines(told, len(found.paths)):
                out.write(readable(line) + "\n")
    return looked.tell_troubles()


def _told(words: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The id, if there is one, and the paths."""
    if words and not os.path.lexists(words[0]):
        return words[0], words[1:]
    return "", words


# --- output --------------------------------------------------------------------------------------


def _reach(found: Answer, most: int, undecided: int) -> ReachV1:
    graph, ends = found.graph, found.ends
    shown = found.paths[:most] if most else found.paths
    return ReachV1(
        version=1,
        about=[_node(graph.node(id)) for id in found.about],
        about_is=_words(word for id in found.about for word in ends.jewels.get(id, ())),
        starts=list(found.starts),
        goals=list(found.goals),
        nodes=len(graph.ids),
        edges=len(graph.edges),
        undecided_trusts=undecided,
        entries=[
            EntryV1(
                node=_node(graph.node(id)), word=_entry(ends.entries[id]), reaches=_words(found.leads_to[id])
            )
            for id in found.starts
            if id in ends.entries
        ],
        jewels=[
            JewelV1(
                node=_node(graph.node(id)), words=_words(ends.jewels[id]),
                reached_from=[_entry(word) for word in found.reached_from[id]],
            )
            for id in found.goals
            if id in ends.jewels
        ],
        every_path=found.every,
        paths=[
            PathV1(
                from_=path.start, to=path.end, 
                entry=_entry(ends.entries[path.start]) if path.start in ends.entries else "",
                jewels=_words(ends.jewels.get(path.end, ())), proved=path.is_proved,
                steps=[_step(one) for one in steps(path, graph)],
            )
            for path in shown
        ],
        cut=CutV1(
            possible=found.cut.possible, verified=found.cut.is_verified,
            edges=[_step(step([edge], graph)) for edge in found.cut.edges],
        ),
    )  # fmt: skip


def _entry(word: str) -> EntryWordV1:
    return cast("EntryWordV1", word)


def _words(several: Iterable[str]) -> list[JewelWordV1]:
    return cast("list[JewelWordV1]", list(dict.fromkeys(several)))


def _node(one: Node) -> NodeV1:
    return NodeV1(id=one.id, kind=one.kind, name=one.name, place=str(one.place or ""))


def _step(one: Step) -> StepV1:
    return StepV1(
        from_=_node(one.start), to=_node(one.to), kind=one.kind, way=one.way, says=one.says,
        proved=one.is_proved, assumed=one.assumed, cut=one.cut,
        evidence=[
            EvidenceV1(record=each.record, place=str(each.place or "")) for each in one.evidence
        ],
    )  # fmt: skip


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


def _lines(told: ReachV1, number: int) -> Iterator[str]:
    yield _headline(told, number)
    if told.undecided_trusts:
        yield f"Not counted: {_several(told.undecided_trusts, 'trust')} of which nobody knows whom it lets in."
    if not told.every_path:
        yield "There are more: this is the best path of each end."
    for path in told.paths:
        yield ""
        yield from _path(path)
    if len(told.paths) < number:
        yield ""
        yield f"{_several(number - len(told.paths), 'more path')}: --limit 0 shows all."
    if number:
        yield ""
        yield from _cut(told.cut)


def _headline(told: ReachV1, number: int) -> str:
    if told.about:
        asked = ", ".join(dict.fromkeys(one.name for one in told.about))
        itself = (
            f" It is worth going for itself ({', '.join(told.about_is)})." if told.about_is else ""
        )
        if number:
            return f"{_several(number, 'path')} from or to {asked}.{itself}"
        return f"{asked} gets to no other jewel, and no entry point leads to it.{itself}"
    ends = f"{_ends(told.starts, told.entries, 'entry point')} and {_ends(told.goals, told.jewels, 'jewel')}"
    if not number:
        return f"Nothing leads from where somebody may begin to what is worth going for ({ends})."
    return f"{_several(number, 'path')} between {ends}."


def _ends(ids: Sequence[str], known: Sequence[object], word: str) -> str:
    """How many there are; those that were asked for need not be such a thing."""
    return _several(len(ids), word if len(ids) == len(known) else "place")


def _several(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _path(path: PathV1) -> Iterator[str]:
    first, last = path.steps[0].from_, path.steps[-1].to
    begins = f"{path.entry}: {first.name}" if path.entry else _title(first)
    ends = f"{last.name} ({', '.join(path.jewels)})" if path.jewels else _title(last)
    doubt = "" if path.proved else " (assumed)"
    yield f"{begins} -> {ends}{doubt}"
    for number, one in enumerate(path.steps, 1):
        yield f"  {number}. {one.says}{_places(one)}"
        if one.assumed:
            yield f"     assumed: {one.assumed}"


def _title(one: NodeV1) -> str:
    """Its kind and name, and where it stands: several may have that name."""
    kind = one.kind.replace("_", " ")
    name = one.name if one.name.startswith(kind) else f"{kind} {one.name}"
    return f"{name} [{one.place}]" if one.place else name


def _places(one: StepV1) -> str:
    places = list(dict.fromkeys(each.place for each in one.evidence if each.place))
    more = f" and {len(places) - _MOST_PLACES} more" if len(places) > _MOST_PLACES else ""
    return f"  [{', '.join(places[:_MOST_PLACES])}{more}]" if places else ""


_MOST_PLACES = 4


def _cut(told: CutV1) -> Iterator[str]:
    if not told.possible:
        yield "No cut parts them: there is a way of which nobody can cut a step."
        return
    checked = "searched again without: nothing is reached" if told.verified else "NOT enough"
    yield f"To cut ({checked}):"
    for one in told.edges:
        yield f"  {one.says}{_places(one)}"
        yield f"    {one.cut}."
