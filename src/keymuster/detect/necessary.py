"""What must stand in a text for the engine to find anything in it: expressions for a first look,
which say more than the gates do, and nothing that a finding can do without.

None asks what stands around it, so each holds for every text that contains one it holds for: a first
look may take more text than it must. What a hit says is in `glance`, which looks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import count

from keymuster.detect import encodings, patterns, recognizers
from keymuster.detect.encodings import base64
from keymuster.detect.glance import ANYWHERE, ESCAPED, KINDS, NEAR, NEAR_IN_TEXT, WIDE
from keymuster.detect.nested import anchors
from keymuster.detect.values import signals, syntax
from keymuster.rules import shape
from keymuster.rules.schema import RuleSet, TokenFormat

_LONGEST_REPEAT = 64


def expressions(rules: RuleSet) -> Iterator[tuple[int, str]]:
    """Hyperscan expressions, each with a number whose remainder says what a hit of it says. Few have
    one of their own: many names take less space together, many letters of base64 less time apart."""
    for token in rules.tokens:
        yield from _of_format(token)
    known = anchors(rules)
    apart = count(KINDS, KINDS)
    for name in encodings.names():
        for says, expression in _of_encoding(name, known):
            yield next(apart) + says, expression


# formats


def _of_format(token: TokenFormat) -> Iterator[tuple[int, str]]:
    if token.recognizer == "assignment":
        yield from _of_names()
    elif token.recognizer == "url-password":
        yield NEAR, rf"(?i:://{syntax.USER}:{syntax.USERINFO}@[\w\[%{{$])"
    elif token.recognizer is not None:
        for gate in recognizers.load(token.recognizer).gates:
            yield ANYWHERE, f"(?i:{gate})"
    elif token.pattern is not None:
        for search in patterns.of_format(0, token):
            yield ANYWHERE, search.gate
    for one in token.shapes:
        parts = shape.parse(one)
        whole = "".join(map(_at_least, parts))
        if patterns.needs_words(token, parts):
            words = "|".join(sorted({re.escape(word.lower()) for word in token.context}))
            yield NEAR, rf"(?i:{words}).{{0,{_WORD_TO_VALUE}}}{whole}"
        else:
            yield NEAR, whole


_WORD_TO_VALUE = patterns.REACH + 50
"""Bytes between a context word and a value, be it on the next line (`words.Word.behind`)."""


def _at_least(part: shape.Part) -> str:
    """A part of a shape, of which a long field goes on for as long as it likes."""
    if not isinstance(part, shape.Field):
        return patterns.regex_of(part)
    least = min(part.least, _LONGEST_REPEAT)
    return (
        f"[{part.characters}]{{{least}}}"
        if part.most == least
        else f"[{part.characters}]{{{least},}}"
    )


# encodings


def _of_encoding(name: str, known: Sequence[bytes]) -> Iterator[tuple[int, str]]:
    if name in ("utf16", "gzip"):  # of what holds a zero byte, and of what was decoded
        return
    if name == "basic_auth":
        yield (
            ANYWHERE,
            rf"(?:auth[\"']?[ \t]{{0,8}}[:=][ \t]{{0,8}}[\"']?|[Bb]asic[ \t]{{1,4}}){_COLON}",
        )
        return
    for gate, mark in encodings.load(name).gates(known):
        if name == "json":
            yield ESCAPED, gate
        elif name in ("percent", "html"):
            yield WIDE, gate
        elif name == "hex":
            yield NEAR, gate + "[0-9A-Fa-f]{12}"
            yield ANYWHERE, gate + "[0-9A-Fa-f]{28}"
        elif name == "base64" and mark == base64.TEXT:
            yield NEAR, gate + _L + "{4}"
            yield ANYWHERE, gate + _L + "{28}"
        else:
            yield ANYWHERE, gate


# Of hexadecimal, 24 digits count, of base64, 16; only what is not shorter than 40 goes on in the next
# line, and may be of a change far away.

_L = "[+/0-9A-Z_a-z-]"
_COLON = rf"(?:{_L}{{4}})*(?:O[g-v]|{_L}[DTjz][o-r]|{_L}{{2}}[AEIMQUYcgkosw048]6)"
"""A colon in base64, at each of the three places in a group of letters."""


# names of secrets and their values

_IN_NAME = r"[\w.\-$@/]*"
_GAP = r"[_.\-$@/]"
_STEMS = [stem.decode() for stem, _ in signals.GLUED]
_WORDS = [
    word.decode() for word in signals.KIND_OF if not any(stem in word for stem, _ in signals.GLUED)
]


_SPEAKS = (
    rf"(?:(?i:{'|'.join(_STEMS)}){_IN_NAME}|(?i:{'|'.join(_WORDS)})(?:[A-Z0-9_.\-$@/]{_IN_NAME})?)"
)
"""A name that speaks of a secret (`signals.speaks`): with one of the words that may be a part of
another, or with one of the others that no small letter follows."""

_SPEAKS_IN_TAG = (
    rf"(?:(?i:{'|'.join(_STEMS)})(?:{_IN_NAME}\w)?"
    rf"|(?i:{'|'.join(_WORDS)})(?:[A-Z0-9_]|[A-Z0-9_.\-$@/]{_IN_NAME}\w)?)"
)
"""The same without the first half of an arrow."""


def _in_pieces(stem: str) -> Iterator[str]:
    """A word that is found although something stands between its letters: `to_ken`."""
    for at in range(1, len(stem)):
        yield rf"{stem[:at]}{_GAP}+" + f"{_GAP}*".join(stem[at:])


def _of_names() -> Iterator[tuple[int, str]]:
    yield WIDE, f"(?i:{'|'.join(piece for stem in _STEMS for piece in _in_pieces(stem))})"
    for form in syntax.FORMS:
        rest = form.gate.removeprefix(syntax.NAME)
        match form.name:
            case "assignment":
                yield from _of_assignments()
            case "tag":
                yield NEAR, rf"{_SPEAKS_IN_TAG}[\"']?>\s{{0,40}}[^\s<>]\S{{2}}"
                yield WIDE, rf"{_SPEAKS_IN_TAG}[\"']?>\s{{0,40}}{_LIST}"
            case "option":
                dashed = rf"(?:-[\w-]*{_SPEAKS}|{_SPEAKS}-[\w-]*)[ \t]{{1,4}}"
                yield NEAR, rf"{dashed}(?:[^\s\w-]|[^\s-]\S{{2}})"
                yield WIDE, dashed + _LIST
            case "pair" | "call" | "space" | "typed":
                before = rest.removesuffix(_QUOTE).removesuffix(r"\\?")
                yield NEAR, rf"{_SPEAKS}(?i:{before}){_QUOTED}"
            case "block" | "variable":
                yield NEAR, _SPEAKS + f"(?i:{rest})"
            case "value":
                yield WIDE, f"(?i:{form.gate.replace(syntax.LIKE_VALUE, syntax.CALLED_VALUE)})"
            case "entry" | "header" | "netrc" | "escaped" | "user":
                yield NEAR, f"(?i:{form.gate})"
            case "url":
                pass
            case _:
                confirm = re.sub(r"\(\?P<\w+>|\(\?=", "(?:", form.confirm)
                yield WIDE, f"(?i:{confirm})"


_QUOTE = r"[\"'`]"
_LIST = r"(?:[!&][\w!-]+[ \t]+)*[\[{(]\s*[\"'`]"
_WRAPPED = (
    r"(?:(?:new[ \t]+)?[\w.:$&*\[\]]*(?:<[\w, ]*>)?!?\(\s*(?:[\w. ]+\)[ \t]*)?"
    r"|[\w.$\[\]{}'\"()-]+[ \t]+(?:\|\||\?\?|\?:|or)[ \t]+|[!&][\w!-]+[ \t]+)*"
    r"(?:[rbufRBUFLN@$&]{1,4}|r?#+)?"
)
"""What `syntax` unwraps a value in quotes from, and more."""

_LONG_ENOUGH = "|".join(
    rf"{quote}(?:[^{quote}\\\r\n]{{3}}|[^{quote}\\\r\n]{{0,2}}\\|{quote}{{2}})" for quote in "\"'`"
)
_QUOTED = rf"(?:{_LONG_ENOUGH}|\\{{1,3}}[\"'`])"
"""A value in quotes that is not too short."""

_NO_EXPRESSION = (
    r"(?:(?:[0-9]|[^\w$\s:=>~<(){}.,;|&+*\"'`\[-])[^\s,;]{2}|\[\w*[^\w\]]|"
    r"[A-Za-z_$][\w$.,;)\]}>]*(?:[0-9]|[^\w$.,;)\]}>\s\"'`(\[:=&|+-]|[,;)\]}>][^\s\"'`,;)\]}>]"
    r"|\.[^A-Za-z_$]|[^\w\])]\(|\[\w*[^\w\]]|-[^>]|:[^:]|=[^>=]|&[^&]|\|[^|]|\+[^+]))"
)
"""What a bare value is in a programming language that is neither a name nor a call of something
(`obvious.is_none`)."""


def _of_assignments() -> Iterator[tuple[int, str]]:
    """In a programming language, what has no quotes is nearly always the name of something else,
    unless all of it stands in a string or behind a bracket."""
    head = _SPEAKS + f"(?i:{syntax.ASSIGNED})"
    yield NEAR_IN_TEXT, head + syntax.BARE
    yield NEAR, head + _WRAPPED + _QUOTED
    yield NEAR, head + _NO_EXPRESSION
    yield NEAR, rf"(?:[\"'`][^\n]*|[{{(]{_IN_NAME}){head}{syntax.BARE}"
    yield WIDE, head + _LIST
