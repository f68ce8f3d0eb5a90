"""What the user asks for of Google Cloud."""

from __future__ import annotations

import re

from msgspec import Struct

from keymuster.errors import SettingsError


class Asked(Struct, frozen=True, kw_only=True):
    """The options of the service."""

    organization_id: str = ""
    folders: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    credentials_file: str = ""
    impersonate_service_account: str = ""
    quota_project: str = ""
    endpoint: str = ""
    audit_logs: bool = False


_NUMBER = re.compile(r"[0-9]{1,20}")
_PROJECT = re.compile(r"(?:[a-z0-9.-]{1,100}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]|[0-9]{1,20}")
_ADDRESS = re.compile(r"[a-z0-9-]{1,63}@[a-z0-9.-]+\.gserviceaccount\.com")
_URL = re.compile(r"https?://[^/\s]+/?")


def check(asked: Asked) -> Asked:
    """SettingsError for what can be no organisation, folder, project or account anywhere."""
    for option, value, form, example in (
        ("organization-id", asked.organization_id, _NUMBER, "123456789012"),
        *(("folders", one, _NUMBER, "123456789012") for one in asked.folders),
        *(("projects", one, _PROJECT, "acme-prod") for one in asked.projects),
        ("quota-project", asked.quota_project, _PROJECT, "acme-security"),
        (
            "impersonate-service-account", asked.impersonate_service_account, _ADDRESS,
            "audit@acme-security.iam.gserviceaccount.com",
        ),
        ("endpoint", asked.endpoint, _URL, "https://gcp.proxy.acme.example"),
    ):  # fmt: skip
        if value and not form.fullmatch(value):
            raise SettingsError(
                f"--{option} {value}: there can be none such", f"Example: {example}"
            )
    return asked
