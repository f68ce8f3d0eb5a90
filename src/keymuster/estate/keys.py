"""What of a target others may share, as numbers: by it the join knows which targets have to do with each other, without
their records.

A key is what there is but one of in the world: the fingerprint of a secret, an id that a service gives, a name with a
domain or an account in it, an account. What only one target has by itself, such as the address of an object in its own
files, is none.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct

from keymuster.analysis.ownership.directory import PEOPLE_OF
from keymuster.estate.placing import placed
from keymuster.inventory.linking.deployed import marks
from keymuster.inventory.linking.keys import Says
from keymuster.inventory.linking.keys import keys as exact
from keymuster.inventory.links import NAMING
from keymuster.inventory.names import is_unique
from keymuster.model import (
    Credential,
    Effect,
    FileLocation,
    Grant,
    Identity,
    IdentityKind,
    Observation,
    Resource,
    Trust,
    Use,
)
from keymuster.model import organizations as aws
from keymuster.model.gcp_hierarchy import FOLDER, ORGANIZATION, PROJECT
from keymuster.model.texts import texts

VERSION = 1
"""Of what is a key: those that an older one has found are not asked."""


class Keys(Struct, frozen=True, kw_only=True, array_like=True):
    """Of one target: how many `records` it has, and its keys, each a sorted array of 64-bit numbers. Whoever has one of
    `meets`, too, has to do with it; and whoever `asks` for what another `offers`. What `informs` says what there is
    at all, to everybody: accounts, organisations. `people` are those whom its directory knows."""

    version: int
    records: int = 0
    meets: bytes = b""
    offers: bytes = b""
    asks: bytes = b""
    informs: tuple[Observation, ...] = ()
    people: tuple[Identity, ...] = ()


def numbers(several: bytes) -> array[int]:
    found = array("Q")
    found.frombytes(several)
    return found


def keys(observations: Iterable[Observation]) -> Keys:
    """Of the records of one target, with the paths that they have in it."""
    several = list(observations)
    has_files = any(isinstance(one.location, FileLocation) for one in several)
    found = _Found()
    for one, own in placed(_HERE, several) if has_files else ((one, one.id) for one in several):
        found.learn(one, is_shared=one.id == own)
    return found.keys(len(several))


_HERE = "\0"
"""Stands for the folder of the target: what has it in its name belongs to that alone."""


class _Found:
    def __init__(self) -> None:
        self._meets: set[int] = set()
        self._offers: set[int] = set()
        self._asks: set[int] = set()
        self._informs: dict[str, Observation] = {}
        self._people: dict[str, Identity] = {}
        self._accounts: dict[tuple[str, str], Observation] = {}
        self._placed: set[str] = set()
        self._open_to_all: set[str] = set()
        self._assuming_any: set[str] = set()

    def learn(self, one: Observation, *, is_shared: bool) -> None:
        is_told = not isinstance(one.location, FileLocation)
        if is_shared:
            self._meets.add(_number("id", one.id))
        if isinstance(one, Credential | Identity):
            self._linked(one, is_told)
        if isinstance(one, Credential | Identity | Resource):
            self._named(one, is_told)
        for field in NAMING.get(type(one), ()):
            if (name := getattr(one, field)) and _HERE not in name:
                self._asks.add(_number("name", name))
                if is_told:
                    self._asks.add(_number("alias", name))
        self._mentioned(one, is_told)
        if is_told:
            self._of_service(one)

    def _linked(self, one: Credential | Identity, is_told: bool) -> None:
        """By what links credentials (`inventory/linking`)."""
        is_proof = isinstance(one, Credential)
        for sort, key in exact(one):
            number = _number("key", key)
            if sort.says is Says.WITHIN:
                if is_told:
                    self._offers.add(number)
                elif is_proof:
                    self._asks.add(number)
            elif is_proof:
                self._meets.add(number)
                self._asks.add(number)
            else:
                self._offers.add(number)

    def _named(self, one: Credential | Identity | Resource, is_told: bool) -> None:
        side = self._offers if is_told else self._asks
        side.update(_number("mark", mark) for mark in marks(one))
        for name in (one.id, *getattr(one, "aliases", ())):
            if _HERE in name:
                continue
            if is_told or is_unique(name):
                self._offers.add(_number("name", name))
            if not is_told:
                self._offers.add(_number("alias", name))

    def _mentioned(self, one: Observation, is_told: bool) -> None:
        """Accounts, and objects of services, that a record speaks of."""
        for text in _texts(one, is_told):
            self._asks.update(_number("token", token) for token in _tokens(text))
        if isinstance(one, Identity) and _tells_account(one):
            self._meets.add(_number("account", f"{one.provider} {one.account}"))
            self._offers.add(_number("token", one.account.lower()))
            self._offers.add(_number("token", f"projects/{one.account}".lower()))
            self._placed.add(one.id)
        if isinstance(one, Trust) and one.provider == "aws":
            self._meets.update(_number("external id", text) for text in _external_ids(one))
            if one.principal == "*" and one.effect is Effect.ALLOW:
                self._open_to_all.add(one.identity)
        if isinstance(one, Grant) and _assumes_any(one):
            self._assuming_any.add(one.identity)

    def _of_service(self, one: Observation) -> None:
        place: Any = one.location
        self._offers.add(_number("token", place.account.lower()))
        if isinstance(one, Identity | Resource):
            for name in (one.id, *one.aliases):
                for token in _TOKEN.findall(name):
                    if not token.isdigit() and not token.startswith("projects/"):
                        self._offers.add(_number("token", token.lower()))
        if isinstance(one, Identity):
            if one.provider in ("aws", "gcp") and one.account:
                self._accounts.setdefault((one.provider, one.account), one)
            if one.kind is IdentityKind.USER and one.provider in PEOPLE_OF:
                self._people[one.id] = one
        if isinstance(one, Resource) and one.type in INFORMING:
            self._informs[one.id] = one

    def keys(self, records: int) -> Keys:
        if self._open_to_all & self._placed:
            self._offers.add(_ANY_ROLE)
        if self._assuming_any:  # perhaps by a policy, whoever has that
            self._asks.add(_ANY_ROLE)
        seen = {
            (provider, account): Resource(
                id=f"looked-at:{provider}/{account}", location=one.location, name=account,
                type=_SCANNER if provider == "aws" else PROJECT,
                settings={"provider": provider} if provider == "aws" else {"name": f"projects/{account}"},
            )
            for (provider, account), one in self._accounts.items()
        }  # fmt: skip
        told = {
            str(one.settings.get("name", ""))
            for one in self._informs.values()
            if isinstance(one, Resource)
        }
        for (provider, account), one in seen.items():
            if provider == "aws" or f"projects/{account}" not in told:
                self._informs[one.id] = one
        return Keys(
            version=VERSION, records=records, meets=_packed(self._meets), offers=_packed(self._offers),
            asks=_packed(self._asks), informs=tuple(self._informs.values()), people=tuple(self._people.values()),
        )  # fmt: skip


_SCANNER = "keymuster:scanner"
_REPOSITORIES = "GitHub::Repositories"

INFORMING = frozenset({
    aws.ACCOUNT, aws.ORGANIZATION, aws.UNIT, aws.POLICY, aws.ATTACHMENT, ORGANIZATION, FOLDER, PROJECT, _SCANNER,
    _REPOSITORIES,
})  # fmt: skip
"""Types of resources by which services tell what is ours, and what holds for all of it."""

_ACCOUNTS = frozenset({"aws", "gcp", "azure", "entra"})
"""Whose accounts have a name that there is one of in the world."""


def _tells_account(one: Identity) -> bool:
    if not one.account or one.provider not in _ACCOUNTS:
        return False
    return "${" not in one.account and _HERE not in one.account


_TOKEN = re.compile(
    r"(?<!\d)\d{12}(?!\d)"
    r"|(?<![0-9a-fA-F])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9a-fA-F])"
    r"|[\w.-]+@[\w.-]+\.gserviceaccount\.com"
    r"|projects/[\w.:-]+"
)
"""An account of AWS, an object of Entra, an account of Google Cloud or its project."""

_OF_PROJECT = ".iam.gserviceaccount.com"


def _tokens(text: str) -> Iterator[str]:
    for token in _TOKEN.findall(text):
        yield token.lower()
        if token.endswith(_OF_PROJECT):
            yield token.rpartition("@")[2].removesuffix(_OF_PROJECT).lower()


def _texts(one: Observation, is_told: bool) -> Iterator[str]:
    match one:
        case Identity():
            yield from (one.id, one.account, *one.aliases)
        case Grant():
            yield from (one.identity, one.via, *one.resources, *one.not_resources)
            yield from texts(one.conditions)
        case Trust():
            yield from (one.identity, one.principal)
            yield from texts(one.conditions)
        case Use():
            yield from (one.subject, one.by)
        case Credential():
            yield one.identity or ""
        case Resource():
            yield from one.aliases
            if is_told and one.type not in INFORMING:
                yield from texts(one.settings)


def _external_ids(one: Trust) -> Iterator[str]:
    for asks in one.conditions.values():
        if isinstance(asks, dict):
            for key, said in asks.items():
                if key.lower() == "sts:externalid":
                    yield from texts(said)


def _assumes_any(one: Grant) -> bool:
    """Whether it may be about assuming roles of any account."""
    if one.provider != "aws" or one.effect is not Effect.ALLOW:
        return False
    may = bool(one.not_actions) or any(
        text == "*" or text.lower().startswith(("sts:*", "sts:a", "s*", "st*"))
        for text in one.actions
    )
    return may and (not one.resources or any(_is_any_account(text) for text in one.resources))


def _is_any_account(resource: str) -> bool:
    account = "".join(resource.split(":", 5)[4:5])
    return not account.isdigit()


def _number(sort: str, text: str) -> int:
    data = f"{sort}\0{text}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "little")


_ANY_ROLE = _number("any", "aws role")


def _packed(several: set[int]) -> bytes:
    return array("Q", sorted(several)).tobytes()


def names_of(person: Identity) -> Iterator[str]:
    """By which records elsewhere may speak of somebody."""
    tags = (value for key, value in person.tags.items() if "mail" in key.lower())
    for name in (person.id, person.name, *person.aliases, *tags):
        yield name.casefold()
        yield name.rpartition(":")[2].casefold()


_PERSON = re.compile(r"[\w.+-]*@[\w.-]*\w")


def spoken_of(several: Iterable[Observation]) -> set[str]:
    """What may be names of people in records."""
    found: set[str] = set()
    for one in several:
        text = msgspec.json.encode(one).decode("utf-8", "replace") if _is_plain(one) else repr(one)
        for name in _PERSON.findall(text):
            found |= {name.casefold(), name.removeprefix("@").casefold()}
        match one:
            case Identity():
                found |= {hint.name.casefold() for hint in one.owner_hints}
                found |= {value.casefold() for value in one.tags.values()}
                if one.kind is IdentityKind.USER:
                    found |= {*names_of(one)}
            case Grant() if one.granted_by:
                found |= {one.granted_by.casefold(), one.granted_by.rpartition(":")[2].casefold()}
    return found


def _is_plain(one: Observation) -> bool:
    """Whether it can be written as JSON: names of files may hold bytes that are no UTF-8."""
    path = one.location.path if isinstance(one.location, FileLocation) else ""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
