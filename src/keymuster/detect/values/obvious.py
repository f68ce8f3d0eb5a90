"""Found values that need no weighing: code and words of a language, by far the most of them.

`_accelerator.c` has the same in C; whatever it says, the Python here does too.
"""

from __future__ import annotations

from functools import cache, lru_cache

from keymuster import accelerator, regex
from keymuster.detect.placeholders import is_sequence
from keymuster.detect.values import signals
from keymuster.detect.values.languages import is_code
from keymuster.detect.values.syntax import Found

try:
    from keymuster.detect.values import _accelerator
except ImportError:
    _accelerator = None  # type: ignore[assignment]

_LEAST = 3
_MOST_SPACES = 5
_LOOKED_AT = 600
"""Bytes of a value that tell what it is."""

_LONG = 16
"""Bytes of a value that nobody chooses by running a finger along the alphabet."""

_SAYS_SO = regex.later(
    rb"change[-_ ]?(?:me|this|it)|placeholder|redacted|replace[-_ ]?(?:me|this|with)|"
    rb"xxxxx|\*\*\*|\.\.\.|\{[a-z][\w.]{0,30}(?::[\w-]{1,20})?\}"
)
"""Each way begins with a character, none with a boundary: so `re` skips to those characters, and a
value of two thousand bytes takes microseconds."""

_EXPRESSION = regex.later(rb"\[\^?(?:a-z|A-Z|0-9)|\\[dw](?:[+*{]|\\)|\(\?[:=!<]")
"""Marks of a regular expression."""

_EXAMPLES = frozenset(
    (
        b"d41d8cd98f00b204e9800998ecf8427e",
        b"da39a3ee5e6b4b0d3255bfef95601890afd80709",
        b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        b"550e8400-e29b-41d4-a716-446655440000",
        b"123e4567-e89b-12d3-a456-426614174000",
    )
)
"""Hashes of nothing (MD5, SHA-1, SHA-256), and the identifiers of Wikipedia's article on UUIDs."""

_YOURS = regex.later(rb"\byour[-_ ]")
_STANDS_IN = regex.later(
    rb"<[\w .:{}$-]{0,60}>\Z|\[[\w .:{}$-]{0,60}\]\Z|\{[\w .:{}$-]{0,60}\}\Z|%[\w .:-]{0,60}%\Z|"
    rb"\$\{|\{\{|%s\Z|\$(?:[A-Za-z_]{1,60}|[A-Z][A-Z0-9_]{0,60})\Z"
)
_ENCRYPTED = regex.later(
    rb"ENC\[(?:AES256_GCM|PKCS7|GPG)\b|\$ANSIBLE_VAULT;|vault:v\d{1,4}:|AQICAH[A-Za-z0-9+/]{60}|ENC\(|"
    rb"\{cipher\}|Ag[A-D][A-Za-z0-9+/]{400}|v1:[A-Za-z0-9+/]{11}=:v1:|v1:[A-Za-z0-9+/]{16}:[A-Za-z0-9+/]{20}"
)
"""How encrypted values begin: SOPS and hiera-eyaml, Ansible Vault, the transit engine of HashiCorp
Vault, AWS KMS, Jasypt, Spring Cloud Config, Sealed Secrets (the length of a 4096-bit RSA block),
stacks of Pulumi (a salt or a nonce, and what is encrypted with it)."""

_URL_WORDS = frozenset(
    b"pass passwd password passphrase pwd pw secret user username token key apikey api_key mypass mypassword "
    b"test foo bar baz abc 123 1234 12345 123456 credentials auth login xxx yyy hidden masked".split()
)
NO_SECRETS = regex.later(
    rb"(?:\A|next|prev|previous)(?:page|pagination|continuation|continue|cursor|sync)token\Z|"
    rb"(?:next|request|idempotency|publickey|csrf|xsrf)token\Z|publickeys?\Z|(?:key|token|credential)ids?\Z"
)
"""Names, without what parts their words, of marks in a list of pages, of requests, and of things."""

OF_REQUESTS = regex.later(rb"(?:[cC]lientToken|[sS]ecretIds?)\Z")
"""What the requests of AWS call a mark of their own, and the name of a secret. With `_` between the
words both are credentials elsewhere."""

_OUR_ID = regex.later(rb"[0-9a-f]{32}")
"""What follows `secret:` where a report or the settings of keymuster name a secret without its text."""

PLAIN_FORMS = frozenset(
    ("assignment", "typed", "block", "variable", "pair", "call", "space", "tag", "option", "value")
)
"""Forms in which only the name says that a secret may follow."""


def is_none(content: bytes, found: Found, path: str) -> bool:
    """Whether a value is surely no secret. Held against labelled data, this loses one real value in
    fifty of those that the weighing would keep, and spares half of the weighing."""
    how = 0
    if found.form in PLAIN_FORMS:
        if not _may_name(found.name):
            return True
        how = _PLAIN | (found.join == b":" and _BY_COLON)
        if not (found.quote or found.scheme):
            how |= of_bare_values(path)
    elif found.form == "url":  # its name is that of the user
        how = _IN_URL
    in_c = compiled()
    if in_c is None:
        return _is_none(content, found, how)
    place = found.name_start, found.start, found.end
    return in_c.is_none(content, found.name, *place, how)


_IN_URL, _PLAIN, _BARE, _IN_CODE, _BY_COLON = 1, 2, 4, 8, 16
"""How a value is given to its name."""

_LITERAL = (".env", ".ini", ".properties", ".cnf", ".envrc", ".netrc")
"""Ends of files in which everything behind a name is its value."""


@lru_cache(maxsize=256)
def of_bare_values(path: str) -> int:
    return 0 if path.endswith(_LITERAL) else _BARE | (is_code(path) and _IN_CODE)


@cache
def compiled() -> _accelerator.Obvious | None:
    """The same in C, where that was built."""
    if _accelerator is None or not accelerator.is_wanted():
        return None
    sets = signals.LITERALS, _URL_WORDS, _EXAMPLES
    return _accelerator.Obvious(*(tuple((word, 0) for word in words) for words in sets))


def _is_none(content: bytes, found: Found, how: int) -> bool:
    value = content[found.start : min(found.end, found.start + _LOOKED_AT)]
    if _is_none_itself(value):
        return True
    if how & _IN_URL and (value == found.name or value.lower() in _URL_WORDS):
        return True
    if how & _PLAIN and value.lower() in signals.LITERALS:
        return True
    if how & _BY_COLON and _is_part_of_an_id(content, found, value):
        return True
    if not how & _BARE:
        return False
    return _holds_code(value) or (how & _IN_CODE != 0 and _is_expression(content, found, value))


@lru_cache(maxsize=8192)
def _is_none_itself(value: bytes) -> bool:
    """What a value says of itself; most of them come back, in other places and in other versions."""
    if len(value) < _LEAST or value.count(b" ") > _MOST_SPACES:
        return True
    return says_so(value) or _ENCRYPTED.match(value) is not None


def says_so(value: bytes) -> bool:
    """Whether a value says itself that it is to be replaced."""
    small = value.lower()
    return (
        b"EXAMPLE" in value
        or small in _EXAMPLES
        or _SAYS_SO.search(small) is not None
        or _STANDS_IN.match(value) is not None
        or (b"your" in small and _YOURS.search(small) is not None)
        or _EXPRESSION.search(value) is not None
        or (len(value) >= _LONG and is_sequence(value))
    )


def _is_part_of_an_id(content: bytes, found: Found, value: bytes) -> bool:
    """Whether name and value are pieces of a longer one: `arn:aws:secretsmanager:...:secret:...`, or
    make one of ours."""
    if content[found.start - 1 : found.start] != b":":
        return False
    begin = found.name_start
    if content[begin - 1 : begin] == b":":
        return True
    return found.name == b"secret" and _OUR_ID.fullmatch(value) is not None


@lru_cache(maxsize=8192)
def _holds_code(value: bytes) -> bool:
    if not value.translate(None, _NEVER_CODE):
        return False
    plain = value[:1] + value[1:-1].replace(b"++", b"") + value[-1:]  # base64 has it, too
    return signals.CODE.search(plain) is not None


_NEVER_CODE = bytes(byte for byte in range(256) if byte not in b"(.>:=&|+;[?")
"""What no mark of code has that `signals.CODE` knows; to drop it costs next to nothing."""


@lru_cache(maxsize=8192)
def _may_name(name: bytes) -> bool:
    """Whether what has this name may be a secret."""
    if not signals.speaks(name):
        return False
    small = name.lower().translate(None, b"_-. ")
    return NO_SECRETS.search(small) is None and OF_REQUESTS.search(name) is None


def _is_expression(content: bytes, found: Found, value: bytes) -> bool:
    """Whether an unquoted value in a programming language is the name of something else."""
    reads = _reads_as(value)
    if not reads:
        return False
    line = content[max(0, found.name_start - 200) : found.name_start].rpartition(b"\n")[2]
    if line[-1:] in (b"{", b"("):
        return False
    if (line.count(b'"') + line.count(b"'") + line.count(b"`")) % 2:
        return False
    return reads == _NAME or content[found.end : found.end + 8].lstrip(b" \t")[:1].isalpha()


_NAME, _WORD = 2, 1


@lru_cache(maxsize=8192)
def _reads_as(value: bytes) -> int:
    """Whether a value reads as the name of something, or as a word if another one follows; 0 if it
    does not."""
    if signals.DOTTED.fullmatch(value):
        return _NAME
    if _DIGIT.search(value):
        return 0
    return _NAME if signals.IDENTIFIER.fullmatch(value) else _WORD


_DIGIT = regex.later(rb"[0-9]")
