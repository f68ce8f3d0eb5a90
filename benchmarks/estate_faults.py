"""What an estate's runs come to when things go wrong: the findings have to be those of a quiet run, every time.

python benchmarks/estate_faults.py files        kill -9 at random moments, a store in SQLite
python benchmarks/estate_faults.py servers      three workers on PostgreSQL: one is killed, the server is away for
                                                ten seconds, the disk of one worker is full
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from keymuster import pipeline  # noqa: E402
from keymuster.detect import examples  # noqa: E402
from keymuster.detect.checksums import CHECKSUMS  # noqa: E402
from keymuster.estate.base import Work  # noqa: E402
from keymuster.estate.store.store import Store  # noqa: E402
from repositories import Repository  # noqa: E402

KEYMUSTER = [sys.executable, "-m", "keymuster", "estate"]
FORMATS = ("github-pat", "slack-bot-token", "gitlab-pat", "npm-access-token", "stripe-secret-key")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("show", choices=["files", "servers"])
    parser.add_argument("--repositories", type=int, default=0, metavar="N")
    parser.add_argument("--kills", type=int, default=50, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    said = parser.parse_args()
    random.seed(said.seed)
    with tempfile.TemporaryDirectory(prefix="keymuster-faults-") as name:
        folder = Path(name)
        os.chmod(folder, 0o755)
        show = files if said.show == "files" else servers
        return show(folder, said)


# --- the repositories ----------------------------------------------------------------------------


def planted(folder: Path, count: int) -> None:
    """Repositories with secrets in their files, in their past, in both, or without any."""
    formats = {one.id: one for one in pipeline.load_rules().tokens}
    known = [formats[one] for one in FORMATS if one in formats]

    def token(seed: str) -> str:
        one = known[hash_of(seed) % len(known)]
        text = examples.from_shape(one.shapes[0], seed)
        return CHECKSUMS[one.checksum].sign(text.encode()).decode() if one.checksum else text

    for number in range(count):
        made = Repository.create(folder / f"r{number:04}")
        first = {
            f"src/part{part}.py": "".join(
                f"v{line} = compute({line}, {number})\n" for line in range(200)
            )
            for part in range(20)
        }
        if number % 4 != 3:
            first["settings.py"] = f'token = "{token(f"file {number}")}"\n'
        made.commit(first)
        if number % 2:
            made.commit({"old.py": f'token = "{token(f"past {number}")}"\n'})
            made.commit({"old.py": "token = read()\n"})


def hash_of(text: str) -> int:
    return sum(text.encode())


# --- what came of it -----------------------------------------------------------------------------


def seen(url: str) -> tuple[Any, ...]:
    """Each finding of each target with how it stands, and each event that was written."""
    store = Store.open(url)
    try:
        findings = sorted((one.target, one.finding.id, one.state.value) for one in store.findings())
        events = sorted((one.target, one.finding.id, one.state.value) for _, one in store.events())
        works = {
            item.target: item.work for run in store.runs(limit=None) for item in store.work(run.id)
        }
        undone = sorted(one for one, work in works.items() if work is not Work.DONE)
        return findings, events, undone, len(works)
    finally:
        store.close()


def tell_difference(quiet: Any, came: Any) -> None:
    for one, other, what in zip(quiet[:2], came[:2], ("findings", "events"), strict=True):
        print(
            f"  {what} missing: {sorted(set(one) - set(other))[:5]}, more: {sorted(set(other) - set(one))[:5]}"
        )
    print(f"  not done: {came[2]}; targets: {came[3]}", flush=True)


def environment(**more: str) -> dict[str, str]:
    path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    return {**os.environ, "PYTHONPATH": path, "GIT_CONFIG_GLOBAL": os.devnull, **more}


def units() -> list[int]:
    """Processes that look at a target."""
    asked = ["ps", "-A", "-o", "pid=,args="]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    mine = [line.split(None, 1) for line in said.splitlines() if "keymuster.estate.unit" in line]
    return [int(pid) for pid, _ in mine if _is_ours(int(pid))]


def _is_ours(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return b"keymuster-faults-" in Path(f"/proc/{pid}/environ").read_bytes()
    return False


def until(holds: Callable[[], Any], seconds: float, what: str) -> float:
    started = time.monotonic()
    while not holds():
        if time.monotonic() - started > seconds:
            raise SystemExit(f"gave up waiting: {what}")
        time.sleep(0.05)
    return time.monotonic() - started


# --- one machine ---------------------------------------------------------------------------------


def files(folder: Path, said: argparse.Namespace) -> int:
    count = said.repositories or 12
    planted(folder / "repositories", count)
    given = environment()

    def estate(name: str) -> tuple[list[str], str]:
        home = folder / name
        home.mkdir()
        (home / "estate.yaml").write_text(
            f"cache: {{folder: {home}/cache}}\n"
            f"targets: {{repositories: [{{glob: '{folder}/repositories/*'}}]}}\n"
            "defaults: {jobs: 2}\n"
        )
        return ["--estate", f"{home}/estate.yaml"], f"sqlite:///{home}/estate.db"

    def call(*more: str) -> None:
        subprocess.run([*KEYMUSTER, *more], env=given, capture_output=True, check=False)

    call("run", *estate("first")[0])  # after which the rules are compiled
    words, url = estate("quiet")
    started = time.monotonic()
    call("run", *words)
    usual = time.monotonic() - started
    quiet = seen(url)
    print(f"quiet run: {usual:.1f} s, {quiet[3]} targets, {len(quiet[0])} findings", flush=True)
    wrong = midway = 0
    for number in range(said.kills):
        words, url = estate(f"killed{number}")
        process = subprocess.Popen(
            [*KEYMUSTER, "run", *words], env=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )  # fmt: skip
        moment = random.uniform(0, usual)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(moment)
        process.kill()
        process.wait()
        store = Store.open(url)
        begun, left = bool(store.runs()), bool(store.unfinished_runs())
        store.close()
        midway += left
        if left:
            call(("run", "resume")[number % 2], *words)
        elif not begun:
            call("run", *words)
        if seen(url) != quiet:
            wrong += 1
            print(f"killed after {moment:.2f} s: NOT as in a quiet run", flush=True)
            tell_difference(quiet, seen(url))
        shutil.rmtree(folder / f"killed{number}")
    print(f"{said.kills} times kill -9, {midway} of them in the middle of the run: {wrong} differ")
    return 1 if wrong else 0


# --- several workers -----------------------------------------------------------------------------


def servers(folder: Path, said: argparse.Namespace) -> int:
    import postgresql_server

    count = said.repositories or 300
    planted(folder / "repositories", count)
    warm(folder)
    with postgresql_server.serving() as server, small_disk(folder / "small") as small:
        quiet, usual = run_of(folder, server.make_database(), "quiet", small, None)
        print(f"quiet run: {usual:.1f} s, {quiet[3]} targets, {len(quiet[0])} findings", flush=True)
        came, took = run_of(folder, server.make_database(), "faulty", small, server)
        same = came == quiet
        print(
            f"with faults: {took:.1f} s; not done: {came[2]}; {'the same' if same else 'NOT the same'}"
        )
        if not same:
            tell_difference(quiet, came)
        return 0 if same else 1


def warm(folder: Path) -> None:
    """The rules as they are kept for all later processes."""
    given = environment(KEYMUSTER_CACHE=str(folder / "shared"))
    words = [
        sys.executable,
        "-m",
        "keymuster",
        "scan",
        "--quiet",
        str(folder / "repositories" / "r0003"),
    ]
    subprocess.run(words, env=given, capture_output=True, check=False)


def run_of(folder: Path, url: str, name: str, small: Path, server: Any) -> tuple[Any, float]:
    """A run by three workers; with a server, things go wrong meanwhile."""
    homes = []
    for number in range(3):
        home = folder / f"{name}{number}"
        home.mkdir()
        cache = small if number == 2 and server is not None else home / "cache"
        urls = "\n".join(
            f"    - file://{one}" for one in sorted((folder / "repositories").iterdir())
        )
        (home / "estate.yaml").write_text(
            f"cache: {{folder: {cache}}}\ntargets:\n  repositories:\n{urls}\n"
            "defaults: {retries: {attempts: 3, backoff_seconds: 1}}\n"
        )
        homes.append(home)
    given = [
        environment(KEYMUSTER_DB=url, KEYMUSTER_CACHE=str(folder / "shared")) for home in homes
    ]

    def worker(number: int) -> subprocess.Popen[bytes]:
        log = open(folder / f"{name}{number}.log", "ab")  # noqa: SIM115 - as long as the process
        return subprocess.Popen(
            [*KEYMUSTER, "worker", "--concurrency", "1", "--estate", f"{homes[number]}/estate.yaml"],
            env=given[number], stderr=log,
        )  # fmt: skip

    started = time.monotonic()
    workers = [worker(number) for number in range(3)]
    begun = subprocess.Popen(
        [*KEYMUSTER, "run", "--format", "json", "--estate", f"{homes[0]}/estate.yaml"],
        env=given[0], stdout=subprocess.PIPE,
    )  # fmt: skip
    store = Store.open(url, patience=60)
    try:
        if server is not None:
            go_wrong(store, workers, worker, small, server)
        said = begun.communicate()[0]
        took = time.monotonic() - started
        assert json.loads(said)["complete"]
        attempts = [item.attempts for item in store.work(store.runs(limit=1)[0].id)]
        print(f"{name}: {sum(attempts)} attempts for {len(attempts)} targets", flush=True)
        return seen(url), took
    finally:
        store.close()
        for one in [*workers, begun]:
            if one.poll() is None:
                one.terminate()
        for one in workers:
            one.wait(30)
        for number in range(3):
            said = (folder / f"{name}{number}.log").read_text(errors="replace")
            lines = [one for one in said.splitlines() if not one.endswith(("changes", "done"))]
            print(f"worker {number}:", *lines[:12], sep="\n    ", flush=True)


def go_wrong(
    store: Store, workers: list[Any], worker: Callable[[int], Any], small: Path, server: Any
) -> None:
    def done() -> int:
        found = store.runs(limit=1)
        return found[0].counts.get(Work.DONE, 0) if found else 0

    def running(pid: int) -> list[str]:
        return [
            one.target
            for one in store.work(store.runs(limit=1)[0].id)
            if one.work is Work.RUNNING and f":{pid}:" in one.worker
        ]

    total = lambda: sum(store.runs(limit=1)[0].counts.values())  # noqa: E731
    until(lambda: done() > 0, 300, "the first target")
    until(lambda: done() >= total() * 0.15, 600, "some targets")
    (small / "filler").write_bytes(b"")
    with contextlib.suppress(OSError), open(small / "filler", "wb", buffering=0) as filler:
        while True:
            filler.write(b"x" * 65536)
    print(f"{done()} done: the disk of worker 2 is full", flush=True)
    until(lambda: done() >= total() * 0.35, 600, "more targets")
    until(lambda: running(workers[0].pid), 60, "the worker is at a target")
    held = running(workers[0].pid)
    before = set(units())
    workers[0].send_signal(signal.SIGKILL)
    workers[0].wait()
    print(f"{done()} done: worker 0 was killed while it looked at {held[0]}", flush=True)
    orphans = until(
        lambda: len(before & set(units())) < len(before) or not before, 10, "its unit ends"
    )
    print(f"its process was gone after {orphans:.2f} s", flush=True)
    back = until(lambda: held[0] not in _left(store), 600, "somebody else took its target")
    print(f"its target was done by another one after {back:.1f} s", flush=True)
    workers[0] = worker(0)
    until(lambda: done() >= total() * 0.6, 600, "more targets")
    server.stop()
    at = time.monotonic()
    time.sleep(10)
    server.start()
    print(f"PostgreSQL was away for {time.monotonic() - at:.1f} s", flush=True)
    until(lambda: done() >= total() * 0.75, 600, "more targets")
    (small / "filler").unlink(missing_ok=True)
    print(f"{done()} done: the disk of worker 2 has room again", flush=True)


def _left(store: Store) -> set[str]:
    return {
        one.target for one in store.work(store.runs(limit=1)[0].id) if one.work is not Work.DONE
    }


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 24 MB, which takes the rights to mount one."""
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], capture_output=True, check=False
    )  # fmt: skip
    if done.returncode:
        raise SystemExit("a small disk has to be mounted: run this where that is allowed")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


if __name__ == "__main__":
    sys.exit(main())
