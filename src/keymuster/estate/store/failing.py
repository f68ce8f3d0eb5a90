"""What databases say when they fail, in our words: worth another try, or somebody's to mend."""

from __future__ import annotations

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

from keymuster.errors import KeymusterError, SettingsError, Unreachable
from keymuster.estate.store.opening import shown

_SQLITE = {
    "SQLITE_NOTADB": ("is not a database", "Choose another file for the store."),
    "SQLITE_CORRUPT": ("is damaged", "Restore it from a copy, or begin a new one."),
    "SQLITE_READONLY": ("can only be read", "Have its permissions changed, those of its folder too."),
    "SQLITE_CANTOPEN": ("cannot be opened", "Have its permissions looked at, those of its folder too."),
    "SQLITE_PERM": ("may not be opened", "Have its permissions looked at, those of its folder too."),
}  # fmt: skip
_AGAIN = {
    "SQLITE_FULL": ("the disk is full", "Free space and run again: nothing was half-written."),
    "SQLITE_IOERR": (
        "its disk could not be read or written",
        "Look at the disk, free space and run again: nothing was half-written.",
    ),
    "SQLITE_BUSY": ("others have been writing to it for too long", "Run it again later."),
    "SQLITE_LOCKED": ("others have been writing to it for too long", "Run it again later."),
}
_FULL = ("53100", "53200")
_REFUSED = (
    "authentication failed", "does not exist", "no pg_hba.conf entry", "no password supplied",
    "permission denied", "invalid connection option", "invalid URI",
)  # fmt: skip


def is_passing(error: SQLAlchemyError) -> bool:
    """Whether a little later it may work: a server that starts anew, a lock, two who waited for each other."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    name = _sqlite_name(error)
    if name:
        return name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
    return _state(error) not in _FULL and not any(said in str(error.orig) for said in _REFUSED)


def explained(error: SQLAlchemyError, url: URL) -> KeymusterError:
    """As an error of ours, without the statement and its values."""
    where = f"the store {shown(url)}"
    if not isinstance(error, DBAPIError):
        return Unreachable(f"{where} failed ({type(error).__name__})", "Run it again.")
    if name := _sqlite_name(error):
        for code, (problem, advice) in _SQLITE.items():
            if name.startswith(code):
                return SettingsError(f"{where} {problem}", advice)
        for code, (problem, advice) in _AGAIN.items():
            if name.startswith(code):
                return Unreachable(f"{where} could not be written: {problem}", advice)
    if _state(error) in _FULL:
        problem, advice = _AGAIN["SQLITE_FULL"]
        return Unreachable(f"{where} could not be written: {problem}", advice)
    said = _said(error, url)
    if any(words in said for words in _REFUSED):
        return SettingsError(
            f"{where} lets nobody in: {said}",
            "Look at the name, the user and the password in its address.",
        )
    if not isinstance(error, OperationalError | InterfaceError):
        return Unreachable(f"{where} refuses what it was told: {said}", "Please report it.")
    return Unreachable(
        f"{where} does not answer: {said}",
        "Look whether the server runs and can be reached from here, and run again: nothing was half-written.",
    )


def _sqlite_name(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlite_errorname", ""))


def _state(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", "") or "")


def _said(error: DBAPIError, url: URL) -> str:
    """The first line of its own words."""
    line = str(error.orig).strip().partition("\n")[0]
    secrets = [url.password, url.query.get("password")]
    for one in secrets:
        if one:
            line = line.replace(str(one), "****")
    return line
