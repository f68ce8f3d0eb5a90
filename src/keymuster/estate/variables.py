"""The variables of the environment in which SDKs of services look for credentials."""

from __future__ import annotations

import re

from keymuster.estate.credentials import Reference

_VARIABLES: dict[str, dict[str, str]] = {
    "aws": {"oidc": "AWS_WEB_IDENTITY_TOKEN_FILE"},
    "entra": {"oidc": "AZURE_FEDERATED_TOKEN_FILE", "env": "AZURE_CLIENT_SECRET"},
    "gcp": {"oidc": "GOOGLE_APPLICATION_CREDENTIALS", "file": "GOOGLE_APPLICATION_CREDENTIALS"},
    "github": {"env": "GH_TOKEN", "file": "GH_TOKEN"},
    "gitlab": {"env": "GITLAB_TOKEN", "file": "GITLAB_TOKEN"},
    "google-workspace": {
        "oidc": "GOOGLE_APPLICATION_CREDENTIALS", "file": "GOOGLE_APPLICATION_CREDENTIALS",
    },
    "kubernetes": {"env": "KUBERNETES_TOKEN", "file": "KUBECONFIG"},
    "okta": {"env": "OKTA_API_TOKEN", "file": "OKTA_API_TOKEN"},
    "slack": {"env": "SLACK_TOKEN", "file": "SLACK_TOKEN"},
}  # fmt: skip
"""Service -> how its credential is named -> the variable in which its SDK looks for it."""

_NAMES_FILE = re.compile(r"_(?:FILE|PATH|CONFIG)$|^GOOGLE_APPLICATION_CREDENTIALS$|^KUBECONFIG$")
"""Variables whose value is the name of a file."""

_SECRET = re.compile(
    r"(?:TOKEN|SECRET|PASSW|PASSPHRASE|PASS$|PWD$|API_?KEY|PRIVATE_KEY|ACCESS_KEY|CREDENTIAL)(?!.*_ID$)"
)


def variable_of(service: str, reference: Reference) -> str | None:
    """Where the SDK of a service looks for its credential; None if there are several."""
    sort = "env" if reference.env else "file" if reference.file else "oidc"
    return _VARIABLES.get(service, {}).get(sort)


def takes_file(variable: str) -> bool:
    """Whether the value of a variable is the name of a file, and not what is in it."""
    return _NAMES_FILE.search(variable) is not None


def is_secret(name: str) -> bool:
    return bool(_SECRET.search(name.upper())) and not takes_file(name.upper())
