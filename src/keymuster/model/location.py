"""Where something was seen."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

from msgspec import Struct

SEPARATOR = "!/"
"""What stands between a container and a member, as in the `jar:` URLs of Java."""


class Commit(Struct, frozen=True, kw_only=True):
    """The commit that brought a file version in: object id, author as git has it, author date."""

    id: str
    author: str = ""
    date: datetime | None = None


class FileLocation(Struct, frozen=True, kw_only=True, tag_field="in", tag="file"):
    """A span of a file, in a working tree, an index or one commit of the history.

    `path` is relative to the scanned root, with `/`; bytes that are not UTF-8 are kept as
    surrogates. If the file is a container, such as an archive, `member` is the name of the file
    inside it; lines and columns are that file's. Lines and columns count from 1, columns in Unicode code points, `end_column` is one
    past the last character. `line_hash` is GitHub's `primaryLocationLineHash` of `line`. `context`
    is the redacted text around the span. `object` is the git blob, where there is one. `in_head` says
    whether HEAD's version of the file still holds it; None where that was not asked.
    """

    path: str
    member: str = ""
    line: int = 1
    end_line: int = 1
    column: int = 1
    end_column: int = 1
    commit: Commit | None = None
    object: str | None = None
    in_head: bool | None = None
    line_hash: str = ""
    context: str = ""

    @property
    def name(self) -> str:
        """The path, with the member: `app.zip!/conf/a.env`."""
        return f"{self.path}{SEPARATOR}{self.member}" if self.member else self.path

    def __str__(self) -> str:
        return f"{self.name}:{self.line}"


class ServiceLocation(Struct, frozen=True, kw_only=True, tag_field="in", tag="service"):
    """An object inside a service that has no file: an IAM user, an OAuth grant."""

    service: str
    account: str
    resource: str

    def __str__(self) -> str:
        return f"{self.service}://{self.account}/{self.resource}"


Location: TypeAlias = FileLocation | ServiceLocation


def span(place: Location) -> tuple[int, int]:
    """The first and the last line; 0 where there are none."""
    return (place.line, place.end_line) if isinstance(place, FileLocation) else (0, 0)


def covers(comment: FileLocation, place: Location) -> bool:
    """Whether a comment speaks about a place: on one of its lines, or on the line above, in the
    same version of the same file."""
    if not isinstance(place, FileLocation):
        return False
    if comment.object != place.object or comment.member != place.member:
        return False
    if not (comment.object or comment.path == place.path):
        return False
    return place.line - 1 <= comment.line <= place.end_line
