"""What the store of an estate costs: seconds of CPU to write the looks of a run, to write them again, to read all
of it, and bytes on the disk."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from keymuster import pipeline
from keymuster.estate.base import Outcome, Target
from keymuster.estate.store.store import Store
from keymuster.model import (
    Commit,
    Confidence,
    Credential,
    CredentialKind,
    FileLocation,
    Finding,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Nhi,
    Observation,
    Report,
    Scope,
    ServiceLocation,
    Severity,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


class Made:
    """Looks at made-up repositories and accounts, the same for a seed."""

    def __init__(self, repositories: int, accounts: int, seed: int = 1) -> None:
        self._random = Random(seed)
        self.rules = pipeline.load_rules()
        self.targets = [
            Target(id=f"repository:git.example/{one}", kind="repository", name=f"team/{one}")
            for one in range(repositories)
        ]
        self.targets += [
            Target(id=f"service:aws/{one}", kind="service", name=f"aws/{one}")
            for one in range(accounts)
        ]

    def outcome(self, target: Target) -> Outcome:
        records = self._files() if target.kind == "repository" else self._account(target)
        observations = tuple(records)
        findings = tuple(self._finding(one) for one in observations[:2] + observations[20:60])
        mode = "history" if target.kind == "repository" else "services"
        report = Report(findings=findings, mode=mode, scope=Scope(paths=(".",)))
        return Outcome(
            target=target.id, report=report, observations=observations, left={"refs": self._hex(64)}
        )

    def _hex(self, length: int) -> str:
        return f"{self._random.getrandbits(4 * length):0{length}x}"

    def _file(self) -> FileLocation:
        day = START - timedelta(days=self._random.randrange(900))
        commit = Commit(
            id=self._hex(40), author=f"dev{self._random.randrange(40)}@example.org", date=day
        )
        path = f"services/{self._random.randrange(30)}/config/{self._random.randrange(200)}.yaml"
        line = self._random.randrange(400)
        return FileLocation(
            path=path, line=line, end_line=line, commit=commit, object=self._hex(40)
        )

    def _files(self) -> Iterator[Observation]:
        for _ in range(20):
            fingerprint = self._hex(32)
            yield Credential(
                id=f"secret:{fingerprint}", kind=CredentialKind.API_KEY, name="Acme key", format="acme-key",
                location=self._file(), fingerprint=fingerprint, preview="acme_****", tags={"account": self._hex(12)},
            )  # fmt: skip

    def _account(self, target: Target) -> Iterator[Observation]:
        account = target.id.rpartition("/")[2].zfill(12)
        for number in range(2500):
            arn = f"arn:aws:iam::{account}:role/service-{number}"
            place = ServiceLocation(service="aws", account=account, resource=arn)
            yield Identity(
                id=arn, kind=IdentityKind.ROLE, provider="aws", name=f"service-{number}", location=place, account=account,
                created_at=START - timedelta(minutes=self._random.randrange(10**6)),
                last_used_at=START - timedelta(minutes=self._random.randrange(10**5)), tags={"team": f"team-{number % 40}"},
            )  # fmt: skip
            yield Grant(
                id=f"{arn}#policy", identity=arn, kind=GrantKind.POLICY, provider="aws", location=place,
                actions=("s3:GetObject", "s3:PutObject", f"dynamodb:{self._hex(4)}"),
                resources=(f"arn:aws:s3:::bucket-{self._hex(8)}/*",),
            )  # fmt: skip

    def _finding(self, one: Observation) -> Finding:
        return Finding(
            id=self._hex(32), rule="secret-in-history/acme-key", policy="secret-in-history", nhi=(Nhi.SECRET_LEAKAGE,),
            severity=Severity.HIGH, confidence=Confidence.HIGH, subject=one.id, places=(one.location,),
            message=f"A key of Acme stands in {one.location}", evidence={"format": "acme-key", "storage": "history"},
            remediation="Revoke it at https://acme.example. Then load its replacement from a store of secrets.",
            fingerprint=self._hex(32),
        )  # fmt: skip


class Table:
    """Rows of Markdown, printed as they come."""

    def __init__(self) -> None:
        print("| step | CPU s | wall s | items | µs CPU each |\n|---|---|---|---|---|")

    @contextmanager
    def row(self, name: str, count: Callable[[], int]) -> Iterator[None]:
        cpu, wall = time.process_time(), time.monotonic()
        yield
        cpu, wall = time.process_time() - cpu, time.monotonic() - wall
        items = count()
        print(
            f"| {name} | {cpu:.2f} | {wall:.2f} | {items:,} | {1e6 * cpu / max(items, 1):.0f} |",
            flush=True,
        )


def measure(url: str, made: Made) -> None:
    store, table = Store.open(url), Table()
    targets = made.targets
    outcomes = {one.id: made.outcome(one) for one in targets}
    records = sum(len(one.observations) for one in outcomes.values())
    for day, name in ((1, "first looks"), (2, "the same again"), (3, "unchanged looks")):
        now = START + timedelta(days=day)
        with table.row(f"{name}: start the run", lambda: len(targets)):
            run = store.start_run(targets, now)
        with table.row(f"{name}: begin and finish", lambda: len(targets)):
            for one in targets:
                attempt = store.begin(run, one.id, "worker", now)
                assert attempt is not None
                outcome = outcomes[one.id]
                if day == 3:
                    outcome = Outcome(target=one.id, unchanged=True, left=outcome.left)
                store.finish(attempt, outcome, now)
        store.end_run(run, now)
        if day == 1:
            print(f"| bytes on the disk | {size(url, store):,} | | {records:,} records |")
    counted = 0
    with table.row("read all records", lambda: counted):
        for _ in store.observations():
            counted += 1
    counted = 0
    with table.row("read all findings", lambda: counted):
        for _ in store.findings():
            counted += 1
    with table.row("the whole as a report", lambda: counted):
        store.report(START + timedelta(days=4))
    with table.row("the trend of a year", lambda: counted):
        store.trend(365, START + timedelta(days=4))
    print(f"| bytes on the disk at the end | {size(url, store):,} |")
    print(f"| of findings and their texts and events, without records | {parts(store)} |")
    store.close()


def size(url: str, store: Store) -> int:
    if url.startswith("postgres"):
        with store._engine.connect() as connection:
            asked = "SELECT pg_database_size(current_database())"
            return int(connection.exec_driver_sql(asked).scalar_one())
    return sum(os.path.getsize(one) for one in Path(url).parent.glob("estate.db*"))


def parts(store: Store) -> str:
    """Bytes of what is packed, by table."""
    asked = {
        "records": "SELECT sum(length(body)) FROM keymuster_observations",
        "findings": "SELECT sum(length(body)) FROM keymuster_findings",
        "events": "SELECT sum(length(body)) FROM keymuster_events",
        "looks": "SELECT sum(length(frame) + length(texts)) FROM keymuster_looks",
    }
    with store._engine.connect() as connection:
        found = {name: connection.exec_driver_sql(sql).scalar_one() for name, sql in asked.items()}
    return ", ".join(f"{name} {count:,}" for name, count in found.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--repositories", type=int, default=2000, help="with 20 records and 2 findings each"
    )
    parser.add_argument(
        "--accounts", type=int, default=20, help="with 5,000 records and 42 findings each"
    )
    parser.add_argument("--url", help="of an empty PostgreSQL database; without it, an SQLite file")
    words = parser.parse_args()
    made = Made(words.repositories, words.accounts)
    if words.url:
        measure(words.url, made)
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(f"{folder}/estate.db", made)


if __name__ == "__main__":
    main()
