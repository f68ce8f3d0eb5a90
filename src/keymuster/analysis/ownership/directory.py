"""Who is who, and who is still there, as far as anybody tells: an export, live users of services, a catalogue.

Somebody is one person where a name that there is but once is shared: an address, an id, a login. A display name
or a bare word only helps if exactly one has it. Where sources contradict each other, an export outweighs the
directories that people sign in to, and those outweigh the rest; what stays a contradiction is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from keymuster.analysis.ownership import names
from keymuster.inventory.build import Inventory
from keymuster.inventory.statuses import is_off
from keymuster.model import Identity, IdentityKind, Resource
from keymuster.settings import Settings

_EXPORT, _SIGN_IN, _OTHER = 3, 2, 1
_RANKS = {"entra": _SIGN_IN, "okta": _SIGN_IN, "google-workspace": _SIGN_IN}
PEOPLE_OF = frozenset({*_RANKS, "github", "gitlab", "slack", "bitbucket"})
"""Services whose users are people; those of others, such as AWS, often are machines."""

_BY_ID = frozenset({*_RANKS, "slack"})
"""Services that call their users by ids which nobody else has."""

_THERE = frozenset(
    {"active", "enabled", "provisioned", "recovery", "password_expired", "locked_out", "staged"}
)
_ROLES = (("added_by", "added_by_role"), ("owner", "owner_role"), ("login", "owner_role"))
"""Settings of what GitHub tells: somebody, and what they are in the organisation."""


class Who(Struct, frozen=True, kw_only=True):
    """Somebody: by which key they are told apart, how they are called, whether they are still there."""

    key: str
    name: str
    active: bool | None = None
    why: str = ""


class _Entry(Struct, kw_only=True):
    """`said` is what sources tell of whether they are there: how much that counts, yes or no, and the reason.
    `members` are the keys of those who are in it, if it is a team."""

    names: list[str]
    shown: str
    said: list[tuple[int, bool, str]]
    members: list[str]


class Directory:
    """Asked for one name after the other."""

    def __init__(self, inventory: Inventory, configured: Settings) -> None:
        self._by_key: dict[str, _Entry] = {}
        self._weak: dict[str, list[_Entry]] = {}
        self._asking: set[int] = set()
        self._known: dict[str, Who] = {}
        self._is_complete = False
        self._domains: set[str] = set()
        for entry, strong, weak in _told(inventory):
            self._add(entry, strong, weak)
        if configured.owners.directory and configured.owners.directory_is_complete:
            self._is_complete = True
            self._domains = {
                key.rpartition("@")[2]
                for key, entry in self._by_key.items()
                if key.startswith("mail:") and any(rank == _EXPORT for rank, _, _ in entry.said)
            }

    def who(self, text: str) -> Who:
        """Whoever is called this. Of somebody that nobody tells of, only the name is known."""
        if text not in self._known:
            self._known[text] = self._who(text)
        return self._known[text]

    def _who(self, text: str) -> Who:
        entry = self._find(text)
        if entry is None:
            return self._stranger(text)
        active, why = self._active(entry)
        return Who(key=entry.names[0], name=entry.shown or names.plain(text), active=active, why=why)  # fmt: skip

    def known_names(self, text: str) -> list[str]:
        """What else somebody is surely called, in keys: `login:jane`, `team:acme/core`, `mail:jane@acme.example`."""
        entry = self._find(text)
        return [] if entry is None else [*entry.names]

    def are_together(self, one: str, other: str) -> bool:
        """Whether the one is in the other's team: then they do not compete."""
        first, second = self._find(one), self._find(other)
        if first is None or second is None or first is second:
            return False
        return any(
            self._find_key(key) is inner
            for inner, outer in ((first, second), (second, first))
            for key in outer.members
        )

    def _stranger(self, text: str) -> Who:
        name = names.plain(text)
        key = f"slug:{names.slug(text)}"
        if self._is_complete and names.is_mail(name):
            domain = name.casefold().rpartition("@")[2]
            if domain in self._domains:
                return Who(key=key, name=name, active=False, why="is not in the directory")
        return Who(key=key, name=name)

    # --- looking -----------------------------------------------------------------------------------

    def _find(self, text: str) -> _Entry | None:
        for key in names.keys(text):
            if (entry := self._find_key(key)) is not None:
                return entry
        return None

    def _find_key(self, key: str) -> _Entry | None:
        if (entry := self._by_key.get(key)) is not None:
            return entry
        several = {id(one): one for one in self._weak.get(key, ())}
        return several.popitem()[1] if len(several) == 1 else None

    def _active(self, entry: _Entry) -> tuple[bool | None, str]:
        best = max((rank for rank, _, _ in entry.said), default=0)
        said = {active: why for rank, active, why in sorted(entry.said) if rank == best}
        if len(said) == 1:
            return said.popitem()
        if said or not entry.members or id(entry) in self._asking:
            return None, "; ".join(sorted(said.values()))
        self._asking.add(id(entry))
        try:
            found = [self._find_key(key) for key in entry.members]
            each = [self._active(one)[0] if one is not None else None for one in found]
        finally:
            self._asking.discard(id(entry))
        if any(one is True for one in each):
            return True, "has a member who is there"
        if all(one is False for one in each):
            return False, "has no member who is still there"
        return None, ""

    # --- learning ----------------------------------------------------------------------------------

    def _add(self, entry: _Entry, strong: Sequence[str], weak: Iterable[str]) -> None:
        """Join it with whoever has one of its names."""
        found = list(
            {id(one): one for key in strong if (one := self._by_key.get(key)) is not None}.values()
        )
        home = found[0] if found else entry
        for one in [*found[1:], *([entry] if found else [])]:
            home.names = list(dict.fromkeys((*home.names, *one.names)))
            home.shown = home.shown or one.shown
            home.said += one.said
            home.members += one.members
        for key in (*home.names, *strong):
            self._by_key[key] = home
        for key in weak:
            self._weak.setdefault(key, []).append(home)
        moved = {id(one) for one in found[1:]}
        if moved:
            for key, several in self._weak.items():
                self._weak[key] = [home if id(one) in moved else one for one in several]


_Told = tuple[_Entry, list[str], list[str]]


def _told(inventory: Inventory) -> Iterator[_Told]:
    for one in inventory.of(Resource):
        if one.type == "directory":
            yield from _exported(one)
        elif one.type == "catalog_entity" and one.settings.get("kind") in ("user", "group"):
            yield from _of_catalog(one)
        else:
            yield from _of_role(one)
    for user in inventory.of(Identity):
        if user.kind is IdentityKind.USER and user.provider in PEOPLE_OF:
            yield _of_user(user)


def _entry(
    names: Sequence[str], shown: str = "", said: Iterable[tuple[int, bool, str]] = (),
    members: Iterable[str] = (),
) -> _Entry:  # fmt: skip
    return _Entry(names=[*names], shown=shown, said=[*said], members=[*members])


def _exported(one: Resource) -> Iterator[_Told]:
    teams: dict[str, list[str]] = {}
    for person in one.settings.get("people", ()):
        strong = [key for name in person["names"] for key in _strong(name)]
        strong += [f"login:{login.removeprefix('@').casefold()}" for login in person["github"]]
        strong += [f"id:{slack.removeprefix('@').casefold()}" for slack in person["slack"]]
        active = person["active"]
        where = f"{one.name}:{person['line']}"
        says = "is active" if active else "is not active any more"
        said = [(_EXPORT, active, f"{says} ({where})")] if active is not None else []
        weak = [f"slug:{names.slug(name)}" for name in person["names"] if not names.is_mail(name)]
        weak += [f"login:{name.casefold()}" for name in person["names"] if not names.is_mail(name)]
        shown = next((name for name in person["names"] if names.is_mail(name)), person["names"][0])
        if display := person["display"]:
            weak += [f"name:{display.casefold()}", f"slug:{names.slug(display)}"]
        shown = shown.casefold() if names.is_mail(shown) else shown
        yield _entry(strong, shown, said), strong, weak
        for team in person["teams"]:
            teams.setdefault(names.slug(team), []).append(strong[0])
    for team, members in teams.items():
        key = f"team-of-export:{team}"
        yield _entry([key], "", [], members=members), [key], [f"slug:{team}", f"name:{team}"]


def _strong(name: str) -> list[str]:
    if names.is_mail(name):
        return [f"mail:{name.casefold()}"]
    return [f"id:{name.casefold()}"]


def _of_user(user: Identity) -> _Told:
    status = user.status.casefold()
    active = False if is_off(status) else True if status in _THERE else None
    rank = _RANKS.get(user.provider, _OTHER)
    says = f"is {status} in {user.provider} ({user.location})"
    strong = [f"id:{user.id.casefold()}"]
    if user.provider in _BY_ID:
        strong.append(f"id:{user.id.rpartition('/')[2].casefold()}")
    for text in (user.name, *user.aliases):
        strong += [key for key in names.keys(text) if key.startswith(("mail:", "id:"))]
    if user.provider == "github":
        strong.append(f"login:{user.name.casefold()}")
    weak = [f"slug:{names.slug(user.name)}", f"name:{user.name.casefold()}"]
    strong = list(dict.fromkeys(strong))
    said = [(rank, active, says)] if active is not None else []
    return _entry(strong, user.name, said), strong, weak


def _of_role(one: Resource) -> Iterator[_Told]:
    for name, role in _ROLES:
        login, said = one.settings.get(name), one.settings.get(role)
        if not (isinstance(login, str) and isinstance(said, str) and login and said):
            continue
        key = f"login:{login.casefold()}"
        active = said != "none"
        why = (
            f"is {said} of the organisation"
            if active
            else "is no member of the organisation any more"
        )
        entry = _entry([key], "", [(_OTHER, active, why)] if "${" not in said else [])
        yield entry, [key], [f"slug:{names.slug(login)}"]


def _of_catalog(one: Resource) -> Iterator[_Told]:
    said = one.settings
    strong = [f"ref:{said['ref']}"]
    if mail := str(said.get("email") or "").casefold():
        strong.append(f"mail:{mail}")
    is_group = said["kind"] == "group"
    for text in said.get("also", ()):
        word = str(text).removeprefix("@").casefold()
        strong.append(f"{'team' if '/' in word else 'id' if is_group else 'login'}:{word}")
    weak = [f"slug:{names.slug(one.name)}"]
    weak += [f"name:{text.casefold()}" for text in (said.get("display"), said.get("title")) if text]
    members = [f"ref:{ref}" for ref in said.get("members", ())] if is_group else []
    shown = "" if is_group else str(said.get("email") or "")
    yield _entry(strong, shown, [], members=members), strong, weak
    for group in said.get("groups", ()):
        yield _entry([f"ref:{group}"], "", [], members=[strong[0]]), [f"ref:{group}"], []
