"""What channels need and settings only name: addresses, passwords, keys."""

from __future__ import annotations

from keymuster.errors import CollectError, SettingsError
from keymuster.estate.credentials import Reference, read


def resolved(reference: Reference, what: str) -> str:
    """The text that it leads to; SettingsError, which says nothing of it, if there is none."""
    if reference.oidc:
        raise SettingsError(f"{what} is named by env or file")
    try:
        return read(reference).reveal().decode()
    except CollectError as error:
        advice = "Set it" if reference.env else "Put it there"
        raise SettingsError(
            f"{what}: {error.message}", f"{advice} where the estate is run."
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(f"{what}: {reference} is not text") from None
