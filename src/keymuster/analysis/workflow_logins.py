"""What follows for workflows that sign in to an identity that is declared beside them: whether its trusts
accept what they say of themselves, and whether they accept more than any of them says.

Whose repository it is that the workflows lie in is not known, so a token may be of any.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from keymuster.analysis.claims import Accepted, Condition, Tokens, accepted, leaves, told
from keymuster.analysis.known import Known
from keymuster.analysis.languages import (
    EVERYTHING,
    NOTHING,
    Language,
    TooLarge,
    at_most,
    chain,
    characters,
    complement,
    forget,
    is_empty,
    literal,
    repeated,
    some,
)
from keymuster.analysis.trust_facts import as_written, surroundings
from keymuster.analysis.trusts import Surroundings, accepts
from keymuster.inventory.build import Inventory
from keymuster.inventory.facts import UNKNOWN
from keymuster.model import FileLocation, Identity, IdentityKind, Trust, TrustKind, Use
from keymuster.settings import Settings

_MOST_STEPS = 60_000
_FORMS = ("branch", "tag", "environment", "pull_request")
_ISSUER = "github"
_PERHAPS = "perhaps "

_NO_SLASH = repeated(characters((0, ord("/") - 1), (ord("/") + 1, 0x10FFFF)))


class Login(Struct, frozen=True):
    """A job that signs in to an identity, and what it says of itself: a form and its value, which may
    hold wildcards. `is_known` if it says nothing else, `by_pull_request` if a pull request surely runs
    it."""

    use: Use
    job: Identity
    says: tuple[tuple[str, str], ...]
    is_known: bool
    by_pull_request: bool


def facts(inventory: Inventory, configured: Settings, known: Known) -> dict[str, dict[str, Any]]:
    """For uses by workflows, and for trusts of what they use."""
    logins: dict[str, list[Login]] = {}
    for use in inventory.of(Use):
        job, role = inventory.records.get(use.by), inventory.records.get(use.subject)
        if _says_what_it_is(job) and isinstance(job, Identity) and isinstance(role, Identity):
            logins.setdefault(role.id, []).append(_login(use, job))
    if not logins:
        return {}
    around = surroundings(inventory, configured, known)
    pools = [
        one
        for one in inventory.of(Trust)
        if one.provider == "gcp" and one.kind is TrustKind.FEDERATION
    ]
    found: dict[str, dict[str, Any]] = {}
    for id, several in logins.items():
        trusts = [as_written(one, inventory) for one in inventory.trusts(id)]
        found |= _of_identity(trusts, pools, several, around, inventory)
    forget()
    return found


def _says_what_it_is(job: object) -> bool:
    return (
        isinstance(job, Identity)
        and job.kind is IdentityKind.WORKFLOW_JOB
        and bool(job.tags.get("subjects"))
    )


def _login(use: Use, job: Identity) -> Login:
    written = job.tags["subjects"].split("\n")
    says = [one.removeprefix(_PERHAPS).partition(":") for one in written if one != "?"]
    return Login(
        use=use,
        job=job,
        says=tuple((form, value) for form, _, value in says),
        is_known="?" not in written,
        by_pull_request="pull_request" in written,
    )


def _of_identity(
    trusts: Sequence[Trust], pools: Sequence[Trust], logins: Sequence[Login],
    around: Surroundings, inventory: Inventory,
) -> dict[str, dict[str, Any]]:  # fmt: skip
    accepting: list[tuple[Trust, list[Accepted]]] = []
    found: dict[str, dict[str, Any]] = {}
    for one in trusts:
        for tokens, condition in accepts(one, [*trusts, *pools], around):
            forms = _accepted(tokens, condition)
            if tokens.issuer.id == _ISSUER and forms is not None:
                accepting.append((one, forms))
                found[one.id] = _told_of(one, forms, logins, inventory)
    forms = [form for _, several in accepting for form in several]
    privilege = inventory.facts.get(logins[0].use.subject, {}).get("privilege", UNKNOWN)
    for login in logins if accepting else ():
        found[login.use.id] = {
            "login": _answer(login, forms),
            "pull_requests": _by_pull_request(login, forms),
            "privilege": privilege,
            "subject_name": getattr(inventory.records.get(login.use.subject), "name", ""),
            "says": _says(login),
        }
    return found


def _accepted(tokens: Tokens, condition: Condition) -> list[Accepted] | None:
    """What is accepted, of each form; None if that is too much work to tell."""
    try:
        with at_most(_MOST_STEPS):
            return [one for one in accepted(tokens, condition) if not is_empty(one.words.most)]
    except TooLarge:
        return None


def _meets(one: Accepted, login: Login) -> Language:
    """The words of a form that the tokens of a job may be."""
    form = one.space.form.name
    if form == "pull_request":
        return EVERYTHING if any(said == form for said, _ in login.says) else NOTHING
    values = [_glob(value) for said, value in login.says if said == form]
    return one.space.where(form, some(*values)) if values else NOTHING


def _glob(text: str) -> Language:
    """The names that a filter of GitHub lets through, or some more of them."""
    if re.search(r"[?+\[\]!\\]", text):
        return EVERYTHING
    parts = re.split(r"(\*+)", text)[:41]
    return chain(*(_stars(one) if one.startswith("*") else literal(one) for one in parts))


def _stars(text: str) -> Language:
    return EVERYTHING if len(text) > 1 else _NO_SLASH


def _answer(login: Login, forms: Iterable[Accepted]) -> str:
    """`accepted`, `refused`, or `unknown` where an expression decides what it says, or a subject is
    customised."""
    is_known = login.is_known
    for one in forms:
        if one.space.form.rare:
            continue
        if one.space.form.name not in _FORMS:
            is_known = False
        elif not _is_empty(one.words.most & _meets(one, login)):
            return "accepted"
    is_known &= any(not one.space.form.rare for one in forms)
    return "refused" if is_known else UNKNOWN


def _by_pull_request(login: Login, forms: Iterable[Accepted]) -> str:
    if not login.by_pull_request:
        return "no"
    pulls = (one for one in forms if one.space.form.name == "pull_request")
    return "yes" if any(not is_empty(one.words.shown) for one in pulls) else "no"


def _is_empty(words: Language) -> bool:
    try:
        with at_most(_MOST_STEPS):
            return is_empty(words)
    except TooLarge:
        return False


def _told_of(
    trust: Trust, forms: Sequence[Accepted], logins: Sequence[Login], inventory: Inventory
) -> dict[str, Any]:
    """Whether a trust accepts what no workflow says. Of a trust for several repositories nobody knows
    which of them is this one."""
    open = {*inventory.facts.get(trust.id, {}).get("open", ())}
    open |= {*inventory.facts.get(trust.id, {}).get("several", ())}
    if "repository" in open or not all(login.is_known for login in logins):
        return {}
    try:
        with at_most(_MOST_STEPS):
            example = next(_beyond(forms, logins), "")
    except TooLarge:
        return {}
    places = dict.fromkeys(
        f"{login.job.name} ({place.path}:{place.line})"
        for login in logins
        if isinstance(place := login.use.location, FileLocation)
    )
    return {
        "beyond_workflows": example,
        "needed": ", ".join(dict.fromkeys(_says(login) for login in logins)),
        "needed_by": ", ".join(places),
    }


def _beyond(forms: Sequence[Accepted], logins: Sequence[Login]) -> Iterator[str]:
    for one in forms:
        if one.space.form.name not in _FORMS or one.space.form.rare:
            continue
        others = complement(some(*(_meets(one, login) for login in logins)))
        word = one.readable(one.words.shown & others)
        if word is not None:
            unknowns = [name for leaf in leaves(one.condition) for name in leaf.unknowns]
            yield told(one.example(word), unknowns)


def _says(login: Login) -> str:
    names = {"branch": "branch ", "tag": "tag ", "environment": "environment "}
    said = [
        f"any {form}" if value == "**" else f"{names.get(form, 'pull requests')}{value}"
        for form, value in login.says
    ]
    return " or ".join(dict.fromkeys(said))
