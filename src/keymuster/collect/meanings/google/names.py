"""What members, service accounts and roles of Google Cloud are called: by address, by reference."""

from __future__ import annotations

from keymuster import regex
from keymuster.collect.declared import Declared
from keymuster.model.unknown import is_unknown, reference

_GIVEN = ("var.", "local.", "each.", "count.", "path.", "self.")
"""How references begin that mean no declared object."""

_NAME = regex.later(r"(?:projects/[^/]+/serviceAccounts/)?(?P<email>[^/]+@[^/]+)")

DEFAULT_COMPUTE = "gcp:default-compute-account"
DEFAULT_APP_ENGINE = "gcp:default-app-engine-account"
"""The accounts that Google makes for a project, where its number is not written."""


def target(one: Declared, text: str) -> str:
    """The id of the declared object that a text refers to; empty if it is no such reference."""
    name = reference(text)
    return "" if not name or name.startswith(_GIVEN) else one.target(text)


def member(one: Declared, text: str) -> str:
    """A member of a binding as the identity of a grant."""
    if text == "allUsers":
        return "*"
    if text == "allAuthenticatedUsers" or text.startswith(("principal://", "principalSet://")):
        return text
    kind, _, rest = text.partition(":")
    if kind == "serviceAccount" and not text.startswith("${"):
        return service_account(one, rest)
    if text.startswith("${"):
        return target(one, text) or text
    if _is_service_account(text):
        return service_account(one, text)
    return f"gcp:{text}" if ":" in text else f"gcp:unknown:{text}"


def service_account(one: Declared, text: str) -> str:
    """A service account that is named by its address, by its full name or by reference."""
    if not text:
        return ""
    if declared := target(one, text):
        return declared
    named = _NAME.fullmatch(text)
    return f"gcp:{named['email'] if named and not is_unknown(text) else text}"


def _is_service_account(text: str) -> bool:
    return "@" in text and text.endswith(".gserviceaccount.com") and ":" not in text


def email(account: str, project: str) -> str:
    """The address of an account; empty if it is not known."""
    known = account and project and not is_unknown(account) and not is_unknown(project)
    return f"{account}@{project}.iam.gserviceaccount.com" if known else ""


def role(one: Declared, text: str) -> str:
    """A role: `roles/editor` as it is, one of the user's own as its id or alias."""
    if declared := target(one, text):
        return declared
    own = text.startswith(("projects/", "organizations/")) and not is_unknown(text)
    return f"gcp:role/{text}" if own else text
