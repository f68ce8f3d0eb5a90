"""The machine that this runs on, and whose folder is looked at there."""

from __future__ import annotations

import os
import sys

from keymuster.collect.base import Host
from keymuster.errors import SettingsError


def this_host(folder: str = "") -> Host:
    """With the folder of whoever runs it, or of somebody else."""
    folder = folder or home()
    if sys.platform == "win32":
        return Host(home=folder.replace(os.sep, "/"), system="windows")
    return Host(home=folder, system="macos" if sys.platform == "darwin" else "linux")


def home() -> str:
    """The folder of the user, as HOME or USERPROFILE says; SettingsError if there is none."""
    said = os.path.expanduser("~")
    if not os.path.isabs(said) or not os.path.isdir(said):
        raise SettingsError(f"your home folder, {said}, is not there", "Set HOME to a folder.")
    return os.path.normpath(said)
