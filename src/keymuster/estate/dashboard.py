"""The page of an estate for those on this machine who have its address.

The address holds a token, as others may work on the same machine. The page is made again when the store has changed.
"""

from __future__ import annotations

import gzip
import hmac
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from io import StringIO
from typing import TYPE_CHECKING

from keymuster.estate.serving import Page
from keymuster.model import Report
from keymuster.report.base import Style

if TYPE_CHECKING:
    from keymuster.estate.store.store import Store

_AGAIN_SECONDS = 5.0
"""A run changes the store all the time: the page is made again no more often than this."""

_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"<>]*)"')


class Dashboard:
    """Answers with the page at `/TOKEN/`, and with nothing elsewhere."""

    def __init__(
        self, store: Store, token: str = "", clock: Callable[[], datetime] | None = None
    ) -> None:  # fmt: skip
        self.token = token or secrets.token_urlsafe(24)
        self._store = store
        self._clock = clock or (lambda: datetime.now(UTC))
        self._lock = threading.Lock()
        self._made: Page | None = None
        self._of: tuple[str, date] | None = None
        self._at = 0.0

    def answer(self, path: str, headers: Mapping[str, str]) -> Page | None:
        """KeymusterError if the store cannot be asked."""
        wanted = f"/{self.token}/"
        given = path if path.endswith("/") else f"{path}/"
        if not hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode()):
            return None
        if given != path:  # so that whoever leaves the last letter out gets there
            return Page(body=b"", status=308, headers={"Location": wanted})
        return self._page()

    def _page(self) -> Page:
        with self._lock:  # one makes it, the others wait for the same
            if self._made is not None and time.monotonic() - self._at < _AGAIN_SECONDS:
                return self._made
            now = self._clock()
            state = (self._store.state(), now.date())  # what is accepted ends with a day
            if self._made is None or state != self._of:
                self._made, self._of = page(self._store.report(now)), state
            self._at = time.monotonic()
            return self._made


def page(report: Report) -> Page:
    """With the policy that the page itself has, in a header, where it can forbid frames as well."""
    from keymuster.report.html import Html

    out = StringIO()
    Html(Style()).write(report, out)
    text = out.getvalue()
    found = _POLICY.search(text, 0, 4096)
    policy = f"{found[1]}; frame-ancestors 'none'" if found else "default-src 'none'"
    body = text.encode("utf-8", "surrogatepass")
    return Page(
        body=body, packed=gzip.compress(body, 6, mtime=0), type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": policy},
    )  # fmt: skip
