"""Findings so that none says what another one says already: of too many rights in what exists, of identities
that several share.

Code is mended where it is written, so each statement of it is told of. In an account there are
principals, and policies that several of them have: what is wrong with a principal is told of it, and
is not told again of the policy, or the role, that it alone has, and of each policy there is one finding, the
gravest.
That an identity is shared is told of it, with all that share it, and not again of each of these.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from keymuster.evaluate.evidence import MOST_PATHS
from keymuster.inventory.build import Inventory
from keymuster.model import FileLocation, Finding, Grant, GrantKind, Identity, Severity, Use
from keymuster.rules.schema import Policy

_ADMIN = "admin-policy-attached"
_TOO_MUCH = frozenset({_ADMIN, "privilege-escalation-path", "wildcard-action-or-resource"})
"""The kinds of findings that say, each in its way, that somebody may do too much."""

_SHARED, _ACROSS = "shared-identity-many-workloads", "identity-spans-environments"


def left(
    findings: Iterable[Finding], inventory: Inventory, policies: Mapping[str, Policy]
) -> list[Finding]:
    """The findings, without those that repeat others."""
    listed = list(findings)
    told = _told_of_identities(listed, inventory, policies)
    shared = _shared(listed, inventory, policies)
    bound = _bound(listed, inventory)
    documents: dict[str, list[Finding]] = {}
    found: list[Finding] = []
    for one in listed:
        grant = inventory.records.get(one.subject)
        kind = policies[one.policy].kind
        if isinstance(grant, Use) and kind == _SHARED and grant.subject in shared:
            continue
        if (
            isinstance(grant, Grant)
            and bound[one.policy, grant.identity] == 1
            and _is_in_account(grant)
        ):
            continue
        if not (isinstance(grant, Grant) and kind in _TOO_MUCH and _is_in_account(grant)):
            found.append(one)
        elif not _is_told(one, kind, told.get(grant.identity, {})):
            documents.setdefault(_document(grant), []).append(one)
    return [*found, *map(_gravest, documents.values())]


def _told_of_identities(
    findings: Iterable[Finding], inventory: Inventory, policies: Mapping[str, Policy]
) -> dict[str, dict[str, Severity]]:
    """Identity -> kind of what was found -> how grave that is."""
    told: dict[str, dict[str, Severity]] = {}
    for one in findings:
        kind = policies[one.policy].kind
        if kind in _TOO_MUCH and isinstance(inventory.records.get(one.subject), Identity):
            kinds = told.setdefault(one.subject, {})
            kinds[kind] = max(kinds.get(kind, one.severity), one.severity, key=_rank)
    return told


def _shared(
    findings: Iterable[Finding], inventory: Inventory, policies: Mapping[str, Policy]
) -> set[str]:
    """The identities that are themselves told of as shared, or as shared across environments."""
    found: set[str] = set()
    for one in findings:
        if not isinstance(inventory.records.get(one.subject), Identity):
            continue
        kind = policies[one.policy].kind
        across = len(inventory.facts.get(one.subject, {}).get("workload_environments", ())) > 1
        if kind == _SHARED or (kind == _ACROSS and across):
            found.add(one.subject)
    return found


def _bound(findings: Iterable[Finding], inventory: Inventory) -> Counter[tuple[str, str]]:
    """Policy and role -> of how many holders of that role it is told."""
    grants = ((one.policy, inventory.records.get(one.subject)) for one in findings)
    return Counter(
        (policy, grant.via)
        for policy, grant in grants
        if isinstance(grant, Grant) and grant.kind is GrantKind.ROLE_BINDING and grant.via
    )


def _is_in_account(grant: Grant) -> bool:
    return grant.kind is GrantKind.POLICY and not isinstance(grant.location, FileLocation)


def _is_told(one: Finding, kind: str, told: Mapping[str, Severity]) -> bool:
    """Whether the same, or more of it, is told of the only holder. An administrator has everything."""
    if _ADMIN in told:
        return True
    return kind in told and told[kind].rank >= one.severity.rank


def _document(grant: Grant) -> str:
    """The policy, or the role, that a statement is of; what hands on another one stands for itself. A principal may
    have several policies, each with a label before the number of the statement; a role has its statements itself."""
    if grant.via:
        return grant.id
    holder, _, statement = grant.id.rpartition("#")
    label, _, _ = statement.rpartition("/")
    return f"{holder}#{label}"


def _gravest(several: list[Finding]) -> Finding:
    """The gravest of those about one policy, with the names and the statements of the others."""
    first, *others = sorted(several, key=lambda one: (-one.severity.rank, one.rule, one.id))
    rules = dict.fromkeys(one.rule for one in others if one.rule != first.rule)
    if not others:
        return first
    paths = tuple(dict.fromkeys(path for one in (first, *others) for path in one.paths))
    evidence: dict[str, Any] = {"also_found": ", ".join(rules)} if rules else {}
    return replace(first, paths=paths[:MOST_PATHS], evidence={**first.evidence, **evidence})


def _rank(severity: Severity) -> int:
    return severity.rank
