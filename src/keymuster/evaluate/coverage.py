"""What each policy says of each part of a service: found, clean, or could not see because ..."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from keymuster.model import Coverage, Finding, Looked, ServiceLocation
from keymuster.rules.relevance import concerns
from keymuster.rules.schema import Policy


def coverage(
    looked: Iterable[Looked], findings: Iterable[Finding], wanted: Sequence[Policy]
) -> tuple[Coverage, ...]:
    """One for each wanted policy and account that was looked at. One that found something may yet have
    been kept from finding more: `unseen` says why."""
    accounts: dict[tuple[str, str], list[Looked]] = defaultdict(list)
    for one in looked:
        accounts[one.service, one.account].append(one)
    found = {
        (place.service, place.account, finding.policy)
        for finding in findings
        for place in finding.places
        if isinstance(place, ServiceLocation)
    }
    return tuple(
        _covered(policy, service, account, parts, (service, account, policy.id) in found)
        for (service, account), several in accounts.items()
        for policy in wanted
        if (parts := _about(policy, service, several))
    )


def _about(policy: Policy, service: str, several: Iterable[Looked]) -> list[Looked]:
    return [one for one in several if concerns(policy, service, one.types, one.subjects)]


def _covered(
    policy: Policy, service: str, account: str, parts: Sequence[Looked], found: bool
) -> Coverage:
    unseen = tuple(f"{one.scope}: {one.problem}" for one in parts if one.problem)
    return Coverage(
        policy=policy.id, service=service, account=account,
        status="found" if found else "unseen" if unseen else "clean", unseen=unseen,
        as_of=min((one.as_of for one in parts if one.as_of), default=None),
    )  # fmt: skip
