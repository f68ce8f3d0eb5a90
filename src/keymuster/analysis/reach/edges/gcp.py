"""From who has a role in Google Cloud to the service accounts that it becomes by it, and to the secrets that
it reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import partial

from keymuster import regex
from keymuster.analysis.answers import Answer
from keymuster.analysis.gcp_constraints import Constraints
from keymuster.analysis.gcp_estate import Estate
from keymuster.analysis.gcp_reach import Hop, Reach
from keymuster.analysis.reach.edges.credentials import IS_SAME
from keymuster.analysis.reach.edges.trusts import ANYONE, EVERYBODY
from keymuster.analysis.reach.graph import Basis, Edge, Kind, Node
from keymuster.model import Effect, Grant, GrantKind, Identity, Resource, Trust, Use
from keymuster.model.kubernetes import cluster_of, issuer_of

PROVIDER = "gcp"

BECOMES = Kind("impersonates", "{start} becomes {to} by {way}", "Take {way} from {start}")
IN = Kind("in-level", "{start} includes {to}")
READS = Kind("reads-secrets", "{start} reads {to} by {way}", "Take {way} from {start}")

_SECRETS = ("google_secret_manager_secret", "google_secret_manager_regional_secret", "secretmanager.googleapis.com/Secret")  # fmt: skip
_READING = frozenset(
    ("roles/secretmanager.secretAccessor", "roles/secretmanager.admin", "roles/owner")
)
"""The roles of Google's own that hand out what is in a secret; an editor does not."""
_ACCESS = "secretmanager.versions.access"


def edges(basis: Basis) -> Iterator[Node | Edge]:
    inventory = basis.inventory
    if not any(one.provider == PROVIDER for one in basis.of(Grant)) and not any(
        one.provider == PROVIDER for one in basis.of(Trust)
    ):
        return
    estate = Estate(inventory, basis.known.gcp, inventory.now)
    reach = Reach(estate, Constraints(inventory, estate.hierarchy).enforced)
    yield ANYONE
    yield from map(partial(_hop, basis), reach.hops)
    yield from _levels(reach)
    yield from _pods(reach, basis)
    yield from _secrets(estate, basis)


def _holder(member: str) -> str:
    return ANYONE.id if member.removeprefix("gcp:") in EVERYBODY else member


def _hop(basis: Basis, hop: Hop) -> Edge:
    doubt = ""
    if hop.answer is not Answer.YES:
        doubt = "a condition, a deny policy or a role is not known"
    return Edge(_holder(hop.start), hop.to, BECOMES, hop.grants, doubt, hop.by)


def _levels(reach: Reach) -> Iterator[Node | Edge]:
    """Whatever holds for a project, folder or organisation, holds for the accounts in it."""
    seen: set[str] = set()
    for id in reach.accounts:
        below = id
        records: tuple[str, ...] = (id,)
        for level in reach.hierarchy.above(reach.level_of(id)):
            if not level:
                break
            yield Edge(level, below, IN, records)
            if level in seen:
                break
            seen.add(level)
            yield Node(
                id=level, kind="accounts", name=f"the service accounts of {level}", group=True
            )
            below, records = level, ()


def _pods(reach: Reach, basis: Basis) -> Iterator[Edge]:
    """A service account of Kubernetes is a member of bindings by the name of its cluster's pool."""
    accounts: dict[str, Identity] = {}
    known: dict[str, Identity] = {}
    for one in basis.of(Identity):
        if one.provider != "kubernetes":
            continue
        for alias in one.aliases:
            issuer, called = issuer_of(alias)
            if found := _OF_GOOGLE.fullmatch(issuer):
                known[f"{found['project']}.svc.id.goog[{called}]"] = one
            elif not cluster_of(one.id):
                accounts[alias.removeprefix("kubernetes:ServiceAccount/")] = one
    said = _of_google(basis)
    for member in dict.fromkeys(hop.start for hop in reach.hops):
        if (exact := known.get(member.rpartition(":")[2])) is not None:
            yield Edge(exact.id, member, IS_SAME, (exact.id,))
            continue
        name = member.partition(".svc.id.goog[")[2].removesuffix("]")
        account = accounts.get(name)
        if account is not None:
            doubt = "whether its cluster is of this project is not known"
            yield Edge(
                account.id, member, IS_SAME, (account.id,), "" if account.id in said else doubt
            )


_OF_GOOGLE = regex.later(
    r"container\.googleapis\.com/v1/projects/(?P<project>[^/]+)/locations/[^/]+/clusters/[^/]+"
)
"""The issuer of a cluster of Kubernetes Engine, which has a pool of members of its project."""


def _of_google(basis: Basis) -> set[str]:
    """What says of itself that it acts as an account of Google Cloud."""
    return {
        use.by
        for use in basis.of(Use)
        if isinstance(subject := basis.inventory.records.get(use.subject), Identity)
        and subject.provider == PROVIDER
    }


# --- secrets -----------------------------------------------------------------------------------


def _secrets(estate: Estate, basis: Basis) -> Iterator[Node | Edge]:
    hierarchy = estate.hierarchy
    inside: dict[str, list[str]] = defaultdict(list)
    names: dict[str, str] = {}
    for one in basis.of(Resource):
        if one.type in _SECRETS:
            project = str(one.settings.get("project") or getattr(one.location, "account", "") or "")
            plain = one.id.removeprefix("resource:")
            names.update({plain: one.id, one.id: one.id, **dict.fromkeys(one.aliases, one.id)})
            if project:
                inside[hierarchy.name(f"projects/{project}")].append(one.id)
    readers = [
        one
        for one in estate.bindings
        if one.effect is Effect.ALLOW and one.kind is not GrantKind.POLICY and _reads(one, basis)
    ]
    if not readers:
        return
    levels = {level for project in inside for level in hierarchy.above(project)}
    for level in levels:
        yield _all(level)
    for project, several in inside.items():
        line = hierarchy.above(project)
        for upper, lower in zip(line[1:], line, strict=False):
            yield Edge(_all(upper).id, _all(lower).id, IN)
        for id in several:
            yield Edge(_all(project).id, id, IN, (id,))
    for grant in readers:
        lapsed = estate.in_force(grant)
        if lapsed is Answer.NO:
            continue
        doubt = "" if lapsed is Answer.YES else "its condition is not known"
        if estate.denials.concern(hierarchy.of_grant(grant)):
            doubt = doubt or "a deny policy may forbid it"
        by = grant.via.rpartition("/")[2] or _ACCESS
        for id in dict.fromkeys(names[text] for text in grant.resources if text in names):
            yield Edge(_holder(grant.identity), id, READS, (grant.id,), doubt, by)
        if hierarchy.is_wide(grant):
            level = hierarchy.of_grant(grant)
            if level:
                yield _all(level)
                yield Edge(_holder(grant.identity), _all(level).id, READS, (grant.id,), doubt, by)


def _reads(grant: Grant, basis: Basis) -> bool:
    if grant.via in _READING or _ACCESS in grant.actions:
        return True
    return any(_ACCESS in one.actions for one in basis.inventory.grants(grant.via))


def _all(level: str) -> Node:
    return Node(
        id=f"secrets:{PROVIDER}:{level}",
        kind="secrets",
        name=f"the secrets of {level}",
        jewel="secrets",
    )
