"""Secrets by reference: the name of an environment variable, or a file. Their text stands in no settings."""

from __future__ import annotations

import os
from typing import Annotated

from msgspec import Meta, Struct

from keymuster.errors import SettingsError


class Reference(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a secret is: `env: SLACK_URL` or `file: /run/secrets/slack-url`. One of the two."""

    env: Annotated[str, Meta(pattern="^([A-Za-z_][A-Za-z0-9_]*)?$")] = ""
    file: str = ""

    def __post_init__(self) -> None:
        if bool(self.env) == bool(self.file):
            raise ValueError("a reference names either `env`, a variable, or `file`")

    def __str__(self) -> str:
        return f"${self.env}" if self.env else self.file


def resolved(reference: Reference, what: str) -> str:
    """The text that it leads to, without the white space around; SettingsError, which says nothing of it, if there
    is none."""
    try:
        text = _text(reference).strip()
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise SettingsError(f"{what}: {reference.file} cannot be read: {problem}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{what}: {reference.file} is not text") from None
    if not text:
        kind = "the environment variable" if reference.env else "the file"
        raise SettingsError(
            f"{what}: {kind} {reference.env or reference.file} is empty or not there"
        )
    return text


def _text(reference: Reference) -> str:
    if reference.env:
        return os.environ.get(reference.env, "")
    with open(reference.file, encoding="utf-8") as content:
        return content.read(_MOST_CHARACTERS)


_MOST_CHARACTERS = 64 * 1024
