"""Many calls of one service in one request, as Google takes them: each is a part of a multipart message, and
its answer a part of another."""

from __future__ import annotations

import json
from collections.abc import Sequence
from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from msgspec import Struct

from keymuster.collect.asking.rest import Asking, Rest, code_of_body

if TYPE_CHECKING:
    from requests import Response

BATCH = "batch"

MOST = 100
"""Calls in one request. Google takes more, but counts each; answers of this many stay small."""

_OK = range(200, 300)


class Part(Struct, frozen=True, kw_only=True):
    """The answer to one call of many; `code` is what Google calls its refusal, if it is one."""

    status: int
    code: str
    body: Any


class Batches(Rest):
    """The service that takes many calls in one."""

    def _decode(self, response: Response) -> Any:
        kind = response.headers.get("Content-Type", "")
        if not kind.startswith("multipart/"):
            return response.json()
        return parts(kind, response.content)


def asking(paths: Sequence[str]) -> Asking:
    """The request for what lies at several paths."""
    boundary = f"batch_{uuid4().hex}"
    pieces = [
        f"--{boundary}\r\nContent-Type: application/http\r\nContent-ID: <{number}>\r\n\r\n"
        f"GET /{path} HTTP/1.1\r\nAccept: application/json\r\n\r\n"
        for number, path in enumerate(paths)
    ]
    body = "".join([*pieces, f"--{boundary}--\r\n"]).encode()
    kind = f'multipart/mixed; boundary="{boundary}"'
    return Asking(url=BATCH, method="POST", body=body, headers={"Content-Type": kind})


def parts(kind: str, content: bytes) -> dict[int, Part]:
    """The answers in a multipart message, by the numbers of their calls; ValueError if it is none."""
    message = BytesParser(policy=HTTP).parsebytes(
        b"Content-Type: " + kind.encode("latin-1") + b"\r\n\r\n" + content
    )
    if not message.is_multipart():
        raise ValueError("no multipart message")
    found = {}
    for one in message.iter_parts():
        number = str(one.get("Content-ID", "")).strip("<>").rpartition("-")[2]
        held = one.get_payload(decode=True)
        if number.isdigit() and isinstance(held, bytes):
            found[int(number)] = _part(held)
    return found


def _part(held: bytes) -> Part:
    """`HTTP/1.1 200 OK`, headers, and a body."""
    first, _, rest = held.partition(b"\r\n")
    _, _, text = rest.partition(b"\r\n\r\n")
    words = first.split()
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    try:
        body = json.loads(text) if text.strip() else {}
    except ValueError:
        return Part(status=0, code="NotJson", body=None)
    code = code_of_body(body)
    return Part(status=status, code="" if status in _OK else code or str(status), body=body)
