"""Reports as other scanners write them, with invented secrets. The shapes are those of gitleaks 8.30,
betterleaks 2.0, Kingfisher 2.14 and detect-secrets 1.5 (`test_real_scanners` holds them against the programs
where these are installed), and of TruffleHog 3 by its source."""

from __future__ import annotations

import hashlib
import json
from typing import Any

COMMIT = "0123456789" * 4


def gitleaks(*several: dict[str, Any]) -> str:
    return json.dumps([gitleaks_row(**one) for one in several], indent=1)


def gitleaks_row(
    rule: str, secret: str, file: str = "a.env", line: int = 1, match: str = "", commit: str = ""
) -> dict[str, Any]:
    return {
        "RuleID": rule, "Description": "Uncovered something.", "StartLine": line, "EndLine": line,
        "StartColumn": 1, "EndColumn": len(match or secret), "Match": match or secret, "Secret": secret,
        "File": file, "SymlinkFile": "", "Commit": commit, "Entropy": 4.5, "Author": "Ann" if commit else "",
        "Email": "ann@acme.example" if commit else "", "Date": "2026-01-02T03:04:05Z" if commit else "",
        "Message": "one", "Tags": [], "Fingerprint": f"{file}:{rule}:{line}",
    }  # fmt: skip


def betterleaks_finding(
    rule: str, secret: str, file: str = "a.env", line: int = 1, *, redacted: bool = False,
    status: str = "", commit: str = "",
) -> dict[str, Any]:  # fmt: skip
    shown = "REDACTED" if redacted else secret
    found: dict[str, Any] = {
        "rule_id": rule, "rule_hash": "0" * 64, "description": "Uncovered something.", "confidence": "high",
        "match": {"full": shown, "value": shown, "fingerprint": hashlib.sha256(secret.encode()).hexdigest()},
        "attributes": {"resource": "fs.content", **({"git.sha": commit} if commit else {})},
        "location": {"path": file, "start_line": line, "end_line": line, "start_column": 1, "end_column": 9},
    }  # fmt: skip
    return {**found, "analysis": {"status": status}} if status else found


def betterleaks(*several: dict[str, Any]) -> str:
    return json.dumps({"schema_version": "1", "findings": [betterleaks_finding(**one) for one in several]}, indent=1)  # fmt: skip


def kingfisher_finding(
    rule: str, secret: str, file: str = "a.env", line: int = 1, outcome: str = "not_attempted",
    commit: str = "",
) -> dict[str, Any]:  # fmt: skip
    found: dict[str, Any] = {
        "snippet": secret, "fingerprint": "12941742938547162926", "confidence": "high", "entropy": "4.73",
        "validation": {"outcome": outcome, "status": "Not Attempted", "response": ""}, "language": "Unknown",
        "line": line, "column_start": 11, "column_end": 50, "path": file,
        "validate_command": f"kingfisher validate --rule '{rule}' '{secret}'",
    }  # fmt: skip
    if commit:
        author = {"name": "Ann", "email": "ann@acme.example"}
        found["git_metadata"] = {"commit": {"id": commit, "date": "2026-01-02", "author": author}}
    return {"rule": {"title": rule, "name": rule, "id": rule, "description": ""}, "finding": found}


def kingfisher(*several: dict[str, Any]) -> str:
    return json.dumps({
        "findings": [kingfisher_finding(**one) for one in several],
        "audit": {}, "metadata": {"kingfisher_version": "2.14.0"},
    }, separators=(",", ":"))  # fmt: skip


def trufflehog_line(
    detector: str, secret: str, file: str = "a.env", line: int = 1, *, verified: bool = False,
    both: str = "", commit: str = COMMIT,
) -> str:  # fmt: skip
    about = {
        "commit": commit, "file": file, "email": "Ann <ann@acme.example>", "line": line,
        "repository": "https://github.com/acme/shop", "timestamp": "2026-01-02 03:04:05 +0000",
    }  # fmt: skip
    return json.dumps({
        "SourceMetadata": {"Data": {"Git": about}}, "SourceID": 1, "SourceType": 16,
        "SourceName": "trufflehog - git", "DetectorType": 8, "DetectorName": detector,
        "DecoderName": "PLAIN", "Verified": verified, "VerificationFromCache": False, "Raw": secret,
        "RawV2": both, "Redacted": "", "ExtraData": None, "StructuredData": None,
    })  # fmt: skip


def detect_secrets(*several: dict[str, Any]) -> str:
    results: dict[str, list[dict[str, Any]]] = {}
    for one in several:
        made = detect_secrets_row(**one)
        results.setdefault(made["filename"], []).append(made)
    return json.dumps({
        "version": "1.5.0", "plugins_used": [{"name": "AWSKeyDetector"}], "filters_used": [],
        "results": results, "generated_at": "2026-01-02T03:04:05Z",
    }, indent=2)  # fmt: skip


def detect_secrets_row(
    type: str, secret: str, file: str = "a.env", line: int = 1, is_secret: bool | None = None,
    verified: bool = False,
) -> dict[str, Any]:  # fmt: skip
    made: dict[str, Any] = {
        "type": type, "filename": file, "hashed_secret": hashlib.sha1(secret.encode()).hexdigest(),
        "is_verified": verified, "line_number": line,
    }  # fmt: skip
    return made if is_secret is None else {**made, "is_secret": is_secret}


def sarif_result(
    rule: str, file: str = "a.env", line: int = 1, snippet: str = "", **more: Any
) -> dict[str, Any]:
    region: dict[str, Any] = {"startLine": line, "startColumn": 1, "endLine": line, "endColumn": 9}
    if snippet:
        region["snippet"] = {"text": snippet}
    place = {"physicalLocation": {"artifactLocation": {"uri": file}, "region": region}}
    return {"ruleId": rule, "message": {"text": "a secret"}, "locations": [place], **more}


def sarif(tool: str, *results: dict[str, Any]) -> str:
    run = {"tool": {"driver": {"name": tool}}, "results": [*results]}
    return json.dumps({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]})  # fmt: skip
