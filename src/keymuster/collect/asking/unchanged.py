"""Answers that a service gave before, and of which it says by a 304 that they are still the same (RFC 9110, sections
8.8.3 and 13.1.2).

GitHub does not count such an answer against the limit of an hour (docs.github.com/en/rest, "Best practices for using
the REST API"). It makes an entity tag of the token, too: one that was given to another token never holds, so that
an app, whose tokens last an hour, is answered anew by each scan. `Last-Modified` is of no use here: it is the time
of the thing and not of all that an answer says of it.

Only answers that have a shape are kept, and of these only what that lets through. Nothing is kept in which anything
looks like a secret.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from msgspec import MsgspecError, Struct, msgpack

from keymuster import cache
from keymuster.collect.asking.kept import Kept
from keymuster.collect.asking.searched import looks_secret
from keymuster.collect.clean import named
from keymuster.digests import blake2b

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keymuster.collect.asking.rest import Asking
    from keymuster.collect.base import Context
    from keymuster.detect.engine import Engine
    from keymuster.model.secret import Secret

LONGEST = timedelta(days=7)
"""How old an answer may be, whatever a service says: one that lies cannot hold back for ever what has changed."""

MOST_BYTES = 64 * 1024 * 1024
"""Of answers to one identity. Of more, none are kept."""

_KIND = "answers"
_TAG = re.compile(r'(?:W/)?"[!#-~]*"')
"""What can be sent back as it came."""

_STEP = 10


class Held(Struct, frozen=True, kw_only=True):
    """An answer, in JSON, which was `first` given then; `link` leads to the page behind it."""

    tag: str
    body: bytes
    link: str
    first: datetime

    def said(self) -> Any:
        return json.loads(self.body)


class Answers:
    """All that is kept of one target, in a folder of its own. Whoever signs in has an own part: what one is told,
    another may not be."""

    def __init__(self, context: Context, now: datetime) -> None:
        self._context = context
        self.now = now
        self._parts: list[Given | Kept] = []

    def given(self, service: str, address: str, whom: Secret) -> Given:
        """Those to somebody who signs in with a secret. All that decides what is seen of them has a part in the name
        of the file: the rules, the program."""
        fingerprint = whom.fingerprint(self._context.fingerprint_key)
        name = named(_KIND, self._context, f"{service} {address} {fingerprint}")
        part = Given(name, self._context.memory, self.now)
        self._parts.append(part)
        return part

    def kept(self, service: str, address: str, whom: str, what: str) -> Kept:
        """The objects of a list as they are shown to somebody; without any text of a secret."""
        name = named(_KIND, self._context, ascii(("kept", service, address, whom, what)))
        part = Kept(name, self._context.memory, MOST_BYTES)
        self._parts.append(part)
        return part

    def is_recent(self, first: datetime) -> bool:
        """Whether what was told then may still be told. What was told in the future was told by a clock that was wrong."""
        return _is_recent(first, self.now)

    def save(self) -> None:
        """Keep what was told now, and what was told before and may still be asked for."""
        from keymuster.detect.engine import Engine

        engine = Engine(self._context.rules)
        for part in self._parts:
            part.save(engine)
        self._forget()

    def _forget(self) -> None:
        """Files of which nothing would be used any more."""
        oldest = self.now.timestamp() - LONGEST.total_seconds()
        with suppress(OSError), os.scandir(self._context.memory) as entries:
            for one in entries:
                if one.name.startswith(f"{_KIND}-") and one.stat().st_mtime < oldest:
                    os.unlink(one.path)


class Given:
    """What was told to one identity at one address. Threads may ask at once."""

    def __init__(self, name: str, folder: str, now: datetime) -> None:
        self._name = name
        self._folder = folder
        self._now = now
        self._lock = Lock()
        self._old = self._read()
        self._new: dict[str, Held] = {}

    def held(self, asking: Asking, url: str) -> Held | None:
        """The answer that was given to this request before, if it may be asked whether it still holds."""
        if asking.method != "GET" or asking.shape is None:
            return None
        return self._old.get(_key(asking, url))

    def note(self, asking: Asking, url: str, body: Any, headers: Mapping[str, str]) -> None:
        """Keep a new answer."""
        if asking.method != "GET" or asking.shape is None:
            return
        key, tag, link = _key(asking, url), headers.get("ETag", ""), headers.get("Link", "")
        with self._lock:
            self._old.pop(key, None)
            if _TAG.fullmatch(tag):
                text = json.dumps(body, separators=(",", ":")).encode()
                self._new[key] = Held(tag=tag, body=text, link=link, first=self._now)

    def page(self, asking: Asking, url: str, body: Any, headers: Mapping[str, str]) -> None:
        """Let go of the last page of a list if there may soon be more behind it without a change of that page: it is
        full. A service may give fewer at a time than it was asked for (30, 50, 100): every round number counts as full."""
        if 'rel="next"' in headers.get("Link", ""):
            return
        sizes = {
            str(asking.params.get("per_page", "")),
            *parse_qs(urlsplit(url).query).get("per_page", ()),
        }
        lists = body.values() if isinstance(body, dict) else [body]
        for one in lists:
            if isinstance(one, list) and one and (len(one) % _STEP == 0 or str(len(one)) in sizes):
                with self._lock:
                    self._new.pop(_key(asking, url), None)

    def save(self, engine: Engine) -> None:
        with self._lock:  # after an interrupt, threads may be at work still
            old, new = dict(self._old), dict(self._new)
        if not new:
            return
        sound = {
            key: one for key, one in new.items() if not looks_secret(engine, one.said(), one.link)
        }
        every = msgpack.encode({**old, **sound})
        cache.write(self._name, every if len(every) <= MOST_BYTES else b"", self._folder)

    def _read(self) -> dict[str, Held]:
        stored = cache.read(self._name, self._folder)
        try:
            found = msgpack.decode(stored, type=dict[str, Held]) if stored else {}
        except MsgspecError:  # written by another version of a dependency
            return {}
        return {key: one for key, one in found.items() if _is_recent(one.first, self._now)}


def _is_recent(first: datetime, now: datetime) -> bool:
    return timedelta() <= now - first < LONGEST


def same(tag: str, other: str) -> bool:
    """Whether two entity tags are of one answer, by the weak comparison that `If-None-Match` is for."""
    return tag.removeprefix("W/") == other.removeprefix("W/")


def _key(asking: Asking, url: str) -> str:
    said = [url, sorted(asking.params.items()), sorted(asking.headers.items())]
    return blake2b(json.dumps(said, default=str).encode(), digest_size=16).hexdigest()
