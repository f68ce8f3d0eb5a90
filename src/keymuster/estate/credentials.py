"""Credentials of an estate: named by reference, and read in the one process that needs them."""

from __future__ import annotations

import os
import re

from msgspec import Struct

from keymuster.errors import CollectError
from keymuster.model.secret import Secret


class Reference(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a credential is: in an environment variable (`env`), in a file (`file`), or, where the platform hands
    its programs a token that says who they are, in the file with that (`oidc`), which the SDK of a service
    exchanges. One of them."""

    env: str = ""
    file: str = ""
    oidc: str = ""

    def __post_init__(self) -> None:
        if sum(map(bool, (self.env, self.file, self.oidc))) != 1:
            raise ValueError("a credential is named by one of env, file, oidc")
        if self.env and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", self.env):
            raise ValueError("env is the name of an environment variable")

    def __str__(self) -> str:
        if self.env:
            return f"the environment variable {self.env}"
        return f"the file {self.file or self.oidc}"


def missing(reference: Reference) -> str:
    """Why it could not be read here and now; empty if it could."""
    if reference.env:
        return "" if os.environ.get(reference.env, "").strip() else "is not set"
    path = reference.file or reference.oidc
    if not os.path.isfile(path):
        return "is not there"
    return "" if os.access(path, os.R_OK) else "cannot be read"


def read(reference: Reference) -> Secret:
    """CollectError if it is not there."""
    if why := missing(reference):
        raise _refusal(reference, why)
    if reference.env:
        return Secret(os.environ[reference.env].strip().encode("utf-8", "surrogateescape"))
    try:
        with open(reference.file or reference.oidc, "rb") as file:
            text = file.read().strip()
    except OSError as error:
        raise _refusal(reference, f"cannot be read: {error.strerror}") from None
    if not text:
        raise _refusal(reference, "is empty")
    return Secret(text)


def _refusal(reference: Reference, why: str) -> CollectError:
    advice = "Set it" if reference.env else "Put it there"
    return CollectError(f"{reference} {why}", f"{advice} where this target is looked at.")
