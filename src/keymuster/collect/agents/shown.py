"""Names, addresses and sentences of others as records may hold them: without what could be a secret.

A record's name and id are in every report, and an address is often a key itself: `/s/<key>/mcp`. The
secret is found where it stands; here it is only left out, so that whoever reads a record cannot use it.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from keymuster import regex

_HIDDEN = "****"
_RUN = regex.later(r"[A-Za-z0-9]{18,}")
_DIGIT, _LETTER = regex.later(r"\d"), regex.later(r"[A-Za-z]")
_UUID = regex.later(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FEW = 2
"""Digits that a long word may have (`base64`, `oauth2`): what is drawn has more."""


def text(said: str) -> str:
    """The same without long runs of letters among digits; those that only count or only spell stay."""
    return _RUN.sub(_hidden, said)


def address(url: SplitResult) -> str:
    """Where a server is: without user, query and fragment, and without the parts of its path that are
    drawn."""
    host = url.hostname or ""
    port = f":{url.port}" if url.port else ""
    path = text(_UUID.sub(_HIDDEN, url.path.rstrip("/")))
    return f"{url.scheme}://{host}{port}{path}"


def _hidden(run: re.Match[str]) -> str:
    digits = len(_DIGIT.findall(run[0]))
    return _HIDDEN if digits > _FEW and _LETTER.search(run[0]) else run[0]
