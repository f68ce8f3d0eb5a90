"""Reports of other scanners as findings without text: which secret it is in our words, and where it stands."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from keymuster import registry
from keymuster.collect.base import Context
from keymuster.collect.exclude import excluder
from keymuster.collect.imports.base import (
    Finding,
    Import,
    ReportReader,
    Row,
    Told,
    Unread,
    Verdict,
)
from keymuster.collect.report_paths import Paths
from keymuster.errors import SettingsError
from keymuster.model import (
    Confidence,
    CredentialKind,
    CredentialStatus,
    FileLocation,
    Location,
    Secret,
    ServiceLocation,
    Trouble,
)

if TYPE_CHECKING:
    from keymuster.detect.matches import Match
    from keymuster.detect.nested import Nested

FORMS = tuple(registry.names("import"))
AUTO = "auto"


def imported(
    files: Iterable[str], context: Context, *, form: str = AUTO, root: str | None = None,
    accepted: bool = False,
) -> tuple[Import, ...]:  # fmt: skip
    """What each report tells. Paths in it are relative to the `root`; without one, what its paths have in
    common and the scanned folder has not is left out. All that an `accepted` one tells is accepted.

    SettingsError for a file that is no report, or not a whole one."""
    known = Knowledge(context)
    most = context.selection.max_file_bytes
    return tuple(
        report(_content(file, most), file, known, form=form, root=root, accepted=accepted)
        for file in files
    )


def report(
    data: bytes, file: str, known: Knowledge, *, form: str = AUTO, root: str | None = None,
    accepted: bool = False,
) -> Import:  # fmt: skip
    """What one report tells. Its rows are taken one by one, and their texts away from them."""
    reader, selection = _reader(file, data, form), known.context.selection
    excluded = excluder(selection.exclude)
    findings: list[Finding] = []
    troubles: list[Trouble] = []
    try:
        paths = Paths(_paths(reader.read(data)), selection.root, root)
        for one in reader.read(data):
            if isinstance(one, Unread):
                troubles.append(_unread(file, one))
            elif not (one.service is None and one.path and excluded(paths.of(one.path))):
                findings.append(known.finding(one, paths, os.path.basename(file), accepted))
    except ValueError as error:
        raise SettingsError(
            f"{file} cannot be read as a report of {reader.name}: {error}",
            "Write the report anew, or name its form: --format",
        ) from None
    if troubles and not findings:
        raise SettingsError(
            f"{file}: nothing in it can be read as a finding of {reader.name}; {troubles[0].message}",
            "Write the report anew, or name its form: --format",
        )
    return Import(file=file, form=reader.name, findings=tuple(findings), troubles=tuple(troubles))


def _paths(rows: Iterator[Told]) -> Iterator[str]:
    return (one.path for one in rows if isinstance(one, Row) and one.path)


def _content(file: str, most: int) -> bytes:
    try:
        if os.path.isdir(file):
            raise SettingsError(f"{file} is a folder", "Give the file of a report.")
        with open(file, "rb") as opened:
            data = opened.read(most + 1)
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}") from None
    if len(data) > most:
        raise SettingsError(
            f"{file} is larger than {most // (1024 * 1024)} MB",
            "Split it, or raise max_file_size in the settings.",
        )
    if data.startswith(
        (b"\xff\xfe", b"\xfe\xff")
    ):  # as Windows' shells write what is sent to a file
        data = data.decode("utf-16", "replace").encode()
    return data.removeprefix(b"\xef\xbb\xbf")


def _reader(file: str, data: bytes, form: str) -> ReportReader:
    if form != AUTO:
        made: ReportReader = registry.part("import", form)()
        return made
    if not data.strip():
        raise SettingsError(f"{file} is empty", "If nothing was found, say of what: --format")
    for name in FORMS:
        reader: ReportReader = registry.part("import", name)()
        if reader.recognizes(data, file):
            return reader
    raise SettingsError(
        f"{file} is no report that keymuster knows",
        f"If it is one, name its form: --format {'|'.join(FORMS)}",
    )


def _unread(file: str, one: Unread) -> Trouble:
    return Trouble(
        part="import", scope=f"{file}: {one.row}", message=one.why,
        advice="What it tells is not in this report; write it anew.",
    )  # fmt: skip


class Knowledge:
    """What keymuster knows of secrets: their formats and the names that other scanners have for them."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._formats = {token.id: token for token in context.rules.tokens}
        self._names = context.rules.scanners

    def finding(self, row: Row, paths: Paths, file: str, accepted: bool) -> Finding:
        """Takes the text away from a row."""
        match = self._match(row)
        format = match.format.id if match else self._named(row.tool, row.rule)
        token = self._formats.get(format)
        found = _fingerprints(row, match, self.context.fingerprint_key)
        why = row.accepted if row.accepted is not None or not accepted else f"it is in {file}"
        return Finding(
            tool=row.tool, rule=row.rule, source=file, format=format,
            location=_location(row, paths),
            kind=token.kind if token else CredentialKind.GENERIC,
            title=token.name if token else row.rule[:_LONGEST_NAME] or "Secret",
            vendor=token.vendor if token else "",
            preview=match.secret.preview if match else "",
            fingerprints=found, digests=_digests(row, match),
            verdict=row.verdict, accepted=why,
            confidence=_confidence(row, match, bool(token and token.kind is not CredentialKind.GENERIC)),
            status=match.status if match else CredentialStatus.UNKNOWN,
            tags=match.facts if match else {},
        )  # fmt: skip

    def _match(self, row: Row) -> Match | None:
        """What we recognise in the text. Some formats need the name that a value is given; the match must
        then be about that value."""
        for text in (row.around, row.secret):
            if text is None:
                continue
            if found := self._about(row.secret, self._scan(text.reveal(), row.path)):
                return found
        return None

    def _scan(self, text: bytes, path: str) -> list[Match]:
        return self._engine.scan(text[:_LONGEST], binary=False, path=path).matches

    @staticmethod
    def _about(secret: Secret | None, matches: list[Match]) -> Match | None:
        if secret is None:
            return matches[0] if len(matches) == 1 else None
        text = secret.reveal()
        same = [one for one in matches if one.secret.reveal() == text]
        near = [one for one in matches if _overlap(one.secret.reveal(), text)]
        return same[0] if same else near[0] if len(near) == 1 else None

    @cached_property
    def _engine(self) -> Nested:
        from keymuster.detect.nested import Nested  # reports without texts need none

        return Nested(self.context.rules, invalid=True)

    def _named(self, tool: str, rule: str) -> str:
        """The format that a rule of another scanner stands for; empty if nobody knows."""
        family, _, name = rule.partition(".")
        if tool == "kingfisher" and family == "betterleaks":  # it has taken over some rules
            tool, rule = family, name
        if found := self._names.get(tool, {}).get(rule):
            return found
        return rule if rule in self._formats else ""


_LONGEST = 64 * 1024
"""Bytes of a text that are searched: the longest keys have some thousand."""


def _overlap(one: bytes, other: bytes) -> bool:
    return one in other or other in one


def _fingerprints(row: Row, match: Match | None, key: bytes) -> tuple[str, ...]:
    """Ours first, then that of the text as the other scanner has cut it, then that of its other half."""
    texts = (match.secret if match else None, row.secret, row.also)
    return tuple(dict.fromkeys(one.fingerprint(key) for one in texts if one is not None))


def _digests(row: Row, match: Match | None) -> tuple[str, ...]:
    return () if row.secret is not None or match is not None else row.digests


def _confidence(row: Row, match: Match | None, is_known: bool) -> Confidence:
    if row.verdict.confirms:
        return Confidence.HIGH
    if row.verdict is Verdict.DEAD:
        return Confidence.LOW
    if match is not None:
        return match.confidence
    if row.confidence is not None:
        return row.confidence
    return Confidence.MEDIUM if is_known else Confidence.LOW


_LONGEST_NAME = 120


def _location(row: Row, paths: Paths) -> Location:
    """Where the report says; what it gives no place for is one of the scanner's own."""
    if row.service is not None or not row.path:
        return row.service or ServiceLocation(service=row.tool, account="", resource=row.rule)
    path, member = paths.split(row.path)
    return FileLocation(
        path=path, member=member, line=row.line, end_line=max(row.line, row.end_line),
        column=row.column, end_column=max(row.column, row.end_column), commit=row.commit,
    )  # fmt: skip
