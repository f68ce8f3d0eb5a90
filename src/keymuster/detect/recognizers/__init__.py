"""Credentials whose extent only code can find, by the name rule files use."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keymuster.detect.candidates import Recognizer

RECOGNIZERS = {
    "pem-private-key": "private_keys.PEM",
    "openssh-private-key": "private_keys.OPENSSH",
    "pgp-private-key": "private_keys.PGP",
    "putty-private-key": "private_keys.PUTTY",
    "kubernetes-secret": "kubernetes_secrets.KUBERNETES_SECRET",
    "json-web-key": "json_web_keys.JSON_WEB_KEY",
    "url-password": "values.URL_PASSWORD",
    "assignment": "values.VALUE",
}
"""Name -> its module here, and what it is called there."""


@cache
def load(name: str) -> Recognizer:
    """A recognizer; its module is imported for the first text that may need it."""
    module, _, attribute = RECOGNIZERS[name].partition(".")
    found: Recognizer = getattr(import_module(f"{__name__}.{module}"), attribute)
    return found
