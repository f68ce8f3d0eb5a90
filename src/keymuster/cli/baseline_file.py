"""The baseline that a scan is held against, from its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keymuster.errors import SettingsError

if TYPE_CHECKING:
    from keymuster.evaluate.baseline import Known


def known(file: str, key: bytes) -> list[Known] | None:
    """What the file has; None if none is named. SettingsError if it is not there, or no baseline."""
    if not file:
        return None
    from keymuster.evaluate.baseline import parse  # most scans have none

    try:
        with open(file, encoding="utf-8") as content:
            return parse(content.read(), file, key)
    except FileNotFoundError:
        raise SettingsError(
            f"there is no baseline {file}", f"Write it: keymuster baseline write --file {file}"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{file} cannot be read as a baseline: {type(error).__name__}"
        ) from None
