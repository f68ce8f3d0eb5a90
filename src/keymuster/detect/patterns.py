"""From the facts of a token format to what the engine looks for.

A *gate* is what Hyperscan searches: cheap, bounded, never wrong about absence. A *confirm* is what
`re` then matches from the first byte of the candidate; together with the bytes around it, and
nothing else, it decides. So the answer is a function of the text, wherever a window began.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from itertools import takewhile

from msgspec import Struct
from msgspec.structs import replace

from keymuster import cache, regex
from keymuster.detect import runs
from keymuster.errors import RuleError
from keymuster.rules import shape
from keymuster.rules.schema import RuleSet, TokenFormat

# checksums, decoders and recognizers are imported where they are used: a scan without a hit, such
# as that of a clean commit, needs none of them

REACH = 80
"""How far before a value, on its own line, a context word may stand; in bytes."""

_LONGEST_REPEAT = 64
_LONGEST_GATE = 128


class Pattern(Struct, kw_only=True, dict=True, array_like=True):
    """One search. `length` is how many bytes before the end of a hit the candidate starts; None
    asks Hyperscan for the start. `number` is which of a recognizer's gates it is. A pattern with
    `words` has no gate of its own: the words are searched for, and `confirm` behind each of them."""

    format: int
    gate: str = ""
    words: tuple[str, ...] = ()
    least: int = 0
    """Of a pattern with words: the bytes that its secret has at least."""
    characters: str = ""
    """And those that it may have."""
    caseless: bool = False
    length: int | None = None
    confirm: str = ""
    recognizer: str = ""
    number: int = 0
    public: int = 0
    plain: bool = False
    """Whether nothing but context tells the form from other text."""
    context: tuple[str, ...] = ()
    """Words of which one must stand before a secret that a gate of its own found."""
    free: bool = True
    """Whether a secret must begin where a word may begin; a recognizer sees to that itself."""
    guess: bool = False
    """Whether its matches are weighed."""
    in_binary: bool = True
    """Whether the form tells enough where there are no words."""
    width: int = 0
    """Bytes that a match of the gate has at most."""
    most: int = 0
    """And a match of the confirm."""
    in_run: bool = False
    """Whether it has next to no fixed text to search for, but each match of the gate holds a long run
    (`runs`), which is quicker to find."""
    apart: bool = False
    """Whether its gate would slow the search for all others, if it were searched for with them."""

    @cached_property
    def regex(self) -> re.Pattern[bytes]:
        return re.compile(self.confirm.encode())


def check(rules: RuleSet) -> None:
    """RuleError for a format that names code that does not exist, or cannot be searched."""
    from keymuster.detect.checksums import CHECKSUMS
    from keymuster.detect.decode import DECODERS
    from keymuster.detect.recognizers import RECOGNIZERS

    for index, token in enumerate(rules.tokens):
        for named, known in (
            (token.checksum, CHECKSUMS),
            (token.decode, DECODERS),
            (token.recognizer, RECOGNIZERS),
        ):
            if named is not None and named not in known:
                from keymuster.nearest import hint  # only for what is wrong

                raise RuleError(token.id, f"there is no `{named}`{hint(named, known)}")
        try:
            searches = list(of_format(index, token))
        except ValueError as error:
            raise RuleError(token.id, f"pattern: {error}") from error
        if any(one.confirm and "secret" not in one.regex.groupindex for one in searches):
            raise RuleError(token.id, "pattern: needs a group `secret` around the credential")


def of_rules(rules: RuleSet) -> list[Pattern]:
    """Every search of a rule set, in the order of its formats; derived once per set."""
    if rules.search_key and rules.search_key in _LAST:
        return _LAST[rules.search_key]
    _LAST.clear()
    found = _LAST[rules.search_key] = _derived(rules)
    return found


_LAST: dict[str, list[Pattern]] = {}
"""Those of the set that was asked for last: what looks through a report has the same as the search."""


def _derived(rules: RuleSet) -> list[Pattern]:
    return cache.derived(
        rules.search_key and f"patterns-{rules.search_key}.bin",
        list[Pattern],
        lambda: [
            replace(one, apart=index >= rules.shipped and not one.in_run and is_costly(one))
            for index, token in enumerate(rules.tokens)
            for one in of_format(index, token)
        ],
    )


LEAST_FIXED = 3
"""Characters of fixed text that make a gate cheap."""

_LITTLE_FIXED = 3
"""With so many or less, a gate is still quicker to search for only beside long runs."""


def is_costly(pattern: Pattern) -> bool:
    """Whether the gate of a format has so little fixed text that every byte is looked at for it. With
    some of the shipped ones that costs no more than the others do together; who knows of a user's?
    Measured beside all others: `\\b[A-Za-z0-9+/]{64}\\b` takes 12 ns/byte, by itself 8; `[A-Z]{2}[0-9]{18}`
    1.2 and 0.4."""
    from keymuster.rules import re2

    if not pattern.gate or pattern.guess or pattern.recognizer:
        return False
    return re2.fixed(re2.parse(pattern.gate)) < LEAST_FIXED


def of_word(word: str) -> Pattern:
    """The search for a context word itself."""
    return Pattern(
        format=-1, gate=re.escape(word), caseless=True, length=0, free=False, width=len(word)
    )


def of_format(index: int, token: TokenFormat) -> Iterator[Pattern]:
    """The searches for one format."""
    from keymuster.rules import re2

    for one in _of_format(index, token):
        if not one.gate:
            yield one
            continue
        gate = re2.parse(one.gate)
        in_run = re2.fixed(gate) <= _LITTLE_FIXED and re2.run(gate, runs.MASK) >= runs.LEAST
        yield replace(one, width=re2.width(gate), in_run=in_run)


def _of_format(index: int, token: TokenFormat) -> Iterator[Pattern]:
    if token.recognizer is not None:
        from keymuster.detect import recognizers

        recognizer = recognizers.load(token.recognizer)
        for number, gate in enumerate(recognizer.gates):
            yield Pattern(
                format=index,
                gate=gate,
                caseless=True,
                recognizer=token.recognizer,
                number=number,
                length=None if recognizer.from_start else 0,
                free=False,
                in_binary=not token.is_guess,
                guess=token.is_guess,
            )
    elif token.pattern is not None:
        from keymuster.rules import re2

        tree = re2.parse(token.pattern)
        gate = re2.pattern(re2.gate(tree) or tree, -1)
        yield Pattern(
            format=index,
            gate=gate,
            confirm=re2.pattern(tree, re2.secret(tree)),
            most=re2.width(tree),
            context=tuple(token.context),
            free=False,
            in_binary=not token.context,
        )
    for one in token.shapes:
        yield _of_shape(index, token, shape.parse(one))


def has_marker(token: TokenFormat) -> bool:
    """Whether every shape of a format is recognisable by its fixed text."""
    return bool(token.shapes) and all(shape.has_marker(shape.parse(one)) for one in token.shapes)


def prefix_length(token: TokenFormat, text: bytes) -> int:
    """How much fixed text of a format a token of it begins with."""
    starts = (_fixed_start(one).match(text) for one in token.shapes)
    return max((found.end() for found in starts if found), default=0)


@lru_cache(maxsize=8192)
def _fixed_start(one: str) -> re.Pattern[bytes]:
    parts = takewhile(lambda part: not isinstance(part, shape.Field), shape.parse(one))
    return re.compile("".join(map(regex_of, parts)).encode())


def particulars(token: TokenFormat, text: bytes) -> tuple[int, int]:
    """How much fixed text the shape has that a token was found by, wherever it stands in it, and how
    few letters, as a negative number, the rest may be made of: the more of both, the less it is
    chance."""
    known = (_particulars(one) for one in token.shapes)
    return max(
        ((fixed, -letters) for whole, fixed, letters in known if whole.fullmatch(text)),
        default=(0, -256),
    )


@lru_cache(maxsize=8192)
def _particulars(one: str) -> tuple[re.Pattern[bytes], int, int]:
    parts = shape.parse(one)
    fields = [part for part in parts if isinstance(part, shape.Field)]
    return (
        re.compile(_confirm(parts).encode()),
        sum(part.least for part in parts) - sum(field.least for field in fields),
        max((len(shape.members(field.characters)) for field in fields), default=0),
    )


def _of_shape(index: int, token: TokenFormat, parts: tuple[shape.Part, ...]) -> Pattern:
    first = parts[0]
    public = len(first.text) if isinstance(first, shape.Literal) else 0
    confirm = f"(?P<secret>{_confirm(parts)}){_right_edge(parts[-1])}"
    if needs_words(token, parts):
        return Pattern(
            format=index,
            words=tuple(sorted({word.lower() for word in token.context})),
            least=sum(part.least for part in parts),
            characters="".join(sorted(set().union(*map(shape.characters, parts)))),
            confirm=f"(?:{LEFT_EDGE}){confirm}",
            most=sum(part.most for part in parts),
            public=public,
            plain=max(map(shape.fixed, parts)) < 3,
        )
    gate, length = _gate(parts)
    if length is not None and not shape.has_marker(parts) and _is_one_word(parts):
        gate = f"{_FREE}{gate}"
    return Pattern(
        format=index,
        gate=gate,
        length=length,
        confirm=confirm,
        most=sum(part.most for part in parts),
        public=public,
        context=tuple(token.context),
        in_binary=not token.context,
    )


def needs_words(token: TokenFormat, parts: tuple[shape.Part, ...]) -> bool:
    """Whether a shape is searched for behind its context words only."""
    return bool(token.context) and not _is_rare(parts[0])


def _is_rare(first: shape.Part) -> bool:
    """Whether a shape begins with text that is cheaper to search for than context words: no mere
    separators, and no run of one letter, of which base64 is full."""
    return isinstance(first, shape.Literal) and shape.fixed(first) >= 4 and len(set(first.text)) > 2


LEFT_EDGE = (
    r"(?<![0-9A-Za-z])|(?<=\\[nrtbf])|(?<=%[0-9A-Fa-f]{2})|(?<=\\x[0-9A-Fa-f]{2})|"
    r"(?<=\\u[0-9A-Fa-f]{4})"
)
"""Where a token may begin: not inside a word, but after an escape such as `\\n`, `%3D`."""

STANDS_FREE = regex.later(LEFT_EDGE.encode())

_FREE = r"(?:^|[^0-9A-Za-z]|\\[nrtbf]|%[0-9A-Fa-f]{2}|\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4})"
"""What stands before a token; the engine's `_stands_free` decides. A gate says so where that is
cheaper: measured, in front of `S[2-7A-Z]{55}`, but not of `[2-7a-z]{52}` or where a dot is sought."""


def _is_one_word(parts: tuple[shape.Part, ...]) -> bool:
    """Whether a shape starts with a letter or two and has no other fixed text to search for."""
    return not isinstance(parts[0], shape.Field) and all(
        part.text.isalnum() for part in parts if isinstance(part, shape.Literal)
    )


def _gate(parts: tuple[shape.Part, ...]) -> tuple[str, int | None]:
    """As much of the shape's start as has one length, or as is needed to be rare; None for the
    length means that the start is not known from the end."""
    first = parts[0]
    if isinstance(first, shape.Field) and first.least != first.most:
        return "".join(regex_of(part, _LONGEST_REPEAT) for part in parts), None
    lead = _before_marker(parts)
    left_out = sum(part.least for part in parts[:lead])
    gate, length, known = "", left_out, True
    for number, part in enumerate(parts[lead:], lead):
        if length - left_out > _LONGEST_GATE - _LONGEST_REPEAT:
            break
        if not isinstance(part, shape.Field):
            gate += regex_of(part)
            length += part.least
            known &= part.least == part.most
            continue
        size = min(part.least, _LONGEST_REPEAT)
        if part.most != size and gate in _COMMON:
            return gate + "".join(regex_of(one) for one in parts[number : number + 2]), None
        if size:
            gate += f"[{part.characters}]{{{size}}}"
        length += size
        if part.most != size:
            break
    return gate, length if known else None


_COMMON = ("https://", "http://", "(?:https://|http://)")
"""Starts that text is full of: what follows the next field must be searched for, too."""


def _before_marker(parts: tuple[shape.Part, ...]) -> int:
    """How many parts a gate can leave out, because fixed text at a known distance follows them:
    the search for that text alone is many times cheaper."""
    if any(isinstance(part, shape.Choice) and part.least != part.most for part in parts):
        return 0
    for number, part in enumerate(parts):
        if shape.has_marker((part,)):
            return number
        if part.least != part.most:
            break
    return 0


def _confirm(parts: tuple[shape.Part, ...]) -> str:
    """The whole shape. A field that cannot give back what it took is not asked to."""
    return "".join(
        regex_of(part) + ("+" if _is_greedy(part, following) else "")
        for part, following in zip(parts, (*parts[1:], None), strict=True)
    )


def _is_greedy(part: shape.Part, following: shape.Part | None) -> bool:
    if not isinstance(part, shape.Field) or part.least == part.most:
        return False
    match following:
        case shape.Literal(text):
            return text[0] not in shape.members(part.characters)
        case shape.Choice(words):
            return not {word[:1] for word in words} & {*shape.members(part.characters), ""}
        case shape.Field(characters):
            return not {*shape.members(characters)} & {*shape.members(part.characters)}
        case None:
            return True


def regex_of(part: shape.Part, longest: int = shape.LONGEST) -> str:
    match part:
        case shape.Literal(text):
            return re.escape(text)
        case shape.Choice(words):
            return f"(?:{'|'.join(map(re.escape, sorted(words, key=len, reverse=True)))})"
        case shape.Field(characters, least, most):
            least, most = min(least, longest), min(most, longest)
            return (
                f"[{characters}]{{{least}}}"
                if least == most
                else f"[{characters}]{{{least},{most}}}"
            )


def _right_edge(last: shape.Part) -> str:
    characters = last.characters if isinstance(last, shape.Field) else ""
    return f"(?![0-9A-Za-z_{characters}])"
