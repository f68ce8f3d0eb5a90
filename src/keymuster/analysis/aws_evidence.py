"""What the judgements about identities of AWS rest on, step by step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from keymuster.analysis.answers import Answer
from keymuster.analysis.aws_data import Grants
from keymuster.analysis.aws_escalations import ASSUME_ROLE, Escalation, Gain, Way
from keymuster.analysis.aws_policy import Caller, about_caller
from keymuster.analysis.aws_reach import ASSUME, Path, Reach
from keymuster.analysis.aws_reach import Step as Reached
from keymuster.analysis.privilege import Privilege
from keymuster.model import Step

Steps = tuple[Step, ...]

_DOES = "Assume a role that trusts one"
_MOST = 4
"""Ways that are kept in full: people read one."""


class Evidence:
    """Writes down what was found for the identities of one estate."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._ways: dict[str, Way] = {way.id: way for way in reach.ways.ways}

    def of_privilege(self, id: str, privilege: Privilege) -> tuple[Steps, ...]:
        """The grants that it follows from, all of one step."""
        return ((Step(start=id, records=privilege.grants),),) if privilege.grants else ()

    def of_escalations(self, id: str, ways: Iterable[Escalation]) -> tuple[Steps, ...]:
        """Each way is a path of one step; those that give all rights come first."""
        listed = sorted(ways, key=lambda one: one.gain is not Gain.ADMIN)
        return tuple((self._way(id, one),) for one in listed[:_MOST])

    def of_data(self, id: str, data: Mapping[str, Grants]) -> tuple[Steps, ...]:
        """Each kind of data with the grants that allow it to be read."""
        return tuple((Step(start=id, does=what, records=by),) for what, by in data.items())[:_MOST]

    def of_path(self, path: Path) -> Steps:
        return tuple(map(self._step, path.steps))

    def _way(self, id: str, one: Escalation) -> Step:
        to = next((name for name in one.targets if name != id), "")
        return self._taken(
            Reached(by=one.way, start=id, to=to, answer=one.answer, evidence=one.grants),
            more=len(one.targets) - 1,
        )

    def _step(self, one: Reached) -> Step:
        if one.by != ASSUME:
            return self._taken(one)
        return Step(
            start=one.start, to=one.to, way=one.by, does=_DOES, actions=(ASSUME_ROLE,),
            proved=one.answer is Answer.YES, records=one.evidence,
        )  # fmt: skip

    def _taken(self, one: Reached, more: int = 0) -> Step:
        way = self._ways[one.by]
        trusts = self._trusts(one.to, way.passes) if one.to else ()
        return Step(
            start=one.start, to=one.to, others=max(more, 0), way=way.id, does=way.name,
            proved=one.answer is Answer.YES, actions=tuple(way.actions),
            records=(*one.evidence, *trusts),
        )  # fmt: skip

    def _trusts(self, role: str, services: Iterable[str]) -> Iterator[str]:
        """The trusts by which a role may be passed to a service."""
        callers = [Caller(kind="Service", name=service) for service in services]
        for each in self._reach.estate.trusts(role) or ():
            if any(about_caller(each, one) is not Answer.NO for one in callers):
                yield each.source
