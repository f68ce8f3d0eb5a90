"""How long reach takes over a large estate, and how much memory: `python benchmarks/reach.py`.

The estate is made: identities with trusts in each other, groups, workloads and their credentials, bindings of Google
Cloud; a thousand leaked keys, trusts in outsiders, a hundred administrators. Who may become whom in AWS takes as
long as it takes to judge policies, whatever is searched then, so there is none of it. The time is that from the
records to the answer: the edges, the paths, the cut, and the search without it.

Exit code 1 if it takes more than `--seconds` of CPU or more memory, with the records, than `--mebibytes`.
"""

from __future__ import annotations

import argparse
import gc
import random
import resource
import sys
import time
from collections.abc import Iterator
from itertools import chain

from keymuster import pipeline
from keymuster.analysis.reach.answer import answer
from keymuster.analysis.reach.graph import Basis
from keymuster.inventory.build import Inventory, build
from keymuster.model import (
    Credential,
    CredentialKind,
    FileLocation,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Observation,
    ServiceLocation,
    Storage,
    Trust,
    TrustKind,
    Use,
    UseKind,
)
from keymuster.settings import Settings

PLACE = ServiceLocation(service="idp", account="acme", resource="")


def identities(size: int) -> Iterator[Observation]:
    for number in range(size):
        kind = IdentityKind.GROUP if number % 25 == 0 else IdentityKind.SERVICE_ACCOUNT
        gcp = number % 5 == 1
        name = f"sa{number}@acme.iam.gserviceaccount.com"
        yield Identity(
            id=f"gcp:{name}" if gcp else f"idp:{number}", kind=IdentityKind.SERVICE_ACCOUNT if gcp else kind,
            provider="gcp" if gcp else "idp", name=name if gcp else f"identity {number}", location=PLACE,
            account="acme", aliases=(name,) if gcp else (),
        )  # fmt: skip


def links(
    ids: list[str], groups: list[str], accounts: list[str], size: int
) -> Iterator[Observation]:
    """So many records that each make an edge, half of them a trust of one identity in another."""
    pick = random.Random(7)
    for number in range(size):
        one, other = pick.choice(ids), pick.choice(ids)
        match number % 10:
            case 0 | 1:
                yield Grant(
                    id=f"in:{number}", identity=one, kind=GrantKind.ROLE_BINDING, provider="idp",
                    location=PLACE, via=pick.choice(groups),
                )  # fmt: skip
            case 2 | 3:
                yield Use(
                    id=f"use:{number}", subject=other, by=one, kind=UseKind.WORKLOAD, location=PLACE
                )
            case 4:
                yield Grant(
                    id=f"binding:{number}", identity=pick.choice(accounts), kind=GrantKind.ROLE_BINDING,
                    provider="gcp", location=PLACE, resources=(pick.choice(accounts),),
                    via="roles/iam.serviceAccountTokenCreator",
                )  # fmt: skip
            case _:
                yield Trust(
                    id=f"trust:{number}", identity=other, principal=one, kind=TrustKind.ASSUME,
                    provider="idp", location=PLACE,
                )  # fmt: skip


def ends(ids: list[str], size: int) -> Iterator[Observation]:
    """Leaked keys, and trusts in outsiders."""
    for number in range(size):
        place = FileLocation(path=f"app/{number}/config.env", line=3, end_line=3)
        yield Credential(
            id=f"secret:{number:032x}", kind=CredentialKind.ACCESS_KEY, name="key", location=place,
            fingerprint=f"{number:032x}", identity=ids[number * 31 % len(ids)], storage=Storage.TREE,
        )  # fmt: skip
        yield Trust(
            id=f"outside:{number}", identity=ids[number * 37 % len(ids)], principal=f"vendor {number % 40}",
            kind=TrustKind.FEDERATION, provider="idp", location=PLACE,
        )  # fmt: skip


def made(size: int, edges: int) -> Inventory:
    everyone = list(identities(size))
    ids = [one.id for one in everyone]
    groups = [
        one.id for one in everyone if isinstance(one, Identity) and one.kind is IdentityKind.GROUP
    ]
    accounts = [id for id in ids if id.startswith("gcp:")]
    few = max(size // 50, 5)
    found = build(chain(everyone, links(ids, groups, accounts, edges), ends(ids, few)))
    for number in range(few):
        found.facts[f"outside:{number}"] = {
            "audience": "vendor",
            "vendors": [f"vendor {number % 40}"],
        }
    for number in range(max(size // 500, 2)):
        found.facts.setdefault(ids[-1 - number * 3], {})["privilege"] = "admin"
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--identities", type=int, default=50_000)
    parser.add_argument("--edges", type=int, default=500_000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--mebibytes", type=float, default=1024)
    asked = parser.parse_args()
    gc.set_threshold(50_000, 50, 100)  # as `keymuster` has it
    rules = pipeline.load_rules()
    inventory = made(asked.identities, asked.edges)
    records = _peak()
    begin, wall = time.process_time(), time.monotonic()
    found = answer(Basis(inventory, Settings(), rules))
    seconds, elapsed = time.process_time() - begin, time.monotonic() - wall
    graph = found.graph
    sys.stdout.write(
        f"{asked.identities:,} identities, {len(inventory.records):,} records: {len(graph.ids):,} nodes, {len(graph.edges):,} edges\n"
        f"{len(found.starts):,} entry points, {len(found.goals):,} jewels: {len(found.paths):,} paths\n"
        f"cut: {len(found.cut.edges):,} edges, {'verified' if found.cut.is_verified else 'NOT verified'}\n"
        f"{seconds:.1f} s of CPU, {elapsed:.1f} s elapsed; peak {_peak():,.0f} MiB, of it records and rules {records:,.0f} MiB\n"
    )
    return 0 if seconds <= asked.seconds and _peak() <= asked.mebibytes else 1


def _peak() -> float:
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (1024 * 1024 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    sys.exit(main())
