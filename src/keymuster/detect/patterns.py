"""From the facts of a token format to what the engine looks for.

A *gate* is what Hyperscan searches: cheap, bounded, never wrong about absence. A *confirm* is what
`re` then matches from the first byte of the candidate; together with the bytes around it, and
nothing else, it decides. So the answer is a function of the text, wherever a window began.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cached_property
from hashlib import blake2b

import msgspec
from msgspec import Struct

from keymuster import cache
from keymuster.errors import RuleError
from keymuster.rules import shape
from keymuster.rules.schema import RuleSet, TokenFormat

# checksums, decoders and recognizers are imported where they are used: a scan without a hit, such
# as that of a clean commit, needs none of them

REACH = 80
"""How far before a value, on its own line, a context word may stand; in bytes."""

_LONGEST_REPEAT = 64


class Pattern(Struct, kw_only=True, dict=True):
    """One search. `length` is how many bytes before the end of a hit the candidate starts; None
    asks Hyperscan for the start."""

    format: int
    gate: str
    caseless: bool = False
    length: int | None = None
    confirm: str = ""
    recognizer: str = ""
    public: int = 0
    plain: bool = False
    """Whether nothing but context tells the form from other text."""

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
                hint = get_close_matches(named, known, n=1)
                also = f"; did you mean `{hint[0]}`?" if hint else ""
                raise RuleError(token.id, f"there is no `{named}`{also}")
        try:
            searches = list(of_format(index, token))
        except re.error as error:
            raise RuleError(token.id, f"pattern: {error}") from error
        if any(one.confirm and "secret" not in one.regex.groupindex for one in searches):
            raise RuleError(token.id, "pattern: needs a group `secret` around the credential")


def of_rules(rules: RuleSet) -> list[Pattern]:
    """Every search of a rule set, in the order of its formats; derived once per set."""
    told = blake2b(msgspec.msgpack.encode(rules.tokens), digest_size=16).hexdigest()
    name = f"patterns-{rules.key}-{told}.bin"
    if rules.key and (stored := cache.read(name)) is not None:
        try:
            return msgspec.msgpack.decode(stored, type=list[Pattern])
        except msgspec.MsgspecError:
            pass  # written by another version of a dependency: derive it again
    made = [
        pattern for index, token in enumerate(rules.tokens) for pattern in of_format(index, token)
    ]
    if rules.key:
        cache.write(name, msgspec.msgpack.encode(made))
    return made


def of_format(index: int, token: TokenFormat) -> Iterator[Pattern]:
    """The searches for one format."""
    if token.recognizer is not None:
        from keymuster.detect.recognizers import RECOGNIZERS

        for gate in RECOGNIZERS[token.recognizer].gates:
            yield Pattern(
                format=index, gate=gate, caseless=True, recognizer=token.recognizer, length=0
            )
    elif token.pattern is not None:
        re.compile(token.pattern.encode())
        plain = re.sub(r"\(\?P<\w+>", "(", token.pattern)
        yield Pattern(format=index, gate=plain, confirm=token.pattern)
    for one in token.shapes:
        yield _of_shape(index, token, shape.parse(one))


def has_marker(token: TokenFormat) -> bool:
    """Whether every shape of a format is recognisable by its fixed text."""
    return all(shape.has_marker(shape.parse(one)) for one in token.shapes)


def prefix_length(token: TokenFormat) -> int:
    """How much fixed text every token of a format begins with."""
    firsts = [shape.parse(one)[0] for one in token.shapes]
    return min((first.least for first in firsts if isinstance(first, shape.Literal)), default=0)


def _of_shape(index: int, token: TokenFormat, parts: tuple[shape.Part, ...]) -> Pattern:
    gate, length = _gate(parts, bool(token.context))
    if token.context:
        words = "|".join(re.escape(word) for word in token.context)
        gate = f"(?:{_caseless(words)})[^\\n]{{0,{REACH}}}[^0-9A-Za-z\\n]{gate}"
    elif length is not None and not shape.has_marker(parts) and _is_one_word(parts):
        gate = f"{_FREE}{gate}"
    first = parts[0]
    return Pattern(
        format=index,
        gate=gate,
        length=length,
        confirm=f"(?P<secret>{_confirm(parts)}){_right_edge(parts[-1])}",
        public=len(first.text) if isinstance(first, shape.Literal) else 0,
        plain=bool(token.context) and max(map(shape.fixed, parts)) < 3,
    )


_FREE = r"(?:^|[^0-9A-Za-z]|\\[nrtbf]|%[0-9A-Fa-f]{2}|\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4})"
"""What stands before a token; the engine's `_stands_free` decides. A gate says so where that is
cheaper: measured, in front of `S[2-7A-Z]{55}`, but not of `[2-7a-z]{52}` or where a dot is sought."""


def _is_one_word(parts: tuple[shape.Part, ...]) -> bool:
    """Whether a shape starts with a letter or two and has no other fixed text to search for."""
    return not isinstance(parts[0], shape.Field) and all(
        part.text.isalnum() for part in parts if isinstance(part, shape.Literal)
    )


def _gate(parts: tuple[shape.Part, ...], anchored: bool) -> tuple[str, int | None]:
    """As much of the shape's start as has one length, or else all of it and no known start.
    `anchored` means that what stands before it fixes where it starts."""
    first = parts[0]
    if isinstance(first, shape.Field) and first.least != first.most and not anchored:
        return "".join(_regex(part, _LONGEST_REPEAT) for part in parts), None
    lead = 0 if anchored else _before_marker(parts)
    gate, length = "", sum(part.least for part in parts[:lead])
    for part in parts[lead:]:
        if isinstance(part, shape.Choice) and part.least != part.most:
            return gate + _regex(part), None
        size = min(part.least, _LONGEST_REPEAT)
        if size:
            gate += (
                f"[{part.characters}]{{{size}}}" if isinstance(part, shape.Field) else _regex(part)
            )
        length += size
        if part.most != size:
            break
    return gate, length


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
        _regex(part) + ("+" if _is_greedy(part, following) else "")
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


def _regex(part: shape.Part, longest: int = shape.LONGEST) -> str:
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
    return f"(?![0-9A-Za-z{characters}])"


def _caseless(words: str) -> str:
    return "".join(f"[{char.lower()}{char.upper()}]" if char.isalpha() else char for char in words)
