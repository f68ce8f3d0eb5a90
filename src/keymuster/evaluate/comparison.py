"""Two reports, one after the other: what is new, what has changed, what is resolved, and of what nobody can
say, because the later one did not look."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct
from msgspec.structs import replace
from pathspec import GitIgnoreSpec

from keymuster.evaluate.bounds import outgrown
from keymuster.evaluate.states import State as State  # it is asked for here, too
from keymuster.model import FileLocation, Finding, Location, Report, Scope
from keymuster.model.location import SEPARATOR


class Change(Struct, frozen=True, kw_only=True):
    """A finding as it is now, or as it was if it is not found any more, and `why` it is said to be so. `was` is the id
    of the earlier finding that it goes on from."""

    state: State
    finding: Finding
    why: str = ""
    was: str = ""


def compared(old: Report, new: Report) -> list[Change]:
    """Every finding of either, in order of the later report. A file that was moved takes its findings
    with it."""
    pairs, gone = _paired(old.findings, new.findings)
    bounded = bool(old.mode and new.mode)  # SARIF tells of neither
    behind = {(one.subject, rule): one.id for one in old.findings for rule in _stands_for(one)}
    found = [
        Change(state=State.SAME, finding=now, was=behind[now.subject, now.rule])
        if before is None and (now.subject, now.rule) in behind
        else _found(before, now, bounded)
        for before, now in pairs
    ]
    later = _Looked(new, "the later scan")
    found += [_gone(one, later) for one in gone]
    earlier = _Looked(old, "the earlier scan") if bounded else None
    return [_explained(one, earlier) for one in found] if earlier is not None else found


def _explained(change: Change, earlier: _Looked) -> Change:
    """With the reason, if what is new is only seen for the first time."""
    if change.state is not State.NEW:
        return change
    return replace(change, why=earlier.not_at(change.finding))


def _paired(
    old: Sequence[Finding], new: Sequence[Finding]
) -> tuple[list[tuple[Finding | None, Finding]], list[Finding]]:
    """Each later one with what it was, by its id, or else by its fingerprint, or else by a rule that
    says more of the same secret; and those that have no later one."""
    parts: dict[str, list[Finding]] = {}
    for one in old:
        parts.setdefault(one.id, []).append(one)
    left = {id: min(several, key=_is_accepted) for id, several in parts.items()}
    found: dict[int, Finding] = {}
    for one in new:
        if several := parts.get(one.id):
            found[id(one)] = _part(one, several)
            left.pop(one.id, None)
    by: dict[str, list[Finding]] = {}
    for one in left.values():
        by.setdefault(one.fingerprint or one.id, []).append(one)
    for one in new:
        if id(one) not in found and (moved := by.get(one.fingerprint)):
            found[id(one)] = moved.pop()
            left.pop(found[id(one)].id)
    about: dict[str, list[Finding]] = {}
    for one in left.values():
        about.setdefault(one.subject, []).append(one)
    for one in new:
        if id(one) in found:
            continue
        for before in about.get(one.subject, ()):
            if before.rule in _stands_for(one) and before.id in left:
                found[id(one)] = left.pop(before.id)
                break
    return [(found.get(id(one)), one) for one in new], list(left.values())


def _is_accepted(one: Finding) -> bool:
    return one.is_accepted


def _part(now: Finding, several: Sequence[Finding]) -> Finding:
    """Of a finding that is accepted in some places, and in others not, the part that this one was."""
    alike = [one for one in several if one.is_accepted == now.is_accepted]
    same = [one for one in alike if one.suppression == now.suppression]
    return (same or alike or several)[0]


def _stands_for(one: Finding) -> list[str]:
    """The rules that say less of the same: of each secret the gravest finding is told."""
    return one.evidence.get("also_found", "").split(", ")


def _found(before: Finding | None, now: Finding, bounded: bool) -> Change:
    if before is None:
        return Change(state=State.NEW, finding=now)
    if before.is_accepted and not now.is_accepted:
        why = "it is not accepted any more"
        return Change(state=State.REOPENED, finding=now, why=why, was=before.id)
    changes = list(_changes(before, now, bounded))
    state = State.CHANGED if changes else State.SAME
    return Change(state=state, finding=now, why="; ".join(changes), was=before.id)


def _changes(before: Finding, now: Finding, bounded: bool) -> Iterator[str]:
    if before.rule != now.rule:
        yield f"{before.rule} is now {now.rule}"
    if before.severity is not now.severity:
        yield f"severity {before.severity} is now {now.severity}"
    if before.confidence is not now.confidence:
        yield f"confidence {before.confidence} is now {now.confidence}"
    if bounded and (grown := outgrown(before.bounds, now.bounds)):
        yield f"{grown}: it may do more, or is limited by less"
    elif bounded and (shrunk := outgrown(now.bounds, before.bounds)):
        yield f"{shrunk}: it may do less, or is limited by more"
    if now.is_accepted and not before.is_accepted:
        yield "it is accepted"
    names, others = _names(before.places), _names(now.places)
    if names != others:
        more, less = len(others - names), len(names - others)
        yield f"{more} place{'' if more == 1 else 's'} more, {less} less"


def _names(places: Iterable[Location]) -> set[str]:
    return {one.name if isinstance(one, FileLocation) else one.resource for one in places}


def _gone(one: Finding, looked: _Looked) -> Change:
    why = looked.not_at(one)
    state = State.NOT_OBSERVED if why else State.RESOLVED
    return Change(state=state, finding=one, why=why, was=one.id)


JOIN = "join"
"""The mode of a report that rests on the records of many targets, whatever they are of."""


_OBJECT = "object "
"""What troubles about one version of a file begin with: of it alone nobody can tell."""


class _Looked:
    """What a report would have told; `scan` is how it is called in words."""

    def __init__(self, report: Report, scan: str) -> None:
        self._report, self._scan = report, scan
        self._covered = {(one.policy, one.service, one.account): one for one in report.coverage}
        self._unread = {one.scope.partition(SEPARATOR)[0] for one in report.troubles}
        self._is_torn = any(
            one.part == "history" and not one.scope.startswith(_OBJECT) for one in report.troubles
        )
        self._wanted = {*report.scope.paths}
        self._excluded = GitIgnoreSpec.from_lines(report.scope.exclude)

    def not_at(self, one: Finding) -> str:
        """Why it would not have told of a finding; empty if it would."""
        report = self._report
        if not report.complete:
            return f"{self._scan} was cut short"
        if why := _unwanted(one, report.scope):
            return f"{self._scan} {why}"
        if _is_told_by_others(one):  # wherever it stands
            imported = report.scope.imports
            return "" if imported else f"{self._scan} imported no report of another scanner"
        reasons = [self._not_there(one, place) for place in one.places]
        if report.mode == JOIN:  # which takes all of its places
            return next(filter(None, reasons), "")
        return "" if not all(reasons) else reasons[0]

    def _not_there(self, one: Finding, place: Location) -> str:
        if isinstance(place, FileLocation):
            return self._not_in_file(place)
        if self._report.mode == JOIN:
            return ""
        covered = self._covered.get((one.policy, place.service, place.account))
        if covered is None:
            return f"{self._scan} did not ask {place.service} {place.account} about it"
        return "; ".join(covered.unseen)

    def _not_in_file(self, place: FileLocation) -> str:
        report = self._report
        past = place.commit is not None
        if past and report.mode not in ("history", JOIN):
            return f"{self._scan} did not read the history"
        if report.mode not in ("", "worktree", "history", JOIN):
            return f"{self._scan} read {report.mode}, not the tree"
        if report.mode == "history" and (report.scope.since or report.scope.range):
            return f"{self._scan} read only some commits"
        if past and self._is_torn:
            return "the history could not be read to its end"
        if _is_below(place.path, self._unread) or f"{_OBJECT}{place.object}" in self._unread:
            return f"{place.path} could not be read"
        is_named = not self._wanted or _is_below(place.path, self._wanted)
        if not is_named or self._excluded.match_file(place.path):
            return f"{self._scan} did not read {place.path}"
        return ""


_TOLD_BY_OTHERS = ("secret-reported-elsewhere", "secret-verified-live")


def _is_told_by_others(one: Finding) -> bool:
    """Whether only reports of other scanners can tell of it."""
    return one.policy in _TOLD_BY_OTHERS or "reported_in" in one.evidence


def _is_below(path: str, names: Collection[str]) -> bool:
    """Whether a file, or a folder that it is in, is one of these."""
    if "." in names or path in names:
        return True
    return any(path[:at] in names for at, letter in enumerate(path) if at and letter == "/")


def _unwanted(one: Finding, scope: Scope) -> str:
    """What a scan did so that it cannot tell of a finding."""
    names = {one.policy, one.rule, one.rule.partition("/")[2], *(nhi.value for nhi in one.nhi)} - {
        ""
    }

    def named(globs: Iterable[str]) -> bool:
        return any(fnmatchcase(name, glob) for name in names for glob in globs)

    if named(scope.skip) or (scope.only and not named(scope.only)):
        return "left the rule out"
    if one.confidence.rank < scope.confidence.rank:
        return "left out what is so unsure"
    return ""
