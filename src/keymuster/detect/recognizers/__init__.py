"""Credentials whose extent only code can find, by the name rule files use."""

from __future__ import annotations

from keymuster.detect.candidates import Recognizer
from keymuster.detect.recognizers import json_web_keys, kubernetes_secrets, private_keys, values

RECOGNIZERS: dict[str, Recognizer] = {
    "pem-private-key": private_keys.PEM,
    "openssh-private-key": private_keys.OPENSSH,
    "pgp-private-key": private_keys.PGP,
    "putty-private-key": private_keys.PUTTY,
    "kubernetes-secret": kubernetes_secrets.KUBERNETES_SECRET,
    "json-web-key": json_web_keys.JSON_WEB_KEY,
    "url-password": values.URL_PASSWORD,
    "assignment": values.VALUE,
}
