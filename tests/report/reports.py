"""Reports made by hand, and stored outputs to compare with."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path

import keymuster
from keymuster import pipeline
from keymuster.model import (
    Commit,
    Confidence,
    FileLocation,
    Finding,
    Framework,
    FrameworkEntry,
    Location,
    Nhi,
    Provenance,
    Reference,
    Report,
    RuleText,
    Severity,
    Suppression,
    Trouble,
)
from keymuster.report.base import Style

SNAPSHOTS = Path(__file__).parent / "snapshots"

WORDS = RuleText(
    id="secret-in-tree/acme-key",
    title="Secret in a file: Acme key",
    why="Whoever can read the file can act as the identity behind the secret.",
    remediation="Revoke it at https://acme.example. Then load its replacement from a store.",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    nhi=(Nhi.SECRET_LEAKAGE,),
    references=(
        Reference(framework="owasp-nhi", id="NHI2:2025"),
        Reference(framework="cwe", id="CWE-798"),
        Reference(framework="cwe", id="CWE-1"),  # not in the framework below
        Reference(framework="unheard-of", id="1"),
    ),
    links=("https://acme.example/docs",),
)
OTHER_WORDS = RuleText(
    id="test-or-sample-secret",
    title="Test or sample value",
    why="It is listed so that nobody has to wonder.",
    remediation="Nothing has to be done.",
    severity=Severity.INFO,
    confidence=Confidence.MEDIUM,
    nhi=(Nhi.SECRET_LEAKAGE, Nhi.ENVIRONMENT_ISOLATION),
    references=(Reference(framework="cwe", id="CWE-200"),),
)
FRAMEWORKS = (
    Framework(
        id="owasp-nhi", name="OWASP NHI Top 10", guid="5e3f1f5a-2f64-4c6a-9a2b-0d1c5a8b7e01",
        version="2025", publisher="OWASP", url="https://owasp.org/nhi",
        entries=(FrameworkEntry(id="NHI2:2025", name="Secret Leakage", url="https://owasp.org/2"),),
    ),
    Framework(
        id="cwe", name="CWE", guid="5e3f1f5a-2f64-4c6a-9a2b-0d1c5a8b7e02", version="4.16",
        publisher="MITRE", url="https://cwe.mitre.org",
        entries=(
            FrameworkEntry(id="CWE-200", name="Exposure of Sensitive Information"),
            FrameworkEntry(id="CWE-798", name="Use of Hard-coded Credentials."),
        ),
    ),
)  # fmt: skip


def place(path: str = "src/app.py", line: int = 3, column: int = 8, **more: object) -> FileLocation:
    return FileLocation(
        path=path, line=line, end_line=line, column=column, end_column=column + 20,
        line_hash="39fa2ee980eb94b0:1", context='key = "acme_****"', **more,
    )  # type: ignore[arg-type]  # fmt: skip


def finding(*places: Location, id: str = "f1", **more: object) -> Finding:
    said: dict[str, object] = {
        "rule": WORDS.id,
        "policy": "secret-in-tree",
        "nhi": WORDS.nhi,
        "severity": Severity.HIGH,
        "confidence": Confidence.HIGH,
        "subject": f"secret:{id}",
        "message": "Acme key acme_****",
        "remediation": WORDS.remediation,
    }
    return Finding(id=id, places=places or (place(),), **said | more)  # type: ignore[arg-type]


def accepted(*places: Location, **more: object) -> Finding:
    suppression = Suppression(justification="fixture of the parser", until=date(2027, 1, 31))
    return finding(*places, suppression=suppression, **more)


def report(*findings: Finding, **more: object) -> Report:
    said: dict[str, object] = {
        "rules": (WORDS, OTHER_WORDS),
        "frameworks": FRAMEWORKS,
        "mode": "worktree",
        "counts": {"files": 3, "bytes": 1200},
        "started_at": datetime(2026, 1, 1, 12, tzinfo=UTC),
        "ended_at": datetime(2026, 1, 1, 12, 0, 1, 500_000, tzinfo=UTC),
    }
    return Report(findings=findings, **said | more)  # type: ignore[arg-type]


FULL = report(
    finding(
        place(),
        place("deep/er/ümläut with space.py", 1),
        place(
            "old.py", 7, in_head=False, object="a" * 40,
            commit=Commit(id="c" * 40, author="Ada <ada@example.org>", date=datetime(2025, 3, 4, tzinfo=UTC)),
        ),
        evidence={"account": "123456789012", "issued_at": "2025-01-01T00:00:00+00:00"},
    ),
    finding(place("src/app.py", 9), id="f2", severity=Severity.CRITICAL),
    finding(
        place("tests/\udcff#%\n\x1b[31m.py", 2), id="f3", rule=OTHER_WORDS.id,
        policy=OTHER_WORDS.id, nhi=OTHER_WORDS.nhi, severity=Severity.INFO,
        confidence=Confidence.MEDIUM, message="Acme key acme_****, a test or sample value",
    ),
    accepted(place("tests/fixture.py", 4), id="f4"),
    troubles=(
        Trouble(part="worktree", scope="locked.bin", message="could not be read: Permission denied"),
        Trouble(
            part="history", scope="history", message="is cut off: this is a shallow clone",
            advice="git fetch --unshallow, then scan again.",
        ),
    ),
    provenance=Provenance(
        root="/work", repository="https://git.example/acme/app.git", revision="d" * 40, branch="main"
    ),
)  # fmt: skip
"""Everything that a report may hold."""


def written(report: Report, format: str, **style: bool) -> str:
    out = StringIO()
    pipeline.write(report, format, out, Style(**style))
    return out.getvalue()


def assert_is_snapshot(text: str, name: str) -> None:
    """Compare with a stored output. `UPDATE_SNAPSHOTS=1` stores it; read the change line by line."""
    text = text.replace(f'"{keymuster.__version__}"', '"VERSION"')
    text = text.replace(f"keymuster {keymuster.__version__}", "keymuster VERSION")
    path = SNAPSHOTS / name
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.write_bytes(text.encode())
    assert text == path.read_bytes().decode()
