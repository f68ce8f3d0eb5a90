"""How text gives a value to a name: assignments, calls, pairs, tags, command lines, headers, SQL.

Each `Form` is a Hyperscan expression, whose hit begins at the word that speaks of a secret, and a
confirm that `re` matches from there. All repeats are bounded, so what is found depends on the text
around it and on nothing else.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TypeAlias

from msgspec import Struct

from keymuster import regex

LONGEST = 2000
"""Bytes of a value."""

_WORD = (
    r"(?:pass|pwd|psw|secret|token|key|auth|cred|salt|nonce|otp|bearer|cookie|session|signature|"
    r"dsn|private|(?:[_.-]|\b)pw|[_-]pat\b)"
)
NAME = _WORD + r"[\w.\-]{0,40}"
_TAG = rf"{_WORD}(?:[\w.\-]{{0,39}}\w)?"
"""A name that does not end in the first half of an arrow."""

_CLOSE = r"[\"'`\]\\)}]{0,4}"
_TYPE = r"&?(?:'static )?[A-Za-z_][\w.<>]{0,24}[?!]?"
_OPERATOR = r"(?:[:=]|!=|<-)[:=>~-]{0,3}"
ASSIGNED = rf"{_CLOSE}(?:, (?:_|err|ok)| string)?[ \t]{{0,20}}[+?.|]{{0,2}}{_OPERATOR}\s{{0,20}}"
BARE = r"[^\s:=>~<(){}.,;|&+*-][^\s,;]{2}"
"""What follows a name that something is assigned to, and how a value may begin then."""

_SCHEME = (
    r"(?:bearer|basic|token|apikey|api-key|digest|negotiate|ntlm|sso-key|geniekey|splunk|key|jwt)"
)
_CDATA = r"<!\[CDATA\["
CALLED_VALUE = r"(?:value|text|content|val|default)[\"']?[ \t]{0,3}"
LIKE_VALUE = r"[vtcd][aeo][lxnf][uta]?[elu]?[nl]?t?[\"']?[ \t]{0,3}"
"""The same for a gate, and a little more, spelled without a word that Hyperscan would search for by
itself: text is full of them. Measured: all names take a third less time."""

_WITH = r"(?:(?:with|value|to|as)(?:=>|:|=)[ \t]{0,2})?"
USER = r"[^\s/?#:\"'`<>\\]{0,100}"
USERINFO = r"[^\s/?#\"'`<>\\]{1,200}"


class Form(Struct, frozen=True, kw_only=True):
    """One way to write a name and its value. The confirm ends where the value begins, with its
    quotes and what is wrapped around it; its groups are `name` (or `word`, a part of the name that
    the name extends to the left of), `join`, and `gap`. `value` is the extent of a value that
    follows rules of its own. A form is weighed as the one that it is `like`, if any, and its
    name as what it `says`."""

    name: str
    like: str = ""
    says: str = ""
    gate: str
    confirm: str
    reach: int = 256
    """Bytes that the confirm may look at."""
    value: str = ""


FORMS = (
    Form(
        name="assignment",
        gate=rf"{NAME}{ASSIGNED}(?:{BARE}|\([\"'])",
        confirm=rf"(?P<word>{NAME}){_CLOSE}(?:, (?:_|err|ok)| string)?[ \t]{{0,20}}"
        rf"[+?.|]{{0,2}}(?P<join>{_OPERATOR})(?P<gap>\s{{0,20}})"
        rf"(?!{_TYPE}[ \t]{{0,4}}=[ \t]{{0,4}}[\"'`])",
    ),
    Form(
        name="typed",
        like="assignment",
        gate=rf"{NAME}\??[ \t]{{0,4}}:[ \t]{{0,4}}{_TYPE}[ \t]{{0,4}}=[ \t]{{0,4}}[\"'`]",
        confirm=rf"(?P<word>{NAME})\??[ \t]{{0,4}}:[ \t]{{0,4}}{_TYPE}[ \t]{{0,4}}(?P<join>=)"
        r"(?P<gap>[ \t]{0,4})(?=[\"'`])",
    ),
    Form(  # of YAML
        name="block",
        like="assignment",
        gate=rf"{NAME}[\"']?[ \t]{{0,4}}:[ \t]{{1,4}}[>|][+-]?[ \t]{{0,4}}\r?\n",
        confirm=rf"(?P<word>{NAME})[\"']?[ \t]{{0,4}}(?P<join>:)"
        r"(?P<gap>[ \t]{1,4}[>|][+-]?[ \t]{0,4}\r?\n[ \t]{1,40})",
    ),
    Form(  # of Terraform
        name="variable",
        like="assignment",
        gate=rf"{NAME}\"[ \t]{{0,4}}\{{\s{{1,40}}\w",
        confirm=rf"(?P<word>{NAME})\"[ \t]{{0,4}}\{{[^{{}}]{{1,400}}?\sdefault[ \t]{{0,20}}(?P<join>=)"
        r"(?P<gap>[ \t]{0,4})(?=\")",
        reach=600,
    ),
    Form(
        name="pair",
        gate=rf"{NAME}[\"'`\\]{{0,2}}[ \t]{{0,4}},\s{{0,20}}{_WITH}\\?[\"'`]",
        confirm=rf"(?P<word>{NAME})[\"'`\\]{{0,2}}[ \t]{{0,4}}(?P<join>,)(?P<gap>\s{{0,20}}){_WITH}"
        r"(?=\\?[\"'`])",
    ),
    Form(  # of Scala and Kotlin
        name="entry",
        like="assignment",
        gate=rf"{NAME}[\"'][ \t]{{1,4}}(?:->|to)[ \t]{{1,4}}[\"']",
        confirm=rf"(?P<word>{NAME})[\"'][ \t]{{1,4}}(?P<join>->|to)(?P<gap>[ \t]{{1,4}})(?=[\"'])",
    ),
    Form(
        name="call",
        gate=rf"{NAME}[ \t]?\([ \t]{{0,10}}[\"'`]",
        confirm=rf"(?P<word>{NAME})[ \t]?(?P<join>\()(?P<gap>[ \t]{{0,10}})(?=[\"'`])",
    ),
    Form(
        name="space",
        gate=rf"{NAME}[ \t]{{1,8}}[\"'`]",
        confirm=rf"(?P<word>{NAME})(?P<join>[ \t]{{1,8}})(?P<gap>)(?=[\"'`])",
    ),
    Form(
        name="tag",
        gate=rf"{_TAG}[\"']?>\s{{0,40}}(?:{_CDATA}|[^\s<>])",
        confirm=rf"(?P<word>{_TAG})[\"']?(?P<join>>)(?P<gap>\s{{0,40}})(?:{_CDATA})?",
    ),
    Form(
        name="attributed",
        like="tag",
        gate=rf"<[\w:.-]{{0,40}}{_WORD}[\w.-]{{0,40}}\s[^\s<>]",
        confirm=rf"<(?P<word>[\w:.-]{{0,40}}{_WORD}[\w.-]{{0,40}})\s[^<>]{{1,100}}(?P<join>>)"
        rf"(?P<gap>\s{{0,40}})(?:{_CDATA})?",
    ),
    Form(  # of Hadoop, and the entry of a property list
        name="property",
        like="tag",
        gate=rf"{NAME}</(?:name|key)>\s{{0,40}}<(?:value|string)>",
        confirm=rf"(?P<word>{NAME})</(?:name|key)>\s{{0,40}}<(?:value|string)(?P<join>>)"
        rf"(?P<gap>\s{{0,20}})(?:{_CDATA})?",
    ),
    Form(
        name="option",
        gate=rf"--?[\w-]{{0,30}}{_WORD}[\w-]{{0,20}}[ \t]{{1,4}}[^\s-]",
        confirm=rf"--?(?P<word>[\w-]{{0,30}}{_WORD}[\w-]{{0,20}})(?P<join>[ \t]{{1,4}})(?P<gap>)",
    ),
    Form(
        name="attached",
        like="option",
        says="password",
        gate=r"(?:mysql|mariadb)[\w-]{0,12}[ \t]",
        confirm=r"(?P<name>mysql|mariadb)[\w-]{0,12}[ \t](?:[^\n|;&]{0,150}[ \t])?(?P<join>-p)(?P<gap>)"
        r"(?=[\"']?[^\s\"'-])",
    ),
    Form(
        name="short",
        like="option",
        says="password",
        gate=r"(?:sshpass|redis-cli|(?:docker|podman|buildah|helm registry)[ \t]login)[ \t]",
        confirm=r"(?P<name>sshpass|redis-cli|(?:docker|podman|buildah|helm registry)[ \t]login)[ \t]"
        r"(?:[^\n|;&]{0,150}[ \t])?(?P<join>-[pa])(?P<gap>[ \t=]{1,4})(?=[\"']?[^\s\"'-])",
    ),
    Form(
        name="value",
        gate=rf"{NAME}[\"'\]]{{0,2}}[ \t]{{0,2}}[,>=:]?\s{{0,40}}[{{/<]?[ \t]{{0,2}}[\"']?"
        rf"{LIKE_VALUE}[:=>]",
        confirm=rf"(?P<word>{NAME})[\"'\]]{{0,2}}[ \t]{{0,2}}[,>=:]?\s{{0,40}}[{{/<]?[ \t]{{0,2}}"
        rf"[\"']?{CALLED_VALUE}(?P<join>[:=>])(?P<gap>[ \t]{{0,20}})",
    ),
    Form(
        name="sql",
        gate=r"identified\s{1,4}(?:with\s{1,4}\S{1,40}\s{1,4})?by\s{1,4}(?:password\s{1,4})?"
        r"[\"'`]?[^\s\"'`]",
        confirm=r"(?P<name>identified)\s{1,4}(?:with\s{1,4}\S{1,40}\s{1,4})?(?P<join>by)\s{1,4}"
        r"(?:password\s{1,4})?(?P<gap>)",
    ),
    Form(
        name="header",
        gate=rf"{_SCHEME}[ \t]{{1,4}}[A-Za-z0-9+/_=.~-]{{8}}",
        confirm=rf"(?P<name>{_SCHEME})(?P<join>[ \t]{{1,4}})(?P<gap>)",
    ),
    Form(
        name="netrc",
        gate=r"(?:login|user|account|username)[ \t]{1,4}[^\s=:\"']{1,60}\s{1,12}(?:password|passwd)"
        r"[ \t]{1,4}[^\s=:\"'`(){}]{3}",
        confirm=r"(?:login|user|account|username)[ \t]{1,4}[^\s=:\"']{1,60}\s{1,12}"
        r"(?P<name>password|passwd)(?P<join>[ \t]{1,4})(?P<gap>)",
        value=r"\S{1,200}",
    ),
    Form(
        name="escaped",
        gate=rf"{NAME}%3D[^\s\"'`&%]{{3}}",
        confirm=rf"(?P<word>{NAME})(?P<join>%3D)(?P<gap>)",
        value=r"[^\s\"'`&%]{1,400}",
    ),
    Form(
        name="user",
        gate=r"[ \t](?:-u|--user|--proxy-user|-p|--auth)[ \t=]{0,2}[\"']?[^\s:\"'/]{1,60}:[^\s/]",
        confirm=r"[ \t](?P<name>-u|--user|--proxy-user|-p|--auth)[ \t=]{0,2}[\"']?"
        r"[^\s:\"'/]{1,60}(?P<join>:)(?P<gap>)",
    ),
    Form(
        name="url",
        gate=rf"://{USER}:(?:[^\s/?#\"'`<>\\0-9]|[^\s/?#\"'`<>\\]{{6}}|[^\s/?#\"'`<>\\]{{1,5}}@)",
        confirm=rf"://(?P<name>{USER})(?P<join>:)(?P<gap>)(?={USERINFO}@[\w\[%{{$])",
        reach=400,
        value=rf"{USERINFO}(?=@)",
    ),
)


class Found(Struct, frozen=True, kw_only=True):
    """A value and what gives it a name: spans in the content, and how the two are joined.

    `wrapper` is what stands between the join and the value (a call, a cast, an alternative),
    `scheme` the word of an authorization header before it. `crosses` means that a line ends between
    name and value, `place` is the value's place in a list."""

    form: str
    name: bytes
    name_start: int
    join: bytes
    start: int
    end: int
    quote: bytes
    wrapper: bytes
    scheme: bytes
    crosses: bool
    place: int


@cache
def confirm(form: int) -> re.Pattern[bytes]:
    return re.compile(FORMS[form].confirm.encode(), re.IGNORECASE)


ON_A_LINE = frozenset(
    {"typed", "entry", "call", "space", "option", "attached", "short", "header", "escaped", "user"}
    | {"url"}
)
"""Forms whose confirm reads nothing behind the line that it begins on."""

OF_A_LINE = ON_A_LINE | {"assignment", "pair", "tag", "attributed", "netrc"}
"""Forms that, once confirmed, cross no line but where the value stands on the one behind its name."""

IS_NAMED = tuple("(?P<name>" in form.confirm for form in FORMS)
_VALUES = tuple(regex.later(form.value.encode()) if form.value else None for form in FORMS)
_IN_NAMES = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz.-$@/"
_LONGEST_NAME = 80
_LONGEST_WRAPPER = 160
_LONGEST_PLAIN = 410
"""Bytes that a value with rules of its own looks at."""

BEFORE = 128
"""Bytes before a hit that may be a part of the name, or stand before it."""

_MOST_VALUES = 8

WRAPPER = regex.later(
    rb"(?:new[ \t]{1,4})?(?:\[\])?[A-Za-z_$&*][\w.:$]{0,60}(?:<[\w, ]{1,30}>)?!?\(\s{0,10}"
    rb"(?=[rbufRBUF@$&]{0,2}\\{0,3}[\"'`])"
    rb"|\([ \t]{0,4}(?:[\w. ]{1,30}\)[ \t]{0,2})?(?=[\"'`])"
    rb"|[\w.$\[\]{}'\"()-]{1,80}[ \t]{1,4}(?:\|\||\?\?|\?:|or)[ \t]{1,4}(?=[\"'`])"
    rb"|[rbufRBUFLN@$&]{1,2}(?=\\{0,3}[\"'`])"
    rb"|r?#{1,3}(?=\")"
    rb"|![\w!]{1,20}[ \t]{1,4}"
    rb"|&[\w-]{1,30}[ \t]{1,4}"
)
LIST = regex.later(rb"[\[{(][ \t\r\n]{0,40}(?=[\"'`])|-[ \t]{1,4}")
NEXT = regex.later(rb"[\"'`][ \t]{0,4},[ \t\r\n]{0,40}(?=[\"'`])")
_QUOTES = (b'"', b"'", b"`")
_QUOTE = regex.later(rb"\\{0,3}(?:\"\"\"|'''|[\"'`])")
SAYS_SCHEME = regex.later(rb"(?i)" + _SCHEME.encode() + rb"[ \t]{1,4}(?=\S)")
_BARE = regex.later(rb"[^\s\"'`]{1,%d}" % LONGEST)
_INSIDE = {
    quote: regex.later(rb"(?:[^%b\\\r\n]|\\[^\r\n]){0,%d}+" % (quote, LONGEST))
    for quote in (b'"', b"'", b"`")
}


def find(form: int, content: bytes, start: int) -> tuple[list[Found], int]:
    """The values that a hit of a form at `start` leads to, several if they are a list; and one past
    the last byte that had a say. Of those before the hit, `BEFORE` may have one."""
    joined = confirm(form).match(content, start)
    if joined is None:
        return [], _unconfirmed(form, content, start)
    if IS_NAMED[form]:
        begin, end = joined.span("name")
    else:
        begin, end = _name_start(content, joined.start("word")), joined.end("word")
    at, plain = joined.end(), _VALUES[form]
    wrapper, line = b"", 0
    if plain is not None:
        value = plain.match(content, at)
        spans, stop = [(b"", *value.span())] if value else [], at + _LONGEST_PLAIN
        line = 1 + content.find(b"\n", value.end() if value else at, stop)
    else:
        unwrapped = _unwrapped(content, at)
        if unwrapped is None:
            return [], at + 3 * _LONGEST_WRAPPER
        wrapper = content[at:unwrapped]
        spans, stop, line = _spans(
            content, unwrapped, content[begin - 1 : begin], joined["join"] != b"("
        )
    stop = max(stop, start + FORMS[form].reach)
    if line and FORMS[form].name in OF_A_LINE:
        stop = min(stop, line)
    values = []
    for place, (quote, first, last) in enumerate(spans):
        scheme = b""
        if plain is None and (said := SAYS_SCHEME.match(content, first, last)):
            scheme, first = said[0].rstrip().lower(), said.end()
        values.append(
            Found(
                form=FORMS[form].name,
                name=FORMS[form].says.encode() or content[begin:end],
                name_start=begin,
                join=joined["join"],
                start=first,
                end=last,
                quote=quote,
                wrapper=wrapper,
                scheme=scheme,
                crosses=b"\n" in joined["gap"],
                place=place,
            )
        )
    return values, stop


def _unconfirmed(form: int, content: bytes, start: int) -> int:
    """One past the last byte that had a say in that a hit is none."""
    stop = start + FORMS[form].reach
    line = content.find(b"\n", start, stop) if FORMS[form].name in ON_A_LINE else -1
    return line + 1 if line >= 0 else stop


def _name_start(content: bytes, word: int) -> int:
    floor = max(0, word - _LONGEST_NAME)
    return floor + len(content[floor:word].rstrip(_IN_NAMES))


def _unwrapped(content: bytes, at: int) -> int | None:
    """Where the value itself begins, past calls, casts and alternatives; None if they go on."""
    begin = at
    if content[at : at + 1] in _QUOTES:
        return at
    while wrapper := WRAPPER.match(content, at):
        at = wrapper.end()
        if at - begin > _LONGEST_WRAPPER:
            return None
    return at


_Span: TypeAlias = tuple[bytes, int, int]
"""The quote of a value, its first byte and its end."""


def _spans(content: bytes, at: int, before: bytes, lists: bool) -> tuple[list[_Span], int, int]:
    """A value, or each quoted value of a list; one past the last byte that had a say; and one past
    the end of the line, if nothing behind that had one."""
    opened = LIST.match(content, at) if lists else None
    at = opened.end() if opened else at
    found: list[_Span] = []
    for _ in range(_MOST_VALUES):
        span, stop = _quoted(content, at)
        if span is None:
            span, further = _bare(content, at, before)
            stop = max(stop, further)
        if span is None or span[1] == span[2]:
            is_open = not opened and content[at : at + 1] in _QUOTES  # a quote that is not closed
            line = _line(content, at, at, stop) if is_open else 0
            return found, stop + _BETWEEN, line if stop <= line else 0
        found.append(span)
        following = NEXT.match(content, span[2]) if opened and span[0] else None
        if following is None:
            stop += _BETWEEN
            return found, stop, 0 if opened else _line(content, at, span[2], stop)
        at = following.end()
    return found, stop + _BETWEEN, 0


def _line(content: bytes, at: int, end: int, stop: int) -> int:
    """One past the end of the line of a value, if it comes before `stop`; 0 if it does not, or if the
    line ends where a wrapper or a list may begin, which the next line has a say in."""
    line = content.find(b"\n", end, stop)
    if line >= 0 and content[at : at + 1] not in _QUOTES:
        return 0 if content[at:line].rstrip()[-1:] in _OPEN else line + 1
    return line + 1


_OPEN = (b"(", b"[", b"{")


_BETWEEN = 200
"""Bytes that decide whether a value is wrapped, and whether another one follows it."""


def _quoted(content: bytes, at: int) -> tuple[_Span | None, int]:
    opened = _QUOTE.match(content, at)
    if opened is None:
        return None, at
    quote, begin = opened[0], opened.end()
    if len(quote) > 1:  # escaped or tripled: it ends where the same bytes come again
        stop = content.find(quote, begin, begin + LONGEST)
        if stop < 0:
            return None, begin + LONGEST
        crosses = content.find(b"\n", begin, stop) >= 0
        return None if crosses else (quote, begin, stop), stop + len(quote)
    inside = _INSIDE[quote].match(content, begin)
    end = begin if inside is None else inside.end()
    if inside is None or content[end : end + 1] != quote:
        return None, end + 1 + (content[end : end + 1] == b"\\")
    return (quote, begin, end), end + 1


def _bare(content: bytes, at: int, before: bytes) -> tuple[_Span | None, int]:
    """A word without quotes, without what ends it in flows, queries, tags and escaped lines."""
    word = _BARE.match(content, at)
    if word is None:
        return None, at + 1
    value = word[0]
    in_flow = before in (b"{", b",", b";", b"?", b"&")
    for mark in (b",", b";"):
        cut = value.find(mark)
        if cut > 0 and (in_flow or cut == len(value) - 1):
            value = value[:cut]
    for mark in (b"</", b"]]>", b"\\n", b"\\r", *((b"&",) if before in (b"?", b"&") else ())):
        cut = value.find(mark)
        if cut > 0:
            value = value[:cut]
    while value and (opener := _OPENERS.get(value[-1:])):
        if value.count(opener) >= value.count(value[-1:]):
            break
        value = value[:-1]
    return (b"", at, at + len(value)), word.end() + 1


_OPENERS = {b")": b"(", b"]": b"[", b"}": b"{", b">": b"<"}
