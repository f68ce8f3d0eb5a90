"""What is left when the thing that it was for is gone: the repository, the service account, the person, the
key itself."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keymuster import regex
from keymuster.inventory.build import Inventory
from keymuster.inventory.facts import UNKNOWN
from keymuster.inventory.statuses import OFF, is_off
from keymuster.model import (
    Credential,
    CredentialStatus,
    FileLocation,
    Identity,
    IdentityKind,
    Resource,
    ServiceLocation,
    Trust,
    TrustKind,
    Use,
)
from keymuster.model.ids import scope
from keymuster.model.kubernetes import cluster_of, issuer_of
from keymuster.model.registration import TYPE as REGISTRATION
from keymuster.model.texts import texts
from keymuster.model.unknown import reference
from keymuster.settings import Settings

if TYPE_CHECKING:
    from keymuster.analysis.known import Known

GONE, ARCHIVED, DISABLED = "gone", "archived", "disabled"

_LEFT = OFF - {"inactive"}

REPOSITORIES = "GitHub::Repositories"
"""All repositories of an organization, by name: what is not among them is not there."""


def facts(inventory: Inventory, _: Settings, __: Known) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for about in (
        _trusts,
        _things_of_repositories,
        _uses,
        _leavers,
        _keys,
        _of_disabled,
        _left_in_state,
    ):
        for id, told in about(inventory):
            found[id].update(told)
    return found


def _trusts(inventory: Inventory) -> Iterator[tuple[str, dict[str, Any]]]:
    repositories = _Repositories(inventory)
    accounts = _Accounts(inventory)
    off = _switched_off(inventory)
    for one in inventory.of(Trust):
        principal = off.get(_called(one.principal))
        if principal is not None and principal.id != one.identity:
            yield one.id, {"principal_off": principal.name}
        if one.kind not in (TrustKind.FEDERATION, TrustKind.IMPERSONATION):
            continue
        text = " ".join((one.principal, *texts(one.conditions)))
        named = dict.fromkeys(_repositories_in(text))
        said = {name: repositories.status(*name.split("/", 1)) for name in named}
        if named and all(said.values()):  # of one that is there, it is for that
            yield one.id, _of_repositories(said)
        if account := accounts.missing(text):
            yield one.id, {"lost_account": account}


def _of_repositories(said: dict[str, str]) -> dict[str, str]:
    """Whether those that a trust names are gone, or all archived; nobody knows of those whose organization
    told nothing."""
    gone = next((name for name, status in said.items() if status == GONE), "")
    if gone:
        return {"lost_repository": gone, "repository_status": GONE}
    if UNKNOWN in said.values():
        return {"repository_status": UNKNOWN}
    return {"archived_repository": next(iter(said))}


def _switched_off(inventory: Inventory) -> dict[str, Identity]:
    """By all that records call them by."""
    return {
        name: one
        for one in inventory.of(Identity)
        if is_off(one.status) and one.kind is not IdentityKind.MCP_SERVER
        for name in (one.id, *one.aliases)
    }


def _called(principal: str) -> str:
    """A member of Google's policies as identities are called."""
    return principal.replace("serviceAccount:", "gcp:", 1)


_REPOSITORY = regex.later(
    r"(?:\brepo:|attribute\.repository/|assertion\.repository\s{0,3}==\s{0,3}['\"])"
    r"(?P<name>[\w.-]{1,100}/[\w.-]{1,100})(?=[:'\"\s]|$)"
)
_ANY_REPOSITORY = regex.later(r"\brepo:[^\s:]*[*?]|\brepo:[\w.-]+:|repository_owner")


def _repositories_in(text: str) -> Iterator[str]:
    """Those that a trust names. One that names others besides, by a wildcard, names none for sure."""
    if _ANY_REPOSITORY.search(text):
        return
    for one in _REPOSITORY.finditer(text):
        yield one["name"]


class _Repositories:
    """What is known of repositories: from their organization, or from code that declares them."""

    def __init__(self, inventory: Inventory) -> None:
        self._known: dict[str, dict[str, str]] = {}
        self._declared: dict[str, str] = {}
        for one in inventory.of(Resource):
            if one.type == REPOSITORIES:
                owner = str(one.settings.get("organization", "")).lower()
                gone = _names(one.settings.get("archived"))
                names = _names(one.settings.get("names"))
                self._known[owner] = {
                    name.lower(): ARCHIVED if name in gone else "" for name in names
                }
            elif one.type == "github_repository" and one.settings.get("archived") is True:
                self._declared[one.id.removeprefix("resource:")] = str(one.settings.get("name", ""))

    def status(self, owner: str, name: str) -> str:
        """`gone`, `archived`, nothing, or unknown if nobody told of the organization."""
        if owner.lower() not in self._known:
            return UNKNOWN
        return self._known[owner.lower()].get(name.lower(), GONE)

    def archived(self, id: str, text: str) -> str:
        """The name of the repository that a declaration is for, if it is archived."""
        if name := reference(text):
            within = scope(id.removeprefix("resource:"))
            return self._declared.get(f"{within}:{name.rpartition('.')[0]}", "")
        if text in self._declared.values():
            return text
        known = [names for names in self._known.values() if names.get(text.lower()) == ARCHIVED]
        return text if known else ""


def _things_of_repositories(inventory: Inventory) -> Iterator[tuple[str, dict[str, Any]]]:
    repositories = _Repositories(inventory)
    for one in inventory.of(Resource):
        text = one.settings.get("repository")
        if not (one.type.startswith("github_") and isinstance(text, str) and text):
            continue
        if name := repositories.archived(one.id, text):
            yield one.id, {"archived_repository": name}


class _Accounts:
    """The service accounts that manifests declare, and of which namespaces they declare any."""

    def __init__(self, inventory: Inventory) -> None:
        self._declared: set[tuple[str, str]] = set()
        self._namespaces: set[str] = set()
        self._by_issuer: dict[str, set[tuple[str, str]]] = defaultdict(set)
        in_part = _seen_in_part(inventory)
        for one in inventory.of(Identity):
            if one.provider == "kubernetes" and one.kind is IdentityKind.SERVICE_ACCOUNT:
                if cluster := cluster_of(one.id):  # others have accounts of the same name
                    for alias in one.aliases if cluster not in in_part else ():
                        if issuer := issuer_of(alias)[0]:
                            self._by_issuer[issuer].add((one.account, one.name))
                    continue
                self._declared.add((one.account, one.name))
                self._namespaces.add(one.account)
        for use in inventory.of(Use):  # a chart may make it, and a pod names it
            if found := _ALIAS.fullmatch(use.subject):
                self._declared.add((found["namespace"], found["name"]))

    def missing(self, text: str) -> str:
        """The one that a trust is for, if its namespace is declared here and it is not; or if its cluster, which was
        asked, has none of that name."""
        for issuer, accounts in self._by_issuer.items():
            if re.search(rf"{re.escape(issuer)}(?![\w./-])", text):
                meant = [(one["namespace"], one["name"]) for one in _SUBJECT.finditer(text)]
                gone = [one for one in meant if one not in accounts and "*" not in "".join(one)]
                spaces = {space for space, _ in accounts}
                lost = [
                    one for one in gone if one[0] in spaces
                ]  # a scan may be of some namespaces alone
                return "/".join(lost[0]) if lost and len(lost) == len(meant) else ""
        found = [
            (one["namespace"], one["name"])
            for one in _SUBJECT.finditer(text)
            if one["namespace"] in self._namespaces
        ]
        named = len(_SUBJECT.findall(text))
        lost = [one for one in found if one not in self._declared and "*" not in one[1]]
        return "/".join(lost[0]) if lost and len(lost) == named else ""


def _seen_in_part(inventory: Inventory) -> set[str]:
    """The clusters of whose accounts some may not have been told."""
    return {
        str(one.settings.get("uid", ""))
        for one in inventory.of(Resource)
        if one.type == "KubernetesCluster"
        and "service-accounts" in (one.settings.get("unseen") or ())
    }


_SUBJECT = regex.later(
    r"system:serviceaccount:(?P<namespace>[\w.-]{1,63}):(?P<name>[\w.*?-]{1,253})"
)
_ALIAS = regex.later(r"kubernetes:ServiceAccount/(?P<namespace>[^/]*)/(?P<name>.*)")


def _uses(inventory: Inventory) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of who uses something: whether that is switched off, or is not there any more."""
    known = _live_accounts(inventory)
    for one in inventory.of(Use):
        subject = inventory.records.get(one.subject)
        if isinstance(subject, Identity):
            if is_off(subject.status) and subject.kind is not IdentityKind.MCP_SERVER:
                yield one.id, {"subject_status": DISABLED, "off": subject.name}
            continue
        found = _GOOGLE.fullmatch(one.subject)
        if found and found["project"] in known and subject is None:
            email = one.subject.removeprefix("gcp:")
            yield one.id, {"subject_status": GONE, "off": email}


_GOOGLE = regex.later(
    r"gcp:(?P<name>[a-z0-9-]{1,63})@(?P<project>[a-z0-9.:-]{1,63})\.iam\.gserviceaccount\.com"
)


def _live_accounts(inventory: Inventory) -> set[str]:
    """Projects whose service accounts were told: what is not among them is gone."""
    return {
        one.account
        for one in inventory.of(Identity)
        if one.provider == "gcp"
        and one.kind is IdentityKind.SERVICE_ACCOUNT
        and isinstance(one.location, ServiceLocation)
    }


def _leavers(inventory: Inventory) -> Iterator[tuple[str, dict[str, Any]]]:
    """Accounts of people who have left: by an address that another service, or the registry of agents,
    knows as that of somebody who is gone."""
    left: dict[str, set[str]] = defaultdict(set)
    people = [one for one in inventory.of(Identity) if one.kind is IdentityKind.USER]
    for one in people:
        if one.status.lower() in _LEFT:
            for address in _addresses(one):
                left[address].add(one.provider)
    for entry in inventory.of(Resource):
        if entry.type == REGISTRATION and entry.settings.get("owner_left"):
            for name in (entry.settings.get("owner"), entry.settings.get("sponsor")):
                if isinstance(name, str) and "@" in name:
                    left[name.lower()].add("the registry of agents")
    for one in people:
        if is_off(one.status):
            continue
        by = {who for address in _addresses(one) for who in left.get(address, ())} - {one.provider}
        if by:
            yield one.id, {"left_elsewhere": ", ".join(sorted(by))}


def _addresses(one: Identity) -> set[str]:
    names = (one.name, *one.aliases, *(one.tags[key] for key in one.tags if key.lower() in _MAIL))
    return {name.lower() for name in names if _ADDRESS.fullmatch(name)}


_MAIL = ("email", "mail", "e-mail", "user_email")
_ADDRESS = regex.later(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")


def _keys(inventory: Inventory) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of keys of AWS in files: whether their account knows them as switched off, or not at all. Of an account
    that has a key without telling its id, as of the root user, nobody can say that it lacks one."""
    disabled: dict[str, str] = {}
    known: set[str] = set()
    accounts: set[str] = set()
    untold: set[str] = set()
    for one in inventory.of(Credential):
        if (
            isinstance(one.location, ServiceLocation)
            and one.tags.get("type") == "AWS::IAM::AccessKey"
        ):
            if not one.fingerprint:
                untold.add(one.location.account)
                continue
            accounts.add(one.location.account)
            known.add(one.fingerprint)
            if one.status is CredentialStatus.DISABLED:
                disabled[one.fingerprint] = one.name
    if not accounts:
        return
    for one in inventory.of(Credential):
        if not (isinstance(one.location, FileLocation) and one.format == "aws-access-key-id"):
            continue
        if one.fingerprint in disabled:
            yield one.id, {"key_status": DISABLED, "key_name": disabled[one.fingerprint]}
        elif one.fingerprint not in known and one.tags.get("account") in accounts - untold:
            yield one.id, {"key_status": GONE, "key_name": one.tags["account"]}


def _of_disabled(inventory: Inventory) -> Iterator[tuple[str, dict[str, Any]]]:
    """Credentials that nobody uses but what is switched off."""
    users: dict[str, list[Identity | None]] = defaultdict(list)
    for use in inventory.of(Use):
        by = inventory.records.get(use.by)
        users[use.subject].append(by if isinstance(by, Identity) else None)
    for one in inventory.of(Credential):
        several = users.get(one.id)
        if several and all(by is not None and is_off(by.status) for by in several):
            yield one.id, {"only_used_by_off": [by.name for by in several if by is not None]}


def _left_in_state(inventory: Inventory) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the state of Terraform has, and the code beside it declares no more. What a module makes may be
    declared where nobody has looked."""
    declared: dict[str, set[str]] = defaultdict(set)
    held: list[tuple[Identity | Credential, str, str]] = []
    for one in inventory.records.values():
        found = _DECLARED.match(one.id)
        if found is None:
            continue
        folder, is_state = found["folder"], found["state"] is not None
        if not is_state:
            declared[folder].add(_INDEX.sub("", found["address"]))
        elif isinstance(one, Identity | Credential) and not found["address"].startswith("module."):
            parent = found["state"].rpartition("/")[0] or "."
            held.append((one, parent, _INDEX.sub("", found["address"])))
    left = {
        one.id
        for one, folder, address in held
        if declared[folder] and address not in declared[folder]
    }
    for one, _, address in held:
        if one.id in left and getattr(one, "identity", None) not in left:
            yield one.id, {"only_in_state": address}


_DECLARED = regex.later(
    r"terraform:(?P<folder>(?P<state>[^:]{1,400}\.tfstate)|[^:]{1,400}):(?P<address>[\w.\[\]\"-]{1,400})"
)
_INDEX = regex.later(r"\[[^\]]{0,200}\]")


def _names(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
