"""Credentials whose extent only code can find, by the name rule files use."""

from __future__ import annotations

from keymuster.detect.candidates import Recognizer
from keymuster.detect.recognizers import assignments, private_keys, urls

RECOGNIZERS: dict[str, Recognizer] = {
    "pem-private-key": private_keys.PEM,
    "openssh-private-key": private_keys.OPENSSH,
    "pgp-private-key": private_keys.PGP,
    "putty-private-key": private_keys.PUTTY,
    "url-password": urls.URL_PASSWORD,
    "assignment": assignments.ASSIGNMENT,
}
