"""`.gitleaksignore`: fingerprints of findings that gitleaks is to pass over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from keymuster.collect.imports import _rows
from keymuster.collect.imports.base import ReportReader, Row, Told, Unread
from keymuster.model import Commit


class Gitleaksignore(ReportReader):
    """One finding a line, `COMMIT:FILE:RULE:LINE` or `FILE:RULE:LINE`. A comment above says why."""

    name: ClassVar[str] = "gitleaksignore"

    def recognizes(self, data: bytes, path: str) -> bool:
        if path.replace("\\", "/").rpartition("/")[2] == ".gitleaksignore":
            return True
        if data.lstrip()[:1] in (b"{", b"["):
            return False
        said = [
            line for line in data[:65536].splitlines()[:50] if line.strip()[:1] not in (b"", b"#")
        ]
        return bool(said) and all(_LINE.fullmatch(_text(line)) for line in said)

    def read(self, data: bytes) -> Iterator[Told]:
        why = ""
        for name, line in _rows.lines(data):
            text = _text(line)
            if text.startswith("#"):
                why = text.lstrip("# ")
                continue
            found = _LINE.fullmatch(text)
            if found is None:
                yield Unread(row=name, why="it is no FILE:RULE:LINE")
                continue
            yield Row(
                tool="gitleaks", rule=found["rule"], path=found["path"], line=int(found["line"]),
                commit=Commit(id=found["commit"]) if found["commit"] else None,
                accepted=f".gitleaksignore: {why}" if why else "it is in .gitleaksignore",
            )  # fmt: skip
            why = ""


_LINE = re.compile(
    r"(?:(?P<commit>[0-9a-f]{40}|[0-9a-f]{64}):)?(?P<path>.+):(?P<rule>[^:\s]+):(?P<line>\d{1,9})(?:\s+#.*)?"
)


def _text(line: bytes) -> str:
    return line.decode("utf-8", "surrogateescape").strip()
