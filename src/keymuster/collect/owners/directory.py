"""A directory of people, as Entra, Okta, Google Workspace and others export it to CSV: who is who, and who is
still there.

Columns are known by their names in those exports, compared without case, spaces and signs. One column has to
name people (an address, a login or an id), and one has to say who is active. Others that are known help to see
that two names are one person: display name, login on GitHub, id of the object.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Mapping, Sequence

from keymuster.errors import SettingsError
from keymuster.model import FileLocation, Resource
from keymuster.model.ids import in_id

TYPE = "directory"

_NAMES: dict[str, tuple[str, ...]] = {
    "mail": (
        "mail", "email", "emailaddress", "primaryemail", "useremail", "emailaddresses", "workemail",
        "secondaryemail", "othermails", "proxyaddresses", "aliases", "emailaliases",
    ),
    "login": ("userprincipalname", "upn", "login", "username", "samaccountname", "uid", "userid"),
    "id": ("id", "objectid", "employeeid", "externalid", "oktaid"),
    "name": ("displayname", "fullname", "name"),
    "first": ("firstname", "givenname"),
    "last": ("lastname", "surname", "familyname"),
    "github": ("github", "githublogin", "githubusername", "githubhandle", "githubuser"),
    "slack": ("slack", "slackid", "slackhandle", "slackusername"),
    "teams": ("team", "teams", "groups", "department"),
}  # fmt: skip
_STATUS = (
    "accountenabled", "enabled", "active", "isactive", "status", "accountstatus", "userstatus",
    "state", "suspended", "issuspended", "disabled", "archived", "deleted", "blockcredential", "signinblocked",
)  # fmt: skip
_TURNED = ("suspended", "issuspended", "disabled", "archived", "deleted", "blockcredential", "signinblocked")  # fmt: skip
"""Columns in which `true` means that somebody is gone."""

_YES = frozenset(
    ("true", "yes", "1", "enabled", "active", "provisioned", "recovery", "passwordexpired", "lockedout", "password reset",
     "staged", "pending", "pendinguseraction", "invited", "present", "employed")
)  # fmt: skip
"""Somebody who is locked out or has yet to sign in works there."""
_NO = frozenset(
    ("false", "no", "0", "disabled", "inactive", "suspended", "deprovisioned", "deactivated", "deleted", "archived",
     "blocked", "terminated", "left", "offboarded", "former")
)  # fmt: skip

MOST_BYTES = 64 * 1024 * 1024
_SEPARATED = ("mail", "teams")
"""Columns whose cells may hold several, set apart by `;` or `,`."""


def directory(path: str) -> Resource:
    """The people of an export; SettingsError for one that is none, with what is wrong."""
    rows, columns = _read(path)
    people: list[dict[str, object]] = []
    seen: dict[str, tuple[int, object]] = {}
    for number, row in rows:
        person = _person(row, columns, path, number)
        if person is None:
            continue
        key = str(person["key"])
        if key in seen:
            first, active = seen[key]
            if active != person["active"]:
                raise SettingsError(
                    f"{path}: lines {first} and {number} are of the same person and say different things of "
                    "whether they are active",
                    "Export it anew, or take one of the lines out.",
                )  # fmt: skip
            continue
        seen[key] = number, person["active"]
        people.append(person)
    if not people:
        raise SettingsError(f"{path}: there is nobody in it", "Export the users of the directory.")
    return Resource(
        id=f"{TYPE}:{in_id(path)}", type=TYPE, name=os.path.basename(path), location=FileLocation(path=path),
        settings={"people": people},
    )  # fmt: skip


def _read(path: str) -> tuple[Iterator[tuple[int, list[str]]], dict[str, list[int]]]:
    """The rows with their line numbers, and which columns mean what."""
    text = _text(path)
    if not text.strip():
        raise SettingsError(f"{path}: it is empty", "Export the users of the directory.")
    first = text.lstrip("\n").partition("\n")[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    try:
        header = next(row for row in reader if any(cell.strip() for cell in row))
    except (csv.Error, StopIteration) as error:
        raise _no_csv(path, reader.line_num, error) from None
    return _rows(path, reader, len(header)), _columns(path, header)


def _text(path: str) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SettingsError(f"the directory {path} cannot be read: {error.strerror}") from None
    if len(data) > MOST_BYTES:
        raise SettingsError(f"{path}: it is larger than {MOST_BYTES >> 20} MB", "Export fewer columns.")  # fmt: skip
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise SettingsError(
            f"{path}: line {line} is neither UTF-8 nor UTF-16", "Export or save it as UTF-8 (“CSV UTF-8”)."
        ) from None  # fmt: skip


def _rows(path: str, reader: object, width: int) -> Iterator[tuple[int, list[str]]]:
    number = reader.line_num  # type: ignore[attr-defined]
    try:
        for row in reader:  # type: ignore[attr-defined]
            number, before = reader.line_num, number  # type: ignore[attr-defined]
            if not any(cell.strip() for cell in row):
                continue
            if len(row) > width and any(cell.strip() for cell in row[width:]):
                raise SettingsError(
                    f"{path}: line {before + 1} has more cells than the first line names",
                    "Put cells that hold a separator into quotes.",
                )
            yield before + 1, [cell.strip() for cell in row] + [""] * (width - len(row))
    except csv.Error as error:
        raise _no_csv(path, number, error) from None


def _no_csv(path: str, line: int, error: Exception) -> SettingsError:
    return SettingsError(f"{path}: line {line} is no CSV: {error}", "Export it anew.")


def _columns(path: str, header: Sequence[str]) -> dict[str, list[int]]:
    known = {
        _plain(name): sort
        for sort, names in {**_NAMES, "status": _STATUS}.items()
        for name in names
    }
    found: dict[str, list[int]] = {}
    for index, cell in enumerate(header):
        if (sort := known.get(_plain(cell))) is not None:
            found.setdefault(sort, []).append(index)
    there = ", ".join(cell.strip() for cell in header[:12] if cell.strip()) or "none"
    if not any(sort in found for sort in ("mail", "login", "id")):
        raise SettingsError(
            f"{path}: no column names people; there are {there}",
            "One has to be called userPrincipalName, mail, login or primaryEmail.",
        )
    if "status" not in found:
        raise SettingsError(
            f"{path}: no column says who is active; there are {there}",
            "One has to be called accountEnabled, status, active or suspended.",
        )
    found["turned"] = [index for index in found["status"] if _plain(header[index]) in _TURNED]
    return found


def _plain(name: str) -> str:
    """`User principal name` and `userPrincipalName [Required]` are one."""
    return "".join(filter(str.isalnum, name.partition("[")[0].casefold()))


def _person(
    row: Sequence[str], columns: Mapping[str, Sequence[int]], path: str, number: int
) -> dict[str, object] | None:
    def cells(sort: str) -> list[str]:
        texts = [row[index] for index in columns.get(sort, ()) if row[index]]
        if sort in _SEPARATED:
            texts = [part.strip() for text in texts for part in text.replace(";", ",").split(",")]
        return [text.partition("SMTP:")[2] or text.removeprefix("smtp:") for text in texts if text]

    keys = [*cells("login"), *cells("mail"), *cells("id")]
    if not keys:
        return None
    whole = " ".join([*cells("first")[:1], *cells("last")[:1]])
    return {
        "key": keys[0].casefold(),
        "names": list(dict.fromkeys(keys)),
        "display": (cells("name") or [whole])[0],
        "github": cells("github"),
        "slack": cells("slack"),
        "teams": cells("teams"),
        "active": _is_active(row, columns, path, number),
        "line": number,
    }


def _is_active(
    row: Sequence[str], columns: Mapping[str, Sequence[int]], path: str, number: int
) -> bool | None:
    """What the columns say together: who is gone by one of them is gone. An empty cell says nothing."""
    said = []
    for index in columns["status"]:
        text = row[index].casefold().replace("_", "").replace("-", "")
        if not text:
            continue
        if text not in _YES and text not in _NO:
            raise SettingsError(
                f"{path}: line {number}: `{row[index][:40]}` does not say whether somebody is active",
                "Use true or false, or the words of Entra, Okta or Google (ACTIVE, SUSPENDED ...).",
            )
        turned = index in columns["turned"] and text in ("true", "yes", "1", "false", "no", "0")
        said.append((text in _YES) is not turned)
    return all(said) if said else None
