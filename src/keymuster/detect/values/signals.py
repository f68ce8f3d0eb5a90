"""What can be seen of a value and of the text around it, as numbers that a model can weigh.

No signal asks whether a value reads like a word or like noise, letter by letter: in labelled
corpora that tells how the data was made, and in real code passwords are words.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from math import log2
from typing import TypeAlias

from keymuster import accelerator, regex
from keymuster.detect.values import languages
from keymuster.detect.values.syntax import FORMS, Found

try:
    from keymuster.detect.values import _accelerator
except ImportError:
    _accelerator = None  # type: ignore[assignment]

Signals: TypeAlias = Sequence[float]
"""One number for each of `NAMES`, or of the first of them; a claim is 1 when it holds and 0 when not."""

NEAR = 200
"""Bytes before and after that are read for what they speak of."""


def groups(content: bytes, found: Found, path: str) -> Iterator[Signals]:
    """The signals of a value, group by group: each costs more than the one before, and most values
    need but the first. That one says nothing of a value's text but its length and the kinds of its
    characters."""
    yield _at_a_glance(content, found, path)
    floor = max(0, found.name_start - NEAR)
    before = content[floor : found.name_start]
    after = content[found.end + len(found.quote) : found.end + NEAR]
    left = before.rpartition(b"\n")[2]
    right = after.partition(b"\n")[0]
    yield [
        *_of_value(content[found.start : found.end], found.name),
        *_of_line(left, right, not found.quote),
        after.lstrip()[:2] == b"</",
    ]
    yield [
        *_topics(left + b" " + found.name + b" " + right, _LINE_BITS),
        *_topics(before + b" " + after, _NEAR_BITS),
    ]


def following(content: bytes, found: Found) -> int:
    """One past the bytes behind a value that show whether a closing tag follows."""
    begin = found.end + len(found.quote)
    after = content[begin : found.end + NEAR]
    return begin + len(after) - len(after.lstrip()) + len(b"</")


def _at_a_glance(content: bytes, found: Found, path: str) -> tuple[float, ...]:
    left = content[max(0, found.name_start - NEAR) : found.name_start].rpartition(b"\n")[2]
    classes = content[found.start : min(found.end, found.start + _SEEN)].translate(_CLASS)
    return (
        *_of_name(_name(found)),
        *_of_path(path),
        *_of_join(*_joined(found)),
        *_of_beside(left[-1:] if left and not left.isspace() else b""),
        *_of_classes(classes, found.end - found.start),
    )


def _name(found: Found) -> bytes:
    return found.name if found.form != "url" else b""  # whose users are often tokens themselves


_Joined: TypeAlias = tuple[str, bytes, bool, bytes, int, bytes, bool]


def _joined(found: Found) -> _Joined:
    return (
        found.form, found.join, found.crosses, found.quote, found.place, found.wrapper, found.scheme != b"",
    )  # fmt: skip


def packed(found: Found, path: str) -> tuple[bytes, bytes, bytes]:
    """The first of the first group, in bytes: those of the name, the path, and how both are joined. What
    they are of comes back with most values."""
    return _packed_name(_name(found)), packed_path(path), _packed_join(*_joined(found))


@lru_cache(maxsize=8192)
def _packed_name(name: bytes) -> bytes:
    compiled = names()
    return _packed(_of_name(name)) if compiled is None else compiled.of(name)


@lru_cache(maxsize=256)
def packed_path(path: str) -> bytes:
    return _packed(_of_path(path))


@lru_cache(maxsize=2048)
def _packed_join(*joined: *_Joined) -> bytes:
    return _packed(_of_join(*joined))


def _packed(signals: Signals) -> bytes:
    return array("d", signals).tobytes()


def tables() -> tuple[tuple[object, ...], ...]:
    """What the other groups are made of, for who makes them in another language: sets of words, each
    with what is said of it, and numbers."""
    sequences = *((again, 1) for again in _AGAIN), *((steps, 0) for steps in _STEPS)
    return (
        tuple(_TOPICS_OF.items()),
        *(tuple((word, 0) for word in words) for words in (LITERALS, _STAND_INS, _MINE, _OF_SECRETS)),
        sequences,
        tuple(_N_LOG_N), tuple(_LOGS), tuple(_LINE_BITS), tuple(_NEAR_BITS),
    )  # fmt: skip


# what names it

_WORDS = regex.later(rb"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_KINDS: dict[str, str] = {
    "a password": "pass password passwords passwd pwd passphrase psw pw passcode userpassword dbpassword passw pword",
    "a secret": "secret secrets",
    "a token": "token tokens authtoken accesstoken apitoken pat",
    "a key": "key keys apikey apikeys accesskey secretkey nkey",
    "authentication": "auth authorization oauth authentication authenticate bearer cred creds credential credentials",
    "a salt or nonce": "salt nonce",
    "a session": "cookie session signature sig dsn otp totp hotp",
    "something private": "private",
}  # fmt: skip
KIND_OF = {word.encode(): kind for kind, words in _KINDS.items() for word in words.split()}
GLUED = (
    (b"passw", "a password"), (b"pwd", "a password"), (b"secret", "a secret"),
    (b"token", "a token"), (b"key", "a key"), (b"pass", "a password"), (b"salt", "a salt or nonce"),
)  # fmt: skip
_STRONG = frozenset(
    b"api access secret private encryption encrypt signing sign consumer master auth session client app "
    b"refresh id bearer oauth account shared storage service hmac aes crypto cipher license webhook "
    b"db database admin root user login ssh smtp mail ldap keystore truststore ssl tls wifi".split()
)
_WEAK = frozenset(
    b"no not is has have get set use using with without forgot reset change invalid wrong incorrect missing "
    b"enter new old current confirm public foreign primary partition sort unique cache map hot short i18n "
    b"translation csrf xsrf result lookup group hash row column next prev parse lex end start grammar config error "
    b"err label lbl title txt msg message test dummy fake example sample mock expected my your the a an".split()
)
_ABOUT = frozenset(
    b"name names id ids type types path paths file files filename dir directory url uri urls field fields "
    b"label labels size count length len hash digest expiry expires expiration ttl policy rule rules "
    b"class kind header headers param params arn version format algorithm alg algo endpoint host list ref "
    b"env var variable placeholder hint title message msg text description error errors invalid incorrect "
    b"wrong regex pattern prefix suffix index idx column table row code status state mode method provider "
    b"manager factory service handler store storage location in out at timeout usage info link page "
    b"view form input output button dialog tag attr attribute attributes option options strategy scope "
    b"scopes claim claims request response reset change changed forgot forget confirm required requirements "
    b"strength min max attempts limit enabled disabled only based generator helper util utils callback".split()
)
_OTHER_WORDS = frozenset(
    b"keyboard keyword keywords keycode keydown keyup keypress keyframes author authors authority authored "
    b"tokenize tokenizer passed passing passes passive passenger passport bypass compass monkey turkey "
    b"hotkey".split()
)


@lru_cache(maxsize=4096)
def _of_name(name: bytes) -> tuple[float, ...]:
    words = [word.lower() for word in _WORDS.findall(name)]
    kind, before, after = _parted(words)
    return (
        *(kind == one for one in _KINDS),
        kind == "",
        len(words),
        len(after),
        not _ABOUT.isdisjoint(after),
        not _STRONG.isdisjoint(before),
        not _WEAK.isdisjoint(before),
        not _OTHER_WORDS.isdisjoint(words),
        name.isupper(),
        name.islower(),
        b"." in name.strip(b"."),
        name[:1] in (b"$", b"@"),
        name[:1] == b"-",
        len(name),
    )


_OF_NAME = (
    *(f"named as {one}" for one in _KINDS), "named as nothing known", "words of the name",
    "words after", "the name is about the secret", "a strong word before", "a weak word before",
    "a word with another meaning", "name in capitals", "name in small letters", "dotted name",
    "name with $", "name with -", "length of the name",
)  # fmt: skip


@cache
def names() -> _accelerator.Names | None:
    """The same in C, where that was built."""
    if _accelerator is None or not accelerator.is_wanted():
        return None
    kinds = {kind: number for number, kind in enumerate(_KINDS, 1)}
    words = {word: kinds[kind] for word, kind in KIND_OF.items()}
    for bit, those in enumerate((_ABOUT, _STRONG, _WEAK, _OTHER_WORDS), 8):
        for word in those:
            words[word] = words.get(word, 0) | 1 << bit
    stems = tuple((stem, kinds[kind]) for stem, kind in GLUED)
    return _accelerator.Names(len(kinds), tuple(words.items()), stems)


def speaks(name: bytes) -> bool:
    """Whether a name speaks of a secret, and of none of the things that merely sound like one."""
    said = memoryview(_packed_name(name)).cast("d")
    return not said[len(_KINDS)] and not said[_OTHER_WORD]


def _parted(words: list[bytes]) -> tuple[str, list[bytes], list[bytes]]:
    """What a name speaks of, and its words before and after the one that says so."""
    for place in range(len(words) - 1, -1, -1):
        if (kind := KIND_OF.get(words[place])) is not None:
            return kind, words[:place], words[place + 1 :]
    glued = b"".join(words)
    kind = next((kind for stem, kind in GLUED if stem in glued), "")
    return kind, [], []


_OTHER_WORD = _OF_NAME.index("a word with another meaning")

# how name and value are joined

JOINS = (b"=", b":", b",", b">", b"::")
LIKE = {form.name: form.like or form.name for form in FORMS}
FORM_NAMES = tuple(dict.fromkeys(LIKE.values()))
WRAPS = regex.later(
    rb"(?i)some|just|of|new|secret|password|token|cred|sensitive|plain|string|secure"
)
READS = regex.later(
    rb"(?i)env|getprop|conf|lookup|fetch|find|load|read|param|option|setting|request"
)
_QUOTE_BYTES = (b'"', b"'", b"`")


def _wrapping(wrapper: bytes) -> tuple[bool, ...]:
    """Whether something stands around a value, and whether that makes it a literal or reads it."""
    if b"(" not in wrapper:
        return wrapper != b"", False, False
    return True, WRAPS.search(wrapper) is not None, READS.search(wrapper) is not None


@lru_cache(maxsize=2048)
def _of_join(
    form: str, join: bytes, crosses: bool, quote: bytes, place: int, wrapper: bytes, scheme: bool
) -> tuple[float, ...]:
    return (
        *(LIKE[form] == one for one in FORM_NAMES),
        *(join == one for one in JOINS),
        crosses,
        not quote,
        quote == b'"',
        quote == b"'",
        len(quote) > 1,
        place,
        *_wrapping(wrapper),
        scheme,
    )


def _of_beside(beside: bytes) -> tuple[float, ...]:
    return (
        beside in _QUOTE_BYTES,
        beside in (b"{", b"("),
        beside in (b"?", b"&"),
        not beside,
    )


_OF_JOIN = (
    *(f"form {one}" for one in FORM_NAMES), *(f"joined by {one.decode()}" for one in JOINS),
    "value on the next line", "not quoted", "double quotes", "single quotes", "escaped or tripled quotes",
    "place in a list", "wrapped", "wrapped as a literal", "read from elsewhere", "scheme before",
    "quoted name", "name after a bracket", "query parameter", "name begins the line",
)  # fmt: skip


# the value itself

_CLASS = bytes(
    97 if 97 <= byte <= 122 else 65 if 65 <= byte <= 90 else 48 if 48 <= byte <= 57
    else 32 if byte in b" \t" else 33 if byte < 128 else 119
    for byte in range(256)
)  # fmt: skip
_SWITCHES = regex.later(rb"[a-z]+|[A-Z]+|[0-9]+|[^A-Za-z0-9]+")
_STAND_INS = (
    b"example sample placeholder change replace redacted removed hidden dummy fake your insert todo xxx *** ... "
    b"foo baz some put_ enter fixme mock stub demo default goes lorem blah tbd test".split()
)
_MINE = b"_ - pass pwd secret key token api app user db sql test".split()
_OF_SECRETS = b"pass pwd secret token key auth cred salt nonce login user admin api access account value string name".split()
_PLACEHOLDER = regex.later(
    rb"%b|bar\b|here$|my(?<![a-z0-9]my)(?=%b)"
    % (b"|".join(map(re.escape, _STAND_INS)), b"|".join(map(re.escape, _MINE)))
)
_SECRET_WORDS = regex.later(b"|".join(_OF_SECRETS))
"""Both are looked for in small letters; no way to match begins with a boundary, so `re` skips to
where one can."""

LITERALS = frozenset(
    b"true false null nil none undefined unset yes no on off empty void self this unknown nan required "
    b"optional string str int integer bool boolean byte bytes object array any number float double char "
    b"text uuid password secret token hidden include omit same-origin always never on_create disable disabled enable "
    b"enabled auto manual default basic bearer oauth oauth2 jwt http https tcp local md5 sha sha1 sha256 "
    b"sha512 rs256 hs256 plain id name type value key in not and or if else return new function def class "
    b"import from for while async await const let var inherit read write".split()
)
_REFERENCE = regex.later(
    rb"\$[{(\w]|\{\{|\}\}|<%|%>|#\{|@\{|%\(|%[sdvqx@](?!\w)|%\w+%|\{\d*\}|\{[\w.]{1,40}\}|\[\[|<[\w -]{1,40}>|@\w+@|__\w+__"
)
CODE = regex.later(rb"[\w\])]\(|\)\.|->|::|=>|&&|\|\||==(?=.)|\+\+|;\Z|\(\)|\[\w*\]|[\w)]\s[+?]\s")
IDENTIFIER = regex.later(rb"[A-Za-z_$][\w$]*")
DOTTED = regex.later(rb"[A-Za-z_$][\w$]*(?:(?:\.|->|::)[A-Za-z_$][\w$]*)+[!?]?(?:\(.*)?")
_CONSTANT = regex.later(rb"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_CAMEL = regex.later(rb"[a-z]+(?:[A-Z][a-z]+)+|(?:[A-Z][a-z]+){2,}")
_HEX = regex.later(rb"(?i)(?:0x)?[0-9a-f]+")
_BASE64 = regex.later(rb"[A-Za-z0-9+/_-]{8,}={0,2}")
_PATH = regex.later(
    rb"^(?:[.~]{0,2}/|[A-Za-z]:\\)|://|/\w+/|\.(?:pem|key|json|ya?ml|txt|crt|cer|p12|jks|py|js|rb|go|php|html?|xml|cfg|conf|ini|env|db|log|sh|gz|zip|png)\Z"
)
_HASHED = regex.later(
    rb"(?i)\$(?:2[abxy]?|1|5|6|argon2\w*|pbkdf2\w*|apr1|y|P|H)\$|\{(?:SSHA|SHA|MD5|CRYPT|SMD5|bcrypt)\d*\}|"
    rb"^(?:sha\d+|md5)[:-]|pbkdf2_"
)
_ROWS = (
    b"01234567890",
    b"0987654321",
    b"abcdefghijklmnopqrstuvwxyz",
    b"qwertyuiop",
    b"asdfghjkl",
    b"zxcvbnm",
)
_AGAIN = (b"aaa", b"000", b"111", b"xxx")
_STEPS = [row[at : at + 3] for row in _ROWS for at in range(len(row) - 2)]
_SEQUENCE = regex.later(b"|".join([*(again + b"+" for again in _AGAIN), *_STEPS]))
_RUN = regex.later(rb"(.)\1{3}", re.DOTALL)
_SENTENCE = regex.later(rb"[A-Za-z]{2,}[.,!?:']?\s+[A-Za-z]{2,}")
_DATE = regex.later(rb"\d{4}-\d\d-\d\d|\d\d?/\d\d?/\d{4}|\d\d:\d\d")
_MARKS = (b"/", b".", b":", b"-", b"_", b"\\", b"@", b"%", b"+", b",")
_KEY_LENGTHS = (16, 20, 24, 32, 40, 64, 128)
_PLAIN = bytes(
    byte for byte in range(256) if chr(byte) not in "0123456789abcdefghijklmnopqrstuvwxyz"
)
_SEEN = 160
"""Bytes of a long value that are looked at one by one."""


def _of_classes(classes: bytes, size: int) -> tuple[float, ...]:
    part = len(classes)
    lower, upper, digits = classes.count(b"a"), classes.count(b"A"), classes.count(b"0")
    marks, spaces, wide = classes.count(b"!"), classes.count(b" "), classes.count(b"w")
    return (
        size,
        lower / part,
        upper / part,
        digits / part,
        marks / part,
        wide / part,
        spaces,
        (lower > 0) + (upper > 0) + (digits > 0) + (marks > 0),
        digits > 0 and lower + upper > 0,
        size in _KEY_LENGTHS,
    )


_OF_CLASSES = (
    "length", "small letters", "capitals", "digits", "marks", "letters beyond ASCII", "spaces",
    "kinds of characters", "letters and digits", "length of a key",
)  # fmt: skip


@lru_cache(maxsize=4096)
def _of_value(value: bytes, name: bytes) -> tuple[float, ...]:
    size = len(value)
    seen = value[:_SEEN]
    part = len(seen)
    runs = _SWITCHES.findall(seen)
    small = seen.lower()
    plain, plain_name = small.translate(None, _PLAIN), name.lower().translate(None, _PLAIN)
    words = {word.lower() for word in _WORDS.findall(seen)}
    first = value[:1]
    return (
        _entropy(seen),
        len(set(seen)) / part,
        len(runs) / part,
        max(map(len, runs)),
        len(words),
        _HEX.fullmatch(seen) is not None,
        _BASE64.fullmatch(value) is not None,
        value[-1:] == b"=",
        size % 4 == 0,
        IDENTIFIER.fullmatch(seen) is not None,
        _CAMEL.fullmatch(seen) is not None,
        small in LITERALS,
        _PLACEHOLDER.search(small) is not None,
        len(_SECRET_WORDS.findall(small)),
        _share(_SEQUENCE.findall(small), part),
        _RUN.search(seen) is not None,
        plain == plain_name or (len(plain) > 3 and plain in plain_name),
        plain_name != b"" and plain_name in plain,
        not words.isdisjoint(word.lower() for word in _WORDS.findall(name)),
        first in b"$%#@{<[(&*!",
        first.isupper(),
        *(_of_marks(value, seen) if len(plain) < part else _NO_MARKS),
    )


def _of_marks(value: bytes, seen: bytes) -> tuple[float, ...]:
    """What can only hold for a value that has other characters than letters and digits."""
    return (
        DOTTED.fullmatch(seen) is not None,
        _CONSTANT.fullmatch(seen) is not None,
        _SENTENCE.search(seen) is not None,
        _PATH.search(seen) is not None,
        _DATE.search(seen) is not None,
        _HASHED.search(seen) is not None,
        _REFERENCE.search(seen) is not None,
        CODE.search(seen) is not None,
        value[-1:] in b".:,!?",
        *(mark in seen for mark in _MARKS),
        b"(" in seen or b")" in seen,
        b"[" in seen or b"{" in seen,
        b"=" in value.rstrip(b"="),
    )


_OF_MARKS = (
    "dotted identifiers", "a CONSTANT", "a sentence", "a path or URL", "a date", "a password hash", "a reference",
    "code", "ends like a sentence", *(f"has {mark.decode()}" for mark in _MARKS), "has ()", "has [ or {", "has =",
)  # fmt: skip
_NO_MARKS = (0.0,) * len(_OF_MARKS)
_OF_VALUE = (
    "entropy", "variety", "switches between kinds", "longest run of a kind", "words", "hexadecimal",
    "like base64", "ends with =", "length divisible by four", "an identifier", "camelCase",
    "a word of programming", "a placeholder's word", "words of secrets", "in sequence", "a repeated character",
    "the name itself", "holds its name", "shares a word with its name", "starts with a mark",
    "starts with a capital", *_OF_MARKS,
)  # fmt: skip


def _share(parts: list[bytes], size: int) -> float:
    """How much of a text some parts of it are."""
    return sum(map(len, parts)) / size if parts else 0.0


def _entropy(value: bytes) -> float:
    """Bits per byte by the value's own frequencies."""
    size = len(value)
    return _LOGS[size] - sum([_N_LOG_N[value.count(byte)] for byte in set(value)]) / _UNIT / size


_UNIT = 2.0**40
_LOGS = [0.0, *(log2(n) for n in range(1, _SEEN + 1))]
_N_LOG_N = [round(n * log * _UNIT) for n, log in enumerate(_LOGS)]
"""In whole units, whose sum is the same in any order."""


# its line

_SETS = regex.later(
    rb"(?:set|put|add|define|insert|store|register|export|append|create|update)\w{0,20}!?\(\s{0,4}[\"'`]?\Z",
    re.IGNORECASE,
)
"""A call that sets something, whose first argument the name is."""

_CALLED = 40
"""Bytes before a name in which such a call stands."""

_COMMENT = regex.later(rb"\s*(?:#|//|/?\*|;|--|<!--|'|%|rem\b|\.\.)")


def _of_line(left: bytes, right: bytes, bare: bool) -> tuple[float, ...]:
    rest = right.lstrip()
    first, following = right[:1], rest[:1]
    return (
        first in (b")", b","),
        first in (b"(", b"[", b"."),
        not first,
        first in (b" ", b"\t"),
        following in (b"+", b"%"),
        bare and following.isalpha(),
        _COMMENT.match(left) is not None,
        len(left),
        len(right),
        (left.count(b'"') + left.count(b"'") + left.count(b"`")) % 2,
        right.count(b'"') + right.count(b"'"),
        b"(" in left,
        b"|" in left,
        b"(" in left[-6:] and _SETS.search(left[-_CALLED:]) is not None,
    )


_OF_LINE = (
    "then ) or ,", "then ( or .", "ends the line", "then a space", "then + or %", "then a word",
    "in a comment", "text to the left", "text to the right", "inside a string", "quotes to the right",
    "bracket to the left", "table to the left", "in a call that sets",
)  # fmt: skip


# what the line and the neighbourhood speak of

_TOPICS: dict[str, str] = {
    "tests": "test tests tested testing assert asserts equal equals expect expects expected should it spec "
    "specs mock mocks mocked stub stubs fixture fixtures verify given describe fake",
    "examples": "example examples sample samples dummy demo placeholder eg",
    "messages": "raise throw throws error errors exception log logger logging print println printf echo warn "
    "warning message msg puts usage help description title summary label please",
    "definitions": "def func function fn fun sub class interface struct type import from require include "
    "package using namespace enum typedef",
    "constants": "const final static let var val export env set public private string char",
    "users": "user users username login email mail account uid usr admin",
    "hosts": "host hostname localhost server url uri endpoint jdbc port database db smtp ldap connect connection",
    "cryptography": "crypt encrypt decrypt encrypted cipher hash hashed digest hmac sign signed bcrypt md5 sha aes rsa",
    "requests": "curl http https header headers post authorization request requests cookie wget body params",
    "queries": "select insert update where alter create grant identified values",
}  # fmt: skip
_LINE_TOPICS = (
    "users",
    "cryptography",
    "definitions",
    "constants",
    "requests",
    "messages",
    "queries",
)
_NEAR_TOPICS = (
    "users",
    "tests",
    "examples",
    "requests",
    "hosts",
    "messages",
    "cryptography",
)
_BIT = {topic: 1 << place for place, topic in enumerate(_TOPICS)}
_TEXT_WORDS = regex.later(rb"[A-Z]?[a-z0-9]+|[A-Z]{2,}")


def _bits() -> dict[bytes, int]:
    """Each word in the three ways it is written, with the topics it belongs to."""
    found: dict[bytes, int] = {}
    for topic, words in _TOPICS.items():
        for word in words.split():
            for form in (word, word.capitalize(), word.upper()):
                found[form.encode()] = found.get(form.encode(), 0) | _BIT[topic]
    return found


_TOPICS_OF = _bits()
_SAID = frozenset(_TOPICS_OF)
_LINE_BITS = [_BIT[topic] for topic in _LINE_TOPICS]
_NEAR_BITS = [_BIT[topic] for topic in _NEAR_TOPICS]


def _topics(text: bytes, wanted: Iterable[int]) -> list[bool]:
    bits = 0
    for word in _SAID.intersection(_TEXT_WORDS.findall(text)):
        bits |= _TOPICS_OF[word]
    return [bits & bit != 0 for bit in wanted]


# the file

_PATHS = {
    "tests": regex.later(r"(?i)(?:^|[/_.-])(?:tests?|specs?|fixtures?|mocks?|testdata|__tests__|e2e|cassettes?)(?:[/_.-]|$)"),
    "examples": regex.later(r"(?i)(?:^|[/_.-])(?:examples?|samples?|demos?|docs?|documentation|tutorials?|templates?)(?:[/_.-]|$)"),
    "translations": regex.later(r"(?i)(?:^|[/_.-])(?:lang|locales?|i18n|l10n|translations?|assets|resources?)(?:[/_.-]|$)"),
    "settings": regex.later(r"(?i)(?:^|[/_.-])(?:conf|config|settings?|env|docker|deploy|environments?)(?:[/_.-]|$)"),
}  # fmt: skip


@lru_cache(maxsize=256)
def _of_path(path: str) -> tuple[float, ...]:
    language = languages.of(path)
    return (
        *(language == name for name in languages.LANGUAGES),
        *(pattern.search(path) is not None for pattern in _PATHS.values()),
    )


_OF_PATH = (
    *(f"the file is {name}" for name in languages.LANGUAGES), *(f"the path speaks of {name}" for name in _PATHS)
)  # fmt: skip

GROUPS: tuple[tuple[str, ...], ...] = (
    (*_OF_NAME, *_OF_PATH, *_OF_JOIN, *_OF_CLASSES),
    (*_OF_VALUE, *_OF_LINE, "a closing tag follows"),
    (
        *(f"the line speaks of {topic}" for topic in _LINE_TOPICS),
        *(f"near it: {topic}" for topic in _NEAR_TOPICS),
    ),
)
NAMES: tuple[str, ...] = tuple(name for group in GROUPS for name in group)
"""What each signal says, in words for a person."""

AT_A_GLANCE = len(GROUPS[0])
OF_THE_LINE = AT_A_GLANCE + len(GROUPS[1])
"""So many signals ask for nothing but the line that the value stands in, the second so many of them
also for what comes `following`."""
