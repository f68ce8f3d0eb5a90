"""One target under atheris. A failure is written down and the run goes on."""

from __future__ import annotations

import faulthandler
import resource
import sys
import time
import traceback
from collections.abc import Callable
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

import atheris

MOST_SECONDS = 2.0
"""Processor time for one input, all its checks together, in code slowed down by the fuzzer."""

MOST_MEGABYTES = 700
"""What one input may add to the most that the process ever held."""

HANGS = 150
_HOT = "keymuster.detect.values.weighing"
"""One loop over trees, without anything in it to discover."""

LARGEST = 65_536


def main() -> None:
    name, seconds, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    seeds = folder / "seeds"
    seeds.mkdir(parents=True, exist_ok=True)
    with atheris.instrument_imports(include=["keymuster"], exclude=[_HOT]):
        target = import_module(f"fuzz.{name}")
        check = _watched(target.check, folder)
        for seed in target.seeds():
            (seeds / sha256(seed).hexdigest()[:16]).write_bytes(seed[:LARGEST])
            check(seed[:LARGEST])  # imports what is imported late, opens what is opened once

    def mutated(data: bytes, most: int, seed: int) -> bytes:
        made: bytes = target.mutated(bytes(data), Random(seed))
        return made[:most]

    words = (
        f"-max_total_time={seconds}", f"-max_len={LARGEST}", "-timeout=200", "-rss_limit_mb=6000",
        "-print_final_stats=1", "-len_control=0", f"-artifact_prefix={folder}/",
        str(folder / "corpus"), str(seeds),
    )  # fmt: skip
    (folder / "corpus").mkdir(exist_ok=True)
    atheris.Setup([sys.argv[0], *words], check, custom_mutator=mutated)
    atheris.Fuzz()


def _watched(check: Callable[[bytes], Any], folder: Path) -> Callable[[bytes], None]:
    """A check that never raises: what went wrong is in the folder, once for each kind."""

    def one(data: bytes) -> None:
        data = bytes(data)
        (folder / "last").write_bytes(data)
        before = _megabytes()
        faulthandler.dump_traceback_later(HANGS, exit=True)
        try:
            began = time.process_time()
            check(data)
            took = time.process_time() - began
            if took > MOST_SECONDS:
                _keep(folder, "slow", f"{took:.1f} seconds for {len(data)} bytes", data)
        except Exception as error:  # noqa: BLE001 - whatever comes is what is sought
            _keep(folder, _kind(error), traceback.format_exc(), data)
        finally:
            faulthandler.cancel_dump_traceback_later()
        grown = _megabytes() - before
        if grown > MOST_MEGABYTES:
            _keep(folder, "memory", f"{grown} MB more for {len(data)} bytes", data)

    return one


def _megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _kind(error: Exception) -> str:
    """Errors that were raised at one line are one failure."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}-{Path(place.filename).stem}-{place.lineno}"


def _keep(folder: Path, kind: str, said: str, data: bytes) -> None:
    """The input and what went wrong; of each kind the shortest input."""
    text, content = folder / f"{kind}.txt", folder / f"{kind}.bin"
    if content.exists() and content.stat().st_size <= len(data):
        return
    text.write_text(said, encoding="utf-8", errors="replace")
    content.write_bytes(data)


if __name__ == "__main__":
    main()
