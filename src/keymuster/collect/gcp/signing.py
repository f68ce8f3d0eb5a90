"""Credentials that many threads share. This module imports google-auth."""

from __future__ import annotations

from threading import Lock
from typing import Any

from google.auth.credentials import Credentials


class Shared(Credentials):
    """Signs requests with the tokens of other credentials. However many threads find a token too old, one
    asks for the next; and nothing is asked beside: google-auth would look up in which regions an account
    may be used, with a request of its own for each client."""

    def __init__(self, inner: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._inner = inner
        self._lock = Lock()
        self._universe_domain = getattr(inner, "universe_domain", "") or self._universe_domain
        self._quota_project_id = getattr(inner, "quota_project_id", None)
        self._take()

    def refresh(self, request: Any) -> None:
        """A new token, if nobody got one since."""
        seen = self.token
        with self._lock:
            if self.token == seen:
                self._inner.refresh(request)
                self._take()

    def _take(self) -> None:
        self.token, self.expiry = self._inner.token, self._inner.expiry
