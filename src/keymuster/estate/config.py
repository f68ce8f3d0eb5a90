"""`estate.yaml`: what an estate is, when to look at it, and whom to tell."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from keymuster.errors import SettingsError

FILE = "estate.yaml"


class Targets(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to look at."""

    repositories: tuple[str, ...] = ()


class Estate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    targets: Targets = Targets()


def load(path: str) -> Estate:
    """SettingsError for what cannot be read or is wrong."""
    import yaml

    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        parsed = yaml.load(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        return msgspec.convert({} if parsed is None else parsed, type=Estate)
    except (yaml.YAMLError, ValueError) as error:
        raise SettingsError(f"{path}: {' '.join(str(error).split())}") from error
