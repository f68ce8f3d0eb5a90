"""Which vendor a key belongs to: one that a platform vouches for, never a name alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from msgspec import Struct

from keymuster import regex
from keymuster.analysis.known import Known
from keymuster.model import Identity
from keymuster.model.vendors import Vendor


class Party(Struct, frozen=True, kw_only=True):
    """Somebody outside. Two records with one `key` are of the same party. `by` is what tells so, in
    words; empty if nothing does, and `key` and `name` only keep apart what may be of different ones.
    `claims` is the vendor whose name it takes without one of that vendor's keys, `disguised` if it
    writes the name with letters that only look like it."""

    key: str
    name: str
    by: str = ""
    vendor: Vendor | None = None
    claims: Vendor | None = None
    disguised: bool = False


class Vendors:
    """All vendors that are known, by each of their keys. Directories and logins of who was known by another
    key are `learned`, so that what else comes from there is theirs, too."""

    def __init__(self, known: Known) -> None:
        every = known.vendors.vendors
        self._domains = {domain: one for one in every for domain in one.domains}
        self._clients = {id.casefold(): one for one in every for id in one.clients}
        self._slugs = {slug.casefold(): one for one in every for slug in one.apps}
        self._logins = {login.casefold(): one for one in every for login in one.github}
        self._tenants = {id: one for one in every for id in one.tenants}
        self._projects = {name: one for one in every for name in one.projects}
        self._formats = {name: one for one in every for name in one.formats or (one.id,)}
        self._names = {bare(name): one for one in every for name in (one.name, *one.also)}
        entries = {name: one for one in every for name in one.aws or (one.name,)}
        self._accounts = known.aws.accounts
        self._by_entry = entries

    def learn(self, apps: Iterable[Identity]) -> None:
        """Take the directories of applications whose vendor a key of their own tells, unless others with a
        verified publisher come from there, too."""
        told: dict[str, dict[str, Vendor | None]] = {}
        for one in apps:
            tenant = one.tags.get("owner_tenant", "").lower()
            found = self._by_own_keys(one) if tenant else None
            if tenant and (found or _is_verified(one)):
                told.setdefault(tenant, {})[found.key if found else ""] = (
                    found.vendor if found else None
                )
        for tenant, several in told.items():
            vendor = next(iter(several.values()))
            if len(several) == 1 and vendor is not None:
                self._tenants.setdefault(tenant, vendor)

    # --- by one key ----------------------------------------------------------------------------

    def of_account(self, number: str) -> Party:
        """An account of AWS."""
        name = self._accounts.get(number, "")
        if not name:
            return Party(key=f"aws:{number}", name=f"AWS account {number}", by=f"account {number}")
        vendor = self._by_entry.get(name)
        return _known(vendor, f"account {number}") or _named(name, f"account {number}")

    def of_host(self, host: str) -> Party | None:
        """Whose own domain, or one below it, a host is in; None if that is not known."""
        labels = host.lower().rstrip(".").split(".")
        for start in range(len(labels) - 1):
            if vendor := self._domains.get(".".join(labels[start:])):
                return _known(vendor, f"domain {'.'.join(labels[start:])}")
        return None

    def of_tenant(self, id: str) -> Party:
        """A directory of Entra."""
        by = f"directory {id}"
        return _known(self._tenants.get(id), by) or Party(key=f"tenant:{id}", name=by, by=by)

    def of_project(self, name: str) -> Party:
        """A project of Google Cloud."""
        found = _known(self._projects.get(name), f"project {name}")
        return found or Party(key=f"gcp:{name}", name=f"project {name}", by=f"project {name}")

    def of_credentials(self, vendor: str, name: str) -> Party:
        """Whose credentials have the formats of one file in `rules/tokens`, by its `vendor` and `name`."""
        return _known(self._formats.get(vendor), "") or Party(key=f"format:{vendor}", name=name)

    def of_name(self, vendor: Vendor) -> Party:
        """The vendor itself, for what only suggests it."""
        return Party(key=f"vendor:{vendor.id}", name=vendor.name, vendor=vendor)

    # --- an application ------------------------------------------------------------------------

    def of_app(self, app: Identity) -> Party:
        """Whoever publishes an application. If nothing tells, it stands for itself."""
        found = self._by_own_keys(app) or self._by_origin(app)
        if found is not None:
            return found
        vendor, disguised = self.claimed(app.name)
        by, key = _vouched(app)
        return Party(
            key=key or f"app:{app.id}", name=by.partition(" ")[2] if key else app.name, by=by,
            claims=None if _is_verified(app) else vendor, disguised=disguised,
        )  # fmt: skip

    def _by_own_keys(self, app: Identity) -> Party | None:
        tags = app.tags
        for id in (tags.get("client_id", ""), tags.get("app_id", "")):
            if found := _known(self._clients.get(id.casefold()), f"client id {id}"):
                return found
        if app.provider == _GITHUB:
            slug, login = tags.get("app_slug", ""), tags.get("publisher", "")
            if found := _known(self._slugs.get(slug.casefold()), f"GitHub App {slug}"):
                return found
            if found := _known(self._logins.get(login.casefold()), f"GitHub login {login}"):
                return found
        if app.provider == _GITLAB and (found := self._by_redirect(tags.get("homepage", ""))):
            return found
        if not _is_verified(app):
            return None
        domain, publisher = tags.get("publisher_domain", ""), tags.get("publisher", "")
        if domain and (found := self.of_host(domain)):
            return _known(found.vendor, f"verified domain {domain}")
        if publisher and app.provider != _GITHUB:
            return _known(self._of_publisher(publisher), f"verified publisher {publisher}")
        return None

    def _by_redirect(self, address: str) -> Party | None:
        """Whoever has the host that tokens are sent to has the tokens."""
        if not address.startswith("https://") or len(address.split()) != 1:
            return None
        host = address.removeprefix("https://").partition("/")[0].partition(":")[0]
        found = self.of_host(host)
        return _known(found.vendor, f"redirect to {host}") if found else None

    def _by_origin(self, app: Identity) -> Party | None:
        tenant = app.tags.get("owner_tenant", "").lower()
        found = self.of_tenant(tenant)
        return found if found.vendor is not None else None

    def _of_publisher(self, name: str) -> Vendor | None:
        """A name that the platform has checked: of a company, with or without the form of it."""
        return self._names.get(bare(name)) or self._names.get(bare(_FORM.sub("", name)))

    def claimed(self, name: str) -> tuple[Vendor | None, bool]:
        """The vendor whose name something takes: that is its name, or begins with it; and whether it is
        written with letters that only look so."""
        plain = _words(name)
        for words, disguised in ((plain, False), (_words(_looks(name)), True)):
            if disguised and words == plain:
                break
            for length in range(min(len(words), _MOST_WORDS), 0, -1):
                vendor = self._names.get("".join(words[:length]))
                if vendor and (length == len(words) or not vendor.common):
                    return vendor, disguised
        return None, False

    def named_in(self, name: str) -> Vendor | None:
        """The vendor after whom something of ours seems to be named: `fivetran-loader`. That proves
        nothing. Platforms are named in everything, and words that are names in much."""
        words = _words(_CAMEL.sub(" ", name).replace("_", " "))[:_MOST_NAMED]
        for start in range(len(words)):
            for length in range(1, _MOST_WORDS + 1):
                vendor = self._names.get("".join(words[start : start + length]))
                if vendor and not vendor.common and not vendor.platforms:
                    return vendor
        return None


_GITHUB = "github"
_GITLAB = "gitlab"
_CAMEL = regex.later(r"(?<=[a-z0-9])(?=[A-Z])")
_MOST_NAMED = 20
_MOST_WORDS = 4
_FORM = regex.later(
    r"[,\s]{1,3}(?:inc|llc|l\.l\.c|ltd|limited|gmbh|corp|corporation|pbc|plc|ag|s\.a|bv|b\.v|pty ltd)\.?$",
    re.IGNORECASE,
)


def bare(name: str) -> str:
    """A name without case, spaces and signs."""
    return "".join(_words(name))


def _words(name: str) -> list[str]:
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", name).casefold())


_LOOK_ALIKE = str.maketrans(
    {
        **dict(zip("авеёікмнорсстухѕјԁɡʟ", "abeeikmhopcctyxsjdgl", strict=True)),
        **dict(zip("αβεικνορτυχ", "abeiknoptux", strict=True)),
        **dict(zip("0135\u0131\u0142", "olesil", strict=True)),
    }
)
"""Letters of other alphabets, and digits, by the Latin letter that they look like."""


def _looks(name: str) -> str:
    """A name as a hurried reader takes it."""
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    kept = "".join(one for one in letters if not unicodedata.combining(one))
    return kept.translate(_LOOK_ALIKE)


def _is_verified(app: Identity) -> bool:
    return app.tags.get("verified") == "true"


def _vouched(app: Identity) -> tuple[str, str]:
    """What a platform says of a publisher that is not among the known vendors: in words, and as a key."""
    tags = app.tags
    if app.provider == _GITHUB and (login := tags.get("publisher", "")):
        return f"login {login}", f"github:{login.casefold()}"
    if _is_verified(app) and (domain := tags.get("publisher_domain", "")):
        return f"domain {domain}", f"domain:{domain.lower()}"
    if _is_verified(app) and (publisher := tags.get("publisher", "")):
        return f"publisher {publisher}", f"publisher:{bare(publisher)}"
    if tenant := tags.get("owner_tenant", "").lower():
        return f"directory {tenant}", f"tenant:{tenant}"
    return "", ""


def _known(vendor: Vendor | None, by: str) -> Party | None:
    if vendor is None:
        return None
    return Party(key=f"vendor:{vendor.id}", name=vendor.name, by=by, vendor=vendor)


def _named(name: str, by: str) -> Party:
    """One that a list of accounts names, and nothing else."""
    return Party(key=f"named:{bare(name)}", name=name, by=by)
