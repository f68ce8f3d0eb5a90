"""What follows for trusts: who outside can become the identity, and how many of our own workflows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from msgspec.structs import replace

from keymuster.analysis.answers import Answer
from keymuster.analysis.aws_organizations import Organizations
from keymuster.analysis.aws_patterns import matches, whole_arn
from keymuster.analysis.gcp_hierarchy import Hierarchy
from keymuster.analysis.gcp_parties import own, sort
from keymuster.analysis.known import Known
from keymuster.analysis.outsiders import Audience, Ours
from keymuster.analysis.trusts import Surroundings, TrustAnswer, judge
from keymuster.errors import SettingsError
from keymuster.inventory.build import Inventory
from keymuster.inventory.facts import UNKNOWN
from keymuster.model import Effect, Identity, Trust, TrustKind
from keymuster.model.ids import file_in
from keymuster.nearest import hint
from keymuster.settings import Settings


def facts(inventory: Inventory, configured: Settings, known: Known) -> dict[str, dict[str, Any]]:
    """For every trust that lets somebody in."""
    _check(configured.ours, known)
    trusts = list(inventory.of(Trust))
    if not trusts:
        return {}
    found: dict[str, dict[str, Any]] = {}
    asked = []
    own = {name.casefold() for names in configured.ours.values() for name in names}
    for one in trusts:
        if one.provider == "mcp":  # whoever runs a server that an agent listens to
            found[one.id] = {"audience": str(Audience.VENDOR), "anyone": "no"}
            continue
        if one.provider == "a2a":  # whose an agent is, as its card says
            is_ours = one.principal.casefold() in own
            audience = Audience.ESTATE if is_ours else Audience.VENDOR
            found[one.id] = {"audience": str(audience), "anyone": "no", "is_ours": is_ours}
            continue
        principal = inventory.records.get(one.principal)
        if isinstance(principal, Identity):
            audience = _among_us(one, principal, inventory)
            found[one.id] = {"audience": str(audience), "anyone": "no", "is_ours": True}
            continue
        asked.append(as_written(one, inventory))
    asked += _refused(asked, inventory)
    around = surroundings(inventory, configured, known)
    for id, answer in judge(asked, around).items():
        found[id] = _told(answer, around.ours.vendors)
    return found


def _refused(trusts: Sequence[Trust], inventory: Inventory) -> list[Trust]:
    """What the organisation denies to whoever would become a role of an account, as if each trust policy
    said it."""
    refusals = cache(Organizations(inventory).refusals)
    found = {}
    for trust in trusts:
        role = inventory.records.get(trust.identity)
        if trust.provider != _AMAZON or not isinstance(role, Identity):
            continue
        for index, one in enumerate(refusals(role.account)):
            if any(matches(whole_arn(text), role.id) is Answer.YES for text in one.resources):
                id = f"{role.id}#refused/{one.source}/{index}"
                found[id] = Trust(
                    id=id, identity=trust.identity, principal="*", kind=TrustKind.ASSUME, provider=_AMAZON,
                    location=trust.location, effect=Effect.DENY, actions=one.actions,
                    conditions=_of_principals(one.conditions),
                )  # fmt: skip
    return list(found.values())


def _of_principals(conditions: Mapping[str, Any]) -> dict[str, Any]:
    """Conditions as they are for who is no service of AWS."""
    return {
        operator: {key: text for key, text in asks.items() if key.lower() != _IS_SERVICE}
        if isinstance(asks, Mapping) and operator.lower().startswith("bool")
        else asks
        for operator, asks in conditions.items()
    }


_IS_SERVICE = "aws:principalisawsservice"


def as_written(trust: Trust, inventory: Inventory) -> Trust:
    """A trust whose principal is what the declaration says, and no id."""
    principal = inventory.records.get(trust.principal)
    name = getattr(principal, "name", "") or _untold(trust)
    return replace(trust, principal=name) if name else trust


def surroundings(inventory: Inventory, configured: Settings, known: Known) -> Surroundings:
    """What the trusts of an inventory are judged by."""
    accounts = {one.id: one.account for one in inventory.of(Identity) if one.account}
    return Surroundings(known.trusts, ours=ours(inventory, configured, known), accounts=accounts)


def ours(inventory: Inventory, configured: Settings, known: Known) -> Ours:
    """What the settings say, and what was seen to be ours. An organisation that told all its accounts is
    as good as a setting."""
    organizations = Organizations(inventory)
    google = own(inventory, Hierarchy(inventory), configured.ours.get(_GOOGLE_CLOUD, ()))
    settings: dict[str, tuple[str, ...]] = dict(configured.ours)
    seen: dict[str, tuple[str, ...]] = {_GOOGLE_CLOUD: tuple(google.names)}
    if google.told:
        settings[_GOOGLE_CLOUD] = tuple(one for one in google.names if sort(one) in google.told)
    if organizations.are_all:
        settings[_AMAZON] = (*configured.ours.get(_AMAZON, ()), *organizations.own)
    else:
        seen[_AMAZON] = tuple(organizations.own)
    return Ours(settings=settings, seen=seen, vendors=known.aws.accounts)


_AMAZON = "aws"


def _check(ours: Mapping[str, Sequence[str]], known: Known) -> None:
    """SettingsError for a word that nothing is asked by: what it names would be taken for others'."""
    words = sorted({_GOOGLE_CLOUD, *(one.ours for one in known.trusts.issuers if one.ours)})
    for name in ours:
        if name not in words:
            raise SettingsError(f"ours: there is no `{name}`{hint(name, words)}")


_GOOGLE_CLOUD = "gcp"
"""The word for projects, whose tokens no issuer makes."""


def _among_us(trust: Trust, principal: Identity, inventory: Inventory) -> Audience:
    """A principal that is declared here, too, is at least ours."""
    identity = inventory.records.get(trust.identity)
    same = isinstance(identity, Identity) and identity.account == principal.account
    return Audience.SAME_ACCOUNT if same else Audience.ESTATE


def _untold(trust: Trust) -> str:
    """A principal that refers to what nobody has seen, as the declaration would say it. An ARN refers to
    nothing, though it begins as that of the role does."""
    if trust.principal.startswith("arn:"):
        return ""
    scope = file_in(trust.id)
    rest = trust.principal.removeprefix(f"{scope}:")
    return "" if rest == trust.principal else f"${{{rest}}}"


_OURS = (Audience.NOBODY, Audience.SAME_ACCOUNT, Audience.ESTATE)


def _told(answer: TrustAnswer, vendors: Mapping[str, str]) -> dict[str, Any]:
    outside = answer.parties if answer.audience is Audience.VENDOR else ()
    return {
        "audience": str(answer.audience),
        "anyone": _lets_anyone(answer),
        "issuer": answer.issuer,
        "example": answer.example or next(iter(answer.open.values()), ""),
        "because": answer.because,
        "reason": answer.reason,
        "parties": list(answer.parties),
        "strangers": [one for one in outside if one not in vendors],
        "vendors": list(dict.fromkeys(vendors[one] for one in outside if one in vendors)),
        "is_ours": answer.audience in _OURS,
        "forms": list(answer.forms),
        "open": list(answer.open),
        "several": list(answer.several),
        "defects": [str(one) for one in answer.defects],
        "meant": str(answer.meant.audience) if answer.meant else "",
    }


def _lets_anyone(answer: TrustAnswer) -> str:
    """Whether it takes no more than an account at the issuer, or anywhere. An owner that nobody claims
    as ours is somebody, and not anyone."""
    if answer.audience is Audience.ANYONE:
        return "yes"
    if answer.audience is Audience.UNKNOWN and (answer.depends_on or not answer.parties):
        return UNKNOWN
    return "no"
