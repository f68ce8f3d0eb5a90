"""Conditions on the claims of a token, and the tokens of an issuer that meet them.

A token is a word: the fields of its issuer, with a separator between each two. What a condition asks
of a claim becomes the set of words whose claim is so; conditions on several claims then are sets of
the same words, and what claims have in common is not lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from keymuster import regex
from keymuster.analysis.expressions import whole
from keymuster.analysis.languages import (
    EVERYTHING,
    NOTHING,
    SEPARATOR,
    Language,
    Preimage,
    chain,
    complement,
    every,
    is_empty,
    literal,
    shortest,
    some,
    wildcards,
)
from keymuster.model.issuers import Issuer, TokenForm
from keymuster.model.unknown import depends_on


class Bounds(Struct, frozen=True):
    """What is known of a set: `least` is surely in it, nothing outside of `most` is, and `shown` is
    what it is if each unknown stands for one name."""

    least: Language
    most: Language
    shown: Language

    @property
    def is_known(self) -> bool:
        """Whether nothing of it depends on what is not known."""
        return self.least is self.most

    def map(self, change: Callable[[Language], Language]) -> Bounds:
        """The same change to each; one that does not turn less into more."""
        if self.is_known:
            return known(change(self.least))
        return Bounds(change(self.least), change(self.most), change(self.shown))

    def __invert__(self) -> Bounds:
        return Bounds(complement(self.most), complement(self.least), complement(self.shown))


def known(language: Language) -> Bounds:
    """A set of which all is known."""
    return Bounds(language, language, language)


ALL, NONE = known(EVERYTHING), known(NOTHING)
UNDECIDED = Bounds(NOTHING, EVERYTHING, EVERYTHING)


def union(parts: Iterable[Bounds]) -> Bounds:
    """What at least one of several sets has."""
    sets = list(parts)
    return Bounds(
        some(*(one.least for one in sets)),
        some(*(one.most for one in sets)),
        some(*(one.shown for one in sets)),
    )


def intersection(parts: Iterable[Bounds]) -> Bounds:
    """What all of several sets have."""
    sets = list(parts)
    return Bounds(
        every(*(one.least for one in sets)),
        every(*(one.most for one in sets)),
        every(*(one.shown for one in sets)),
    )


# --- texts that may hold unknowns -------------------------------------------------------------

_PIECES = regex.later(r"(\$\{[^{}]*\})")
_STANDS_FOR = "unknown-name"


def texts(written: str, plain: Callable[[str], Language] = literal) -> Bounds:
    """The texts that a written one may mean; `plain` makes a language of what is known of it."""
    if not depends_on(written):
        return known(plain(written))
    pieces = _PIECES.split(written)
    anything = [EVERYTHING if depends_on(one) else plain(one) for one in pieces]
    named = [literal(_STANDS_FOR) if depends_on(one) else plain(one) for one in pieces]
    path = literal(f"{_STANDS_FOR}/{_STANDS_FOR}")
    paths = [path if depends_on(one) else plain(one) for one in pieces]
    return Bounds(NOTHING, chain(*anything), some(chain(*named), chain(*paths)))


def patterns(written: str) -> Bounds:
    """The same of a text with wildcards; `${*}`, `${?}` and `${$}` are the signs themselves."""
    if not depends_on(written):
        return known(_with_signs(written))
    return texts(written, _with_signs)


def _with_signs(pattern: str) -> Language:
    pieces = re.split(r"\$\{([*?$])\}", pattern)
    return chain(*(literal(one) if i % 2 else wildcards(one) for i, one in enumerate(pieces)))


def told(text: str, unknowns: Iterable[str]) -> str:
    """An example with what it depends on in place of what stood for that."""
    if _STANDS_FOR not in text:
        return text
    names = list(dict.fromkeys(unknowns))
    name = f"${{{names[0]}}}" if len(names) == 1 else "${...}"
    return re.sub(f"{_STANDS_FOR}(/{_STANDS_FOR})?", lambda _: name, text)


# --- conditions -------------------------------------------------------------------------------


class Claim(Struct, frozen=True):
    """A condition on one claim. `absent` is what it says of a token without the claim, `all_values`
    whether each of several values must be in the set. `written` are the texts it was made of."""

    name: str
    values: Bounds
    absent: bool = False
    all_values: bool = False
    written: tuple[tuple[str, Language], ...] = ()
    unknowns: tuple[str, ...] = ()


class Undecided(Struct, frozen=True):
    """A condition that cannot be judged here. `beside` says that it is about something that no token
    tells, so that it does not change how many tokens are accepted."""

    reason: str
    unknowns: tuple[str, ...] = ()
    beside: bool = False


class Both(Struct, frozen=True):
    """Conditions that must all hold; with none, anything does."""

    parts: tuple[Condition, ...] = ()


class Either(Struct, frozen=True):
    """Conditions of which one must hold; with none, nothing does."""

    parts: tuple[Condition, ...] = ()


class Not(Struct, frozen=True):
    """A condition that must not hold."""

    part: Condition


Condition: TypeAlias = Claim | Undecided | Both | Either | Not


def claim(name: str, written: Iterable[str], plain: Callable[[str], Bounds] = texts) -> Claim:
    """A condition that a claim is one of several written texts."""
    each = [(one, plain(one)) for one in written]
    return Claim(
        name,
        union(found for _, found in each),
        written=tuple((one, found.most) for one, found in each),
        unknowns=tuple(name for one, _ in each for name in depends_on(one)),
    )


def leaves(condition: Condition) -> Iterator[Claim | Undecided]:
    """The conditions that hold no others."""
    match condition:
        case Both(parts) | Either(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case _:
            yield condition


def asked(condition: Condition) -> set[str]:
    """The names of the claims that a condition looks at."""
    return {one.name for one in leaves(condition) if isinstance(one, Claim)}


# --- tokens -----------------------------------------------------------------------------------


class Tokens(Struct, frozen=True, eq=False, dict=True):
    """What one issuer can say; `fixed` are the fields that its address tells."""

    issuer: Issuer
    fixed: Mapping[str, str] = {}

    @cached_property
    def grammar(self) -> dict[str, Language]:
        """What each field can be."""
        found = {name: whole(text) for name, text in self.issuer.fields.items()}
        return found | {name: literal(text) for name, text in self.fixed.items()}

    @cached_property
    def such_as(self) -> dict[str, Language]:
        """What is good to read, of the fields that say so."""
        return {name: whole(text) for name, text in self.issuer.such_as.items()}

    @cached_property
    def claims(self) -> frozenset[str]:
        """The names of all claims that its tokens may have."""
        return frozenset(self.issuer.claims).union(*(one.claims for one in self.issuer.forms))

    @cached_property
    def _spaces(self) -> dict[tuple[int, frozenset[str]], Space]:
        return {}

    def spaces(self, names: Iterable[str]) -> Iterator[Space]:
        """The words of each form, as far as these claims and the subject look at them."""
        for number, form in enumerate(self.issuer.forms):
            told = {**self.issuer.claims, **form.claims}
            claims = {name: (one,) if isinstance(one, str) else one for name, one in told.items()}
            looked_at = {name: claims[name] for name in {*names, "sub"} if name in claims}
            used = (
                part for texts in looked_at.values() for text in texts for part in _fields(text)
            )
            key = number, frozenset([*used, *self.fixed])
            if key not in self._spaces:
                self._spaces[key] = Space(self, form, claims, key[1])
            yield self._spaces[key]


def _fields(text: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", text)


def template(text: str, fields: tuple[str, ...]) -> Preimage:
    """A claim's text over the fields, which it must use in their order and once: ValueError."""
    pieces = re.split(r"\{(\w+)\}", text)
    used, ends, at = [False] * len(fields), [""] * len(fields), -1
    for name, end in zip(pieces[1::2], pieces[2::2], strict=True):
        position = fields.index(name)
        if position <= at:
            raise ValueError(f"`{text}` does not use its fields in their order")
        used[position], ends[position], at = True, end, position
    return Preimage(pieces[0], tuple(used), tuple(ends))


class Space(Struct, frozen=True, eq=False, dict=True):
    """The tokens of one form as words of the fields that matter."""

    tokens: Tokens
    form: TokenForm
    claims: dict[str, tuple[str, ...]]
    matter: frozenset[str]

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The fields of a word, in order."""
        return tuple(name for name in self.tokens.issuer.fields if name in self.matter)

    @property
    def tells_owner(self) -> bool:
        """Whether some claim of such a token says whose it is."""
        parts = {
            part for several in self.claims.values() for one in several for part in _fields(one)
        }
        return not parts.isdisjoint(self.tokens.issuer.owners)

    @cached_property
    def words(self) -> Language:
        """Every word of this form."""
        parts: list[Language] = []
        for name in self.fields:
            parts += [literal(SEPARATOR)] if parts else []
            parts.append(self.tokens.grammar[name])
        return chain(*parts)

    @cached_property
    def _one_field(self) -> dict[str, Preimage]:
        return {name: template(f"{{{name}}}", self.fields) for name in self.fields}

    @cached_property
    def _preimages(self) -> dict[str, tuple[Preimage, ...]]:
        return {
            name: tuple(template(one, self.fields) for one in several)
            for name, several in self.claims.items()
            if all(part in self.matter for one in several for part in _fields(one))
        }

    @cached_property
    def nice(self) -> dict[str, Language]:
        """The words whose field is good to read, for each field that says what is."""
        said = self.tokens.such_as
        return {name: self.where(name, one) for name, one in said.items() if name in self.matter}

    def where(self, name: str, values: Language) -> Language:
        """The words whose field is one of these."""
        return self._one_field[name].of(values)

    def value(self, name: str, word: str) -> str:
        """A field of a word."""
        return word.split(SEPARATOR)[self.fields.index(name)]

    def text(self, name: str, word: str) -> str:
        """A claim of the token that a word stands for; empty if it has none."""
        ways = self._preimages.get(name)
        return ways[0].text(word.split(SEPARATOR)) if ways else ""

    def meeting(self, condition: Condition) -> Bounds:
        """The words that meet a condition, among others that are no words of this form."""
        match condition:
            case Both(parts):
                return intersection(map(self.meeting, parts))
            case Either(parts):
                return union(map(self.meeting, parts))
            case Not(part):
                return ~self.meeting(part)
            case Undecided():
                return UNDECIDED
            case Claim():
                return self._meeting_claim(condition)

    def _meeting_claim(self, asked: Claim) -> Bounds:
        ways = self._preimages.get(asked.name)
        if not ways:
            return ALL if asked.absent else NONE
        each = [asked.values.map(way.of) for way in ways]
        return intersection(each) if asked.all_values else union(each)


class Accepted(Struct, frozen=True):
    """The tokens of one form that a condition accepts."""

    space: Space
    condition: Condition
    words: Bounds

    @property
    def owners(self) -> list[str]:
        """The fields that say whose such a token is."""
        return [name for name in self.space.tokens.issuer.owners if name in self.space.matter]

    def only(self, words: Language) -> Accepted:
        """Those of them that are among some words."""
        return replace(self, words=self.words.map(lambda one: one & words))

    def values(self, words: Language, name: str, most: int) -> list[str] | None:
        """What a field can be, in any case of letters; None if that is more than so many."""
        found: list[str] = []
        while (word := shortest(words)) is not None:
            found.append(self.space.value(name, word))
            if len(found) > most:
                return None
            words &= self.space.where(name, complement(literal(found[-1], any_case=True)))
        return found

    def readable(self, words: Language, *, of_outsider: bool = False) -> str | None:
        """The shortest word, of those that are good to read if there are any."""
        owners = () if of_outsider else self.space.tokens.issuer.owners
        nice = [one for name, one in self.space.nice.items() if name not in owners]
        found = shortest(every(words, *nice))
        if found is not None or is_empty(words):
            return found
        for one in nice:
            better = words & one
            words = words if is_empty(better) else better
        return shortest(words)

    def example(self, word: str) -> str:
        """A token, as its subject and what else the condition looks at."""
        subject = self.space.text("sub", word)
        others = sorted(asked(self.condition) - {"sub", "aud"})
        told = [(name, self.space.text(name, word)) for name in others]
        pairs = [f"{name}={text}" for name, text in told if text and text not in subject]
        return " ".join([subject, *pairs] if subject else pairs)


def accepted(tokens: Tokens, condition: Condition) -> Iterator[Accepted]:
    """What a condition accepts, of each form. Where no subject is asked for, it makes no difference
    in what words it is said."""
    names = asked(condition)
    for space in tokens.spaces(names):
        if space.form.rare and "sub" not in names:
            continue
        words = space.meeting(condition).map(lambda one, words=space.words: one & words)  # type: ignore[misc]
        yield Accepted(space, condition, words)
