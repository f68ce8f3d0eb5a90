"""What of the inventory is one, or belongs together, across surfaces: by exact keys, and what else suggests it.

A secret in a repository, the key of a user of IAM and the object that declares it stay three records: each has
a place of its own, where something else is to be done. They are one node by their links: see `found`. Records
that share an id are merged before (`inventory/build.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from keymuster.model import Credential, FileLocation, Identity, Observation, ServiceLocation

if TYPE_CHECKING:
    from keymuster.inventory.linking.keys import Keyed, Says

# what looks for links is imported where there are two records that may have one

FOUND = "secret:"
"""How ids of credentials begin whose text was found."""

MOST = 50
"""Records of one key that are linked each with each; of more, each is linked with the first."""


class Link(Struct, frozen=True, kw_only=True):
    """`to` is the id of another record. The `key` is what both have; of what is only suggested, `why`."""

    to: str
    key: str = ""
    why: str = ""

    def __str__(self) -> str:
        return f"{self.to} {self.reason}".rstrip()

    @property
    def reason(self) -> str:
        """By what it is known; empty if it follows from other links."""
        if self.why:
            return f"by {self.why}"
        if not self.key:
            return ""
        from keymuster.inventory.linking.keys import in_words

        return f"by the same {in_words(self.key)}"


class Links(Struct, frozen=True, kw_only=True):
    """By the id of a record. `same` are other records of one credential, or of one thing that code declares
    and a service tells of; `proves` the identity that a
    credential proves, `alike` other credentials that prove the same one, whoever that is; `within` the keys
    of accounts of a service that was looked at. `suggested` is never more than that. `nodes` are all records
    that `same` connects, over however many others: what code declares is known by its address, and that by a
    state which knows the key."""

    same: dict[str, tuple[Link, ...]] = {}
    proves: dict[str, Link] = {}
    alike: dict[str, tuple[Link, ...]] = {}
    within: dict[str, tuple[str, ...]] = {}
    suggested: dict[str, tuple[Link, ...]] = {}
    nodes: dict[str, tuple[str, ...]] = {}

    def __bool__(self) -> bool:
        return bool(self.same or self.proves or self.alike or self.within or self.suggested)


NONE = Links()


def found(records: Mapping[str, Observation], *, weak: bool = True) -> Links:
    """The links between records; without those by `weak` keys, such as names, if these mean nothing to each other. Where
    there are no two that could have one, there is nothing to do."""
    credentials = [one for one in records.values() if isinstance(one, Credential)]
    identities = [one for one in records.values() if isinstance(one, Identity)]
    if len(credentials) + len(identities) < 2:
        return NONE
    from keymuster.inventory.linking import deployed
    from keymuster.inventory.linking.keys import Says

    same: dict[str, dict[str, Link]] = defaultdict(dict)
    alike: dict[str, dict[str, Link]] = defaultdict(dict)
    proves: dict[str, dict[str, Link]] = defaultdict(dict)
    within: dict[str, dict[str, None]] = defaultdict(dict)

    def link(one: str, other: str, key: str) -> None:
        same[one].setdefault(other, Link(to=other, key=key))
        same[other].setdefault(one, Link(to=one, key=key))

    deployed.pairs(records, link)
    for says, key, several in _shared([*credentials, *identities]) if credentials else ():
        proofs = [one for one in several if isinstance(one, Credential)]
        if says is Says.WITHIN:
            if any(isinstance(one.location, ServiceLocation) for one in several):
                for one in proofs:
                    if isinstance(one.location, FileLocation):
                        within[one.id][key] = None
            continue
        _pair(same if says is Says.SAME else alike, key, proofs)
        if says is Says.PROVES:
            for one in proofs:
                for other in several:
                    if isinstance(other, Identity):
                        proves[one.id].setdefault(other.id, Link(to=other.id, key=key))
    links = Links(
        same={id: tuple(others.values()) for id, others in same.items()},
        nodes=_nodes(same),
        alike={id: tuple(others.values()) for id, others in alike.items()},
        proves=_meant(proves, records),
        within={id: tuple(names) for id, names in within.items()},
    )
    return _suggested(links, records, credentials, weak)


def _shared(records: Iterable[Keyed]) -> list[tuple[Says, str, list[Keyed]]]:
    """The keys that several records have, and who."""
    from keymuster.inventory.linking.keys import keys

    by_key: dict[tuple[Says, str], list[Keyed]] = {}
    for one in records:
        for sort, key in keys(one):
            several = by_key.setdefault((sort.says, key), [])
            if not several or several[-1] is not one:  # a name that it has twice
                several.append(one)
    return [(says, key, several) for (says, key), several in by_key.items() if len(several) > 1]


def _pair(links: dict[str, dict[str, Link]], key: str, several: list[Credential]) -> None:
    for number, one in enumerate(several):
        for other in several[:number] if len(several) <= MOST else several[: min(number, 1)]:
            links[one.id].setdefault(other.id, Link(to=other.id, key=key))
            links[other.id].setdefault(one.id, Link(to=one.id, key=key))


def _nodes(same: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for first in same:
        if first in found:
            continue
        node = {first: None}
        left = [first]
        while left:
            near = [id for id in same.get(left.pop(), ()) if id not in node]
            node |= dict.fromkeys(near)
            left += near
        found |= dict.fromkeys(node, tuple(node))
    return found


def _meant(
    proves: Mapping[str, Mapping[str, Link]], records: Mapping[str, Observation]
) -> dict[str, Link]:
    """The one identity that a credential proves, by the surest sort of key that means but one: that which
    exists, before what declares it."""
    from keymuster.inventory.linking.keys import rank

    meant: dict[str, Link] = {}
    for id, others in proves.items():
        by_sort: dict[int, list[Link]] = defaultdict(list)
        for link in others.values():
            by_sort[rank(link.key)].append(link)
        for _, several in sorted(by_sort.items()):
            told = [one for one in several if _is_told(records[one.to])] or several
            if len(told) == 1:
                meant[id] = told[0]
                break
    return meant


def _is_told(record: Observation) -> bool:
    return isinstance(record.location, ServiceLocation)


def _suggested(
    links: Links, records: Mapping[str, Observation], credentials: list[Credential], weak: bool
) -> Links:
    from keymuster.inventory.linking import deployed, suggestions

    linked = {id: {one.to for one in others} for id, others in links.same.items()}
    found = suggestions.suggested(
        credentials, deployed.possible(records.values()) if weak else (), linked, weak=weak
    )
    return replace(links, suggested=found) if found else links


def joined(records: dict[str, Observation], links: Links) -> dict[str, Observation]:
    """The records, with what a credential that was found learns from what it is one with: whom it proves,
    how old it is, when it ends and when it was last used."""
    changed = {
        id: made
        for id in (*links.same, *links.proves)
        if isinstance(one := records[id], Credential)
        and (made := _joined(one, records, links)) is not one
    }
    return {id: changed.get(id, one) for id, one in records.items()} if changed else records


def _joined(one: Credential, records: Mapping[str, Observation], links: Links) -> Credential:
    if not one.id.startswith(FOUND):
        return one
    told = list(_told(one.id, records, links))
    changes: dict[str, Any] = {}
    if not one.identity:
        who = {other.identity for other in told if other.identity}
        if not who and one.id in links.proves:
            who = {links.proves[one.id].to}
        if not who:
            others = counterparts(one.id, records, links)
            who = {name for other in others if (name := other.identity) and name in records}
        if len(who) == 1:
            changes["identity"] = who.pop()
    if len(told) == 1:
        [other] = told
        changes |= {
            name: value
            for name in ("created_at", "expires_at", "last_used_at", "never_used")
            if getattr(one, name) is None and (value := getattr(other, name)) is not None
        }
    return replace(one, **changes) if changes else one


def counterparts(id: str, records: Mapping[str, Any], links: Links) -> Iterator[Credential]:
    """The other records of one credential."""
    for other in links.nodes.get(id, ()):
        one = records.get(other)
        if other != id and isinstance(one, Credential):
            yield one


def _told(id: str, records: Mapping[str, Any], links: Links) -> Iterator[Credential]:
    """Those of them that a service tells of."""
    for other in counterparts(id, records, links):
        if not other.id.startswith(FOUND) and isinstance(other.location, ServiceLocation):
            yield other


def stands_in(one: Credential, records: Mapping[str, Any], links: Links) -> bool:
    """Whether another record of the same credential counts in its place, so that what proves an identity is
    counted once."""
    if not one.id.startswith(FOUND):
        return False
    return any(
        other.identity == one.identity and not other.id.startswith(FOUND)
        for other in counterparts(one.id, records, links)
    )
