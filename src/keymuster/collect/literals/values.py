"""Which values are the text of a secret, and which only stand where one should be."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as BadBase64

from keymuster import regex
from keymuster.model.unknown import is_unknown

LONGEST = 64 * 1024
"""Characters of a value that may be a secret."""

_BEGINS = regex.later(
    r"""(?xi) \$ANSIBLE_VAULT | (?:arn|vault|ref|ssm|env|file|op): | ref\+ |
    (?:secret|awssm|gcpsm|azurekv|vals|path|aws-sm)://? | \{(?:resolve|vault) | \(\( | \\?\#\{ |
    [.~]{1,2}/ | (?-i:/[a-z][a-z0-9_.-]{0,80})(?:/|\Z) |
    @(?:[.~/]|Microsoft\.(?:KeyVault|AppConfiguration)\(|[\w-]{1,80}\.(?:txt|json|ya?ml|pem|key)\Z) |
    (?-i:(?:[a-z][a-z0-9-]{0,62}\.){2,8}[a-z]{2,24})\Z |
    https?://[^/@]{0,4000}(?:/|\Z) | projects/ | (?:var|data|local|module)\.[a-z_] """
)
_HOLDS = regex.later(
    r"""(?xi) \$[{(] | (?:\A|[\s:/@,-])\$[A-Z_] | \{\{ | <[^<>]*> | %\( | %[A-Z_]+% | \bENC\[ | __[A-Z0-9_]+__ """
)
"""How values begin, and what they hold, that name the place where the secret is, or hold it encrypted."""
_SIGNS = ("$", "{{", "<", "%", "[", "__")
"""Of which a value has one if it holds such a thing: most have none, and some are long."""

_BLANK = regex.later(
    r"(?i)(?:string|str|true|false|yes|no|on|off|none|null|nil|undefined|n/?a|always|never|on_create|optional|required|"
    r"enabled|disabled|present|absent|todo|tbd|dummy|placeholder|redacted|fixme|~|-+|\*+|\.{3}|x{3,}|[0-9]{1,2}|"
    r"replace[-_ ]?(?:me|this|with)?(?:[-_ ].{0,60})?|"
    r"(?:put|insert|enter|add|set)[-_ ].{1,60}|.{0,30}\byour[-_ ].{1,60}|.{1,60}[-_ ]here)"
)
"""Words that stand where somebody else is to write a secret, or say of what sort it is."""

_SAMPLE = regex.later(
    r"(?i)your[ _-]|\*{3}|x{4,}|redacted|placeholder|replace|insert|todo|dummy|\.\.\.|…|"
    r"(?:\b|_)here\b|fill[ _-]?me|to[ _-]be|some[ _-]"
)

_TRACE = regex.later(r"[A-Za-z0-9+/=_.\-]{16,}")


def is_literal(text: str) -> bool:
    """Whether a value that should be a secret is one, and not the place of one or a blank to fill."""
    if len(text) > LONGEST or is_reference(text):
        return False
    return _BLANK.fullmatch(text.strip()) is None


def is_reference(text: str) -> bool:
    """Whether a value says where a secret is, or is no value."""
    if not text.strip() or is_unknown(text) or _BEGINS.match(text) is not None:
        return True
    return any(sign in text for sign in _SIGNS) and _HOLDS.search(text) is not None


def is_sample(text: str) -> bool:
    """Whether a value says that somebody is to put another in its place."""
    return _SAMPLE.search(text) is not None or text[:4] in ("Your", "YOUR") or "EXAMPLE" in text


def is_random(text: str) -> bool:
    """Letters and digits in no order that anybody would write."""
    found = _TRACE.fullmatch(text)
    return (
        found is not None
        and sum(char.isdigit() for char in text) >= 3
        and any(char.isalpha() for char in text)
        and len(set(text)) >= 8
    )


def repeats(name: str, text: str) -> bool:
    """Whether a value says no more than its own name: `secret_data = "secret-data"`."""
    return _letters(name) == _letters(text)


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text[:200]).lower()


def decoded(text: str) -> str:
    """The text behind base64; empty if it is none."""
    try:
        return b64decode("".join(text.split()), validate=True).decode()
    except (BadBase64, ValueError):
        return ""
