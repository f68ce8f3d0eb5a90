"""Runs fuzz targets one after the other, each in a process of its own, and says what failed."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

TARGETS = (
    "nested",
    "engine",
    "text",
    "credentials",
    "containers",
    "re2",
    "gitleaks",
    "packs",
    "deltas",
    "chunks",
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}")
    parser.add_argument("--seconds", type=int, default=300, help="for each target")
    parser.add_argument("--folder", type=Path, help="for failures; default: a temporary one")
    asked = parser.parse_args()
    if unknown := set(asked.targets) - set(TARGETS):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="keymuster-fuzz-"))
    failed = False
    for target in asked.targets or TARGETS:
        failed |= _run(target, asked.seconds, folder / target)
    return int(failed)


def _run(target: str, seconds: int, folder: Path) -> bool:
    """Whether a target failed: it wrote down what, or its process died."""
    folder.mkdir(parents=True, exist_ok=True)
    words = [sys.executable, "-m", "fuzz.process", target, str(seconds), str(folder)]
    with (folder / "log").open("w", encoding="utf-8") as log:
        code = subprocess.run(words, stdout=log, stderr=subprocess.STDOUT, check=False).returncode
    failures = sorted(folder.glob("*.txt"))
    lines = (folder / "log").read_text(encoding="utf-8", errors="replace").splitlines()
    said = next((line for line in reversed(lines) if "executed_units" in line), "")
    sys.stdout.write(f"{target}: exit {code}, {len(failures)} failures in {folder}  {said}\n")
    for failure in failures:
        sys.stdout.write(
            f"  {failure.name}: {failure.read_text().strip().splitlines()[-1][:200]}\n"
        )
    sys.stdout.flush()
    return bool(code or failures)


if __name__ == "__main__":
    sys.exit(main())
