"""How long it takes to write a large HTML report, and how large it is: `python benchmarks/page.py`.

The report is made: findings, each about one of the identities, whose keys and trusts make a graph. With a Chromium
and Playwright, it also says how long the browser takes until the first page of findings is there.

Exit code 1 if writing takes more than `--seconds` of CPU, or showing more than `--shown` seconds.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from keymuster import pipeline
from keymuster.model import Confidence, FileLocation, Finding, Nhi, Report, Severity
from keymuster.report.base import Style
from report.rolls import large


def report(findings: int, nodes: int) -> Report:
    """Findings of every severity and category, and a roll with so many nodes."""
    roll = large(nodes)
    severities, categories = [*Severity], [*Nhi]
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Report(
        findings=tuple(
            Finding(
                id=f"{number:032x}", rule=f"policy-{number % 300}", policy=f"policy-{number % 300}",
                nhi=(categories[number % 10],), severity=severities[number % 5], confidence=Confidence.HIGH,
                subject=roll.identities[number % len(roll.identities)].id,
                message=f"Identity {number} may be taken over by anybody who can change its code",
                places=(FileLocation(path=f"services/app-{number % 500}/main.tf", line=number % 900 + 1),),
                evidence={"account": "111122223333", "because": "a statement allows it " * 4},
                remediation="Take the statement away. " * 4,
            )
            for number in range(findings)
        ),
        roll=roll, started_at=now, ended_at=now,
    )  # fmt: skip


def shown(file: Path) -> float | None:
    """Seconds until a browser shows the first findings; None where there is no browser."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)  # fmt: skip
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        found = None
    if found is None:
        return None
    with sync_playwright() as running:
        options = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = running.chromium.launch(executable_path=found, args=options)
        page = browser.new_page()
        page.goto(f"{file.as_uri()}#findings")
        page.locator("#view-findings tbody tr").first.wait_for()
        milliseconds: float = page.evaluate("performance.now()")
        browser.close()
    return milliseconds / 1000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--findings", type=int, default=20_000)
    parser.add_argument("--nodes", type=int, default=5_000)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--shown", type=float, default=2)
    asked = parser.parse_args()
    made = report(asked.findings, asked.nodes)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "page.html")
        begin = time.process_time()
        with file.open("w", encoding="utf-8", newline="") as out:
            pipeline.write(made, "html", out, Style())
        seconds = time.process_time() - begin
        size = file.stat().st_size
        took = shown(file)
    print(f"{asked.findings:,} findings, {asked.nodes:,} nodes: {size / 1e6:.1f} MB in {seconds:.2f} s of CPU")  # fmt: skip
    print("no browser here" if took is None else f"shown after {took:.2f} s")
    return int(seconds > asked.seconds or (took is not None and took > asked.shown))


if __name__ == "__main__":
    sys.exit(main())
