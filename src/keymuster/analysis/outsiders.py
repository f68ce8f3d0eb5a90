"""Whose tokens a condition accepts: ours, named outsiders', or anybody's; and how many of ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct, structs

from keymuster.analysis.claims import (
    Accepted,
    Claim,
    Condition,
    Tokens,
    Undecided,
    accepted,
    asked,
    leaves,
    told,
)
from keymuster.analysis.languages import (
    EVERYTHING,
    Language,
    TooLarge,
    at_most,
    chain,
    complement,
    every,
    is_empty,
    literal,
    shortest,
    some,
)


class Audience(StrEnum):
    """Who outside can become an identity, the least first."""

    NOBODY = "nobody"
    SAME_ACCOUNT = "same-account"
    ESTATE = "estate"
    UNKNOWN = "unknown"
    VENDOR = "vendor"
    ANYONE = "anyone"


_RANK = {one: rank for rank, one in enumerate(Audience)}


class Ours(Struct, frozen=True, kw_only=True):
    """What is ours, by the word that an issuer has for it (`github: [acme]`, `aws: [111122223333]`).

    `settings` is what a team says: of such a word, all else is an outsider's. `seen` is what follows
    from where a thing was found (the owner of the repository): it is ours, and others may be too.
    `vendors` are public accounts of vendors, with their names.
    """

    settings: Mapping[str, tuple[str, ...]] = {}
    seen: Mapping[str, tuple[str, ...]] = {}
    vendors: Mapping[str, str] = {}

    def names(self, word: str) -> tuple[str, ...]:
        """All that is ours there."""
        return (*self.settings.get(word, ()), *self.seen.get(word, ()))


class Outsiders(Struct, frozen=True, kw_only=True):
    """Who a condition lets in.

    `example` is a token of an outsider's that is accepted, `because` the text that lets it in.
    `parties` are those that are named and are not known to be ours. `forms` are the kinds of token that are
    accepted, `open` the parts of them that can be anything, `several` those that can be more than one thing, each with
    an example; the last three hold for what each unknown in `depends_on` stands for.
    """

    audience: Audience
    reason: str = ""
    example: str = ""
    because: str = ""
    parties: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    forms: dict[str, str] = {}
    open: dict[str, str] = {}
    several: dict[str, str] = {}


_MOST_STEPS = 60_000
"""For one trust; ordinary ones take some thousand."""


def outsiders(
    tokens: Tokens, condition: Condition, ours: Ours, account: str = "", party: str = ""
) -> Outsiders:
    """Who a condition on an issuer's tokens lets in. `account` is the one that the identity is in;
    `party` is whose an issuer is, where no field of its tokens tells."""
    try:
        with at_most(_MOST_STEPS):
            return _outsiders(tokens, condition, ours, account, party)
    except TooLarge:
        return Outsiders(
            audience=Audience.UNKNOWN,
            reason="its conditions accept and refuse in too many ways to tell",
        )


def _outsiders(
    tokens: Tokens, condition: Condition, ours: Ours, account: str, party: str
) -> Outsiders:
    found = list(accepted(tokens, condition))
    unknowns = _unknowns(condition)
    worst = Outsiders(
        audience=Audience.NOBODY,
        reason=f"no token of {tokens.issuer.name} meets its conditions",
    )
    parties: dict[str, None] = {}
    for one in found:
        verdict = _of_form(one, ours, account, party)
        parties |= dict.fromkeys(verdict.parties)
        if _RANK[verdict.audience] > _RANK[worst.audience]:
            worst = verdict
        if worst.audience is Audience.ANYONE:
            break
    if worst.audience is Audience.NOBODY:
        return worst
    return structs.replace(
        _width_in_time(found, unknowns),
        audience=worst.audience,
        reason=worst.reason,
        example=told(worst.example, unknowns),
        because=worst.because,
        parties=tuple(parties),
        depends_on=tuple(unknowns),
    )


def _unknowns(condition: Condition) -> list[str]:
    return list(dict.fromkeys(name for one in leaves(condition) for name in one.unknowns))


# --- whose ------------------------------------------------------------------------------------


def _of_form(one: Accepted, ours: Ours, account: str, party: str) -> Outsiders:
    issuer, owners = one.space.tokens.issuer, one.owners
    if is_empty(one.words.most):
        return Outsiders(audience=Audience.NOBODY)
    if not owners:
        return _of_nobody_named(one, ours, party)
    word = issuer.ours
    if account and is_empty(one.words.most & _outside(one, owners, (account,))):
        return Outsiders(audience=Audience.SAME_ACCOUNT)
    outside = one.only(_outside(one, owners, (*ours.names(word), account)))
    if is_empty(outside.words.most):
        return Outsiders(audience=Audience.ESTATE)
    most = _most_parties(one.condition)
    named = _parties(outside, owners, outside.words.least, most)
    if named is None:
        whose = issuer.owners[0].replace("_", " ")
        return _open_to_anybody(outside, f"any {whose} will do")
    if not outside.words.is_known:
        return _undecided(outside, named)
    return _of_parties(outside, ours, named, word)


def _outside(one: Accepted, owners: list[str], names: Iterable[str]) -> Language:
    others = complement(some(*(literal(name, any_case=True) for name in names if name)))
    return every(*(one.space.where(field, others) for field in owners))


def _parties(one: Accepted, owners: list[str], words: Language, most: int) -> list[str] | None:
    """Those who are named, by the first field that names so few; None if anybody may be one."""
    return next(
        (named for field in owners if (named := one.values(words, field, most)) is not None), None
    )


def _most_parties(condition: Condition) -> int:
    """How many one condition can name: more of them means that one of its texts leaves it open."""
    written = [
        text for one in leaves(condition) if isinstance(one, Claim) for text, _ in one.written
    ]
    return min(1 + len(written) + sum(text.count("|") for text in written), 500)


def _open_to_anybody(one: Accepted, reason: str) -> Outsiders:
    word = one.readable(one.words.least, of_outsider=True)
    if word is None:
        return _undecided(one, [])
    return Outsiders(
        audience=Audience.ANYONE,
        reason=reason,
        example=one.example(word),
        because=_because(one, word),
    )


def _undecided(one: Accepted, named: list[str]) -> Outsiders:
    unknowns = _unknowns(one.condition)
    reasons = [leaf.reason for leaf in leaves(one.condition) if isinstance(leaf, Undecided)]
    if unknowns:
        reasons.append("it depends on " + ", ".join(f"`{name}`" for name in unknowns))
    return Outsiders(
        audience=Audience.UNKNOWN, reason="; ".join(dict.fromkeys(reasons)), parties=tuple(named)
    )


def _of_parties(one: Accepted, ours: Ours, named: list[str], word: str) -> Outsiders:
    names = ", ".join(f"`{name}`" for name in named)
    vendors = [ours.vendors.get(name, "") for name in named]
    if all(vendors):
        reason = f"{names} is an account of {', '.join(dict.fromkeys(vendors))}"
    elif ours.settings.get(word):
        reason = f"{names} is not among what is ours"
    else:
        reason = f"no setting says whose {names} is (`ours.{word}`)"
        return Outsiders(audience=Audience.UNKNOWN, reason=reason, parties=tuple(named))
    example = one.readable(one.words.least, of_outsider=True)
    return Outsiders(
        audience=Audience.VENDOR,
        reason=reason,
        example="" if example is None else one.example(example),
        because="" if example is None else _because(one, example),
        parties=tuple(named),
    )


def _of_nobody_named(one: Accepted, ours: Ours, party: str) -> Outsiders:
    """Nothing that is asked for says whose a token is: its issuer may, or nobody."""
    form = one.space.form
    if form.perhaps:
        return Outsiders(audience=Audience.UNKNOWN, reason=form.perhaps)
    if form.anybody or one.space.tells_owner:
        return _open_to_anybody(one, form.anybody or "nothing is asked that tells whose a token is")
    word = one.space.tokens.issuer.ours
    if party in ours.names(word):
        return Outsiders(audience=Audience.ESTATE)
    if not party:
        return Outsiders(audience=Audience.UNKNOWN, reason="the issuer's address is not known")
    return _of_parties(one, ours, [party], word)


def _because(one: Accepted, word: str) -> str:
    """The texts that let a token in; what is not asked, if there are none."""
    reasons = [
        f"`{text}`"
        for leaf in leaves(one.condition)
        if isinstance(leaf, Claim) and leaf.name != "aud"
        for text, language in leaf.written
        if one.space.text(leaf.name, word) in language
    ]
    if reasons:
        return ", ".join(dict.fromkeys(reasons))
    return "nothing is asked of `sub`" if "sub" not in asked(one.condition) else ""


# --- how many of ours -------------------------------------------------------------------------


def _width_in_time(found: list[Accepted], unknowns: list[str]) -> Outsiders:
    try:
        with at_most(_MOST_STEPS):
            return _width(found, unknowns)
    except TooLarge:
        return Outsiders(audience=Audience.UNKNOWN)


def _width(found: list[Accepted], unknowns: list[str]) -> Outsiders:
    """What differs in the tokens that are accepted; nothing is said of that where a condition on them
    cannot be judged."""
    if any(_hides_tokens(leaf) for one in found for leaf in leaves(one.condition)):
        return Outsiders(audience=Audience.UNKNOWN)
    forms: dict[str, str] = {}
    open: dict[str, str] = {}
    several: dict[str, str] = {}
    for one in found:
        if one.space.form.rare and forms:
            continue
        name = one.space.form.name
        if name not in forms and (example := _example(one)):
            forms[name] = told(example, unknowns)
            open |= dict.fromkeys(one.space.form.untold, forms[name])
        for field in one.space.tokens.issuer.breadth:
            if field in open or field not in one.space.matter or field in one.space.tokens.fixed:
                continue
            if example := _any_value(one, field):
                open[field] = told(example, unknowns)
            elif field not in several and one.values(one.words.shown, field, 1) is None:
                several[field] = told(_example(one), unknowns)
    several = {name: text for name, text in several.items() if name not in open}
    return Outsiders(audience=Audience.UNKNOWN, forms=forms, open=open, several=several)


def _hides_tokens(leaf: Claim | Undecided) -> bool:
    return isinstance(leaf, Undecided) and not leaf.beside


def _example(one: Accepted) -> str:
    word = one.readable(one.words.shown)
    return "" if word is None else one.example(word)


def _any_value(one: Accepted, field: str) -> str:
    """An example, if all that a field can be is accepted beside the same others. Where that is so, a
    value that nobody wrote is accepted too; the others are those that it is accepted beside."""
    space, words = one.space, one.words.shown
    strange = one.readable(words & space.where(field, _fresh(space.tokens.grammar[field])))
    if strange is None:
        return ""
    others = (name for name in space.fields if name != field)
    same = every(*(space.where(name, literal(space.value(name, strange))) for name in others))
    if not is_empty(every(space.words, same, complement(words))):
        return ""
    return one.example(one.readable(words & same) or strange)


@lru_cache(1024)
def _fresh(grammar: Language) -> Language:
    """A value that nobody wrote: where it is accepted, something leaves the field open."""
    marks = (literal("zq0x7"), literal("90717"), literal("0c0ffee5"))
    for mark in marks:
        text = shortest(every(grammar, chain(EVERYTHING, mark, EVERYTHING)))
        if text is not None:
            return literal(text)
    return literal(shortest(grammar) or "")
