"""What looks at a tenant of Microsoft Entra cost: the first one, and those after it of an estate, which ask only for what
has changed. A stand-in for Microsoft Graph (that of the tests) answers in a process of its own, after a delay.

    python benchmarks/entra.py [--principals 20000] [--delay 0.05] [--changed 0.01]
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import entra_server
import entra_tenant as made
from entra_server import Tenant

START = datetime(2026, 1, 1, tzinfo=UTC)
CLAIMS = {"tid": made.TENANT, "appid": made.DEPLOYER, "oid": made.DEPLOYER_SP, "idtyp": "app"}
_BEGUN, _ENDS = "2025-01-01T00:00:00Z", "2026-06-01T00:00:00Z"


def tenant(principals: int) -> Tenant:
    """A quarter are applications of the tenant itself, which people own and which have secrets, a tenth of them
    certificates or federated credentials; a tenth are managed identities. Half have a role of an API, and half
    somebody's consent."""
    rng = random.Random(1)
    found = made.seeded()
    graph = found.graph
    people = [made.guid(0x100000 + n) for n in range(principals // 8)]
    graph["users"] += [made.user(id, f"u{n}") for n, id in enumerate(people)]
    graph["reports/authenticationMethods/userRegistrationDetails"] += [
        {"id": id, "isMfaRegistered": True} for id in people
    ]
    roles = next(one for one in graph["servicePrincipals"] if one["id"] == made.GRAPH)
    for n in range(principals):
        id, sp, app = (made.guid(base + n) for base in (0x1000000, 0x2000000, 0x3000000))
        own, managed = n % 4 == 0, n % 10 == 1
        owners = [made.who("user", rng.choice(people), "somebody")] if own else []
        if own:
            secret = made.password(made.guid(0x4000000 + n), "job", _BEGUN, _ENDS)
            key = made.certificate(made.guid(0x5000000 + n), "Verify", _ENDS, "MIIB")
            branch = made.federated(f"f-{n}", "ci", f"repo:acme/r{n}:ref:refs/heads/main")
            graph["applications"].append(
                made.application(
                    app, id, f"app-{n}", owners=owners, passwordCredentials=[secret],
                    keyCredentials=[key] if n % 40 == 0 else [],
                    federatedIdentityCredentials=[branch] if n % 40 == 4 else [],
                )
            )  # fmt: skip
        graph["servicePrincipals"].append(
            made.principal(
                sp, id, f"sp-{n}", owners=owners,
                servicePrincipalType="ManagedIdentity" if managed else "Application",
                appOwnerOrganizationId=made.TENANT if own else made.STRANGERS,
            )
        )  # fmt: skip
        if n % 2:
            assigned = made.assigned(f"r{n}", sp, f"sp-{n}", made.MAIL_READ)
            roles["appRoleAssignedTo"].append(assigned)
            graph["oauth2PermissionGrants"].append({
                "id": f"g{n}", "clientId": sp, "consentType": "Principal", "principalId": rng.choice(people),
                "resourceId": made.GRAPH, "scope": "User.Read Mail.Read",
            })  # fmt: skip
    return found


def change(found: Tenant, share: float) -> None:
    rng = random.Random(2)
    for name in ("applications", "servicePrincipals"):
        rows = found.graph[name]
        for one in rng.sample(rows, int(len(rows) * share)):
            one["displayName"] += "-renamed"
    grants = found.graph["oauth2PermissionGrants"]
    for one in rng.sample(grants, int(len(grants) * share)):
        one["scope"] += " Files.Read"


def serve(pipe: Any, principals: int, delay: float) -> None:
    with entra_server.serving(tenant(principals)) as found:
        found.delay_seconds = delay
        found.indexed = {
            name: {one["id"]: one for one in rows}
            for name, rows in found.graph.items()
            if isinstance(rows, list)
        }
        pipe.send(found.url)
        while (asked := pipe.recv()) is not None:
            if isinstance(asked, float):
                change(found, asked)
            pipe.send((found.sent, Counter(map(_kind, found.asked)).most_common(12)))
            found.sent = 0
            found.asked.clear()
            found.queries.clear()


def _kind(asked: str) -> str:
    return "/".join("{id}" if one.count("-") == 4 else one for one in asked.split("/"))


def look(pipe: Any, url: str, memory: str, hours: int) -> None:
    """In a process of its own: what it says are seconds by the clock and of the processor, and MiB at most."""
    from keymuster import pipeline, registry
    from keymuster.collect.base import Context, Selection
    from keymuster.collect.entra import access

    def signed_in(asked: Any, stop: Any, answers: Any = None) -> Any:
        return entra_server.access(Tenant(url=url), CLAIMS, answers=answers)

    access.signed_in = signed_in
    context = Context(selection=Selection(root="/"), rules=pipeline.load_rules(), memory=memory)
    context = pipeline.knowing(context, "services", START + timedelta(hours=hours))
    begun, before = time.perf_counter(), time.process_time()
    records = sum(1 for _ in registry.part("service", "entra")(context, {}).collect())
    wall, cpu = time.perf_counter() - begun, time.process_time() - before
    pipe.send((records, wall, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def looks(url: str, control: Any, share: float, folder: str) -> Iterator[tuple[Any, ...]]:
    for name, memory, hours, changed in (
        ("nothing kept", "", 0, 0.0),
        ("first", folder, 0, 0.0),
        ("second, nothing changed", folder, 1, 0.0),
        ("settled", folder, 2, 0.0),
        (f"after {share:.0%} changed", folder, 3, share),
        ("after that", folder, 4, 0.0),
    ):
        control.send(changed)
        control.recv()
        ours, theirs = multiprocessing.Pipe()
        process = multiprocessing.get_context("spawn").Process(
            target=look, args=(theirs, url, memory, hours)
        )
        process.start()
        theirs.close()  # so that one that dies is not waited for
        said = ours.recv()
        process.join()
        control.send("")
        sent, kinds = control.recv()
        yield name, sent, *said, kinds


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--principals", type=int, default=20_000)
    options.add_argument("--delay", type=float, default=0.05)
    options.add_argument("--changed", type=float, default=0.01)
    options.add_argument("--calls", action="store_true", help="which calls they were")
    chosen = options.parse_args()
    control, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(
        target=serve, args=(theirs, chosen.principals, chosen.delay), daemon=True
    )
    server.start()
    url = control.recv()
    print("| look | round trips | records | wall s | CPU s | MiB |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, sent, records, wall, cpu, peak, kinds in looks(
            url, control, chosen.changed, folder
        ):
            print(f"| {name} | {sent} | {records} | {wall:.1f} | {cpu:.1f} | {peak:.0f} |", flush=True)  # fmt: skip
            if chosen.calls:
                print(*(f"    {count} {kind}" for kind, count in kinds), sep="\n")
        kept = sum(one.stat().st_size for one in Path(folder).iterdir())
        print(f"\nkept: {kept / 2**20:.1f} MiB")
    control.send(None)
    server.join()


if __name__ == "__main__":
    main()
