"""From what runs to what it is given: a workload to its identity, a job or a server to its credentials, an agent
to its servers."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.analysis.reach.graph import Basis, Edge, Kind, Node
from keymuster.inventory.facts import UNKNOWN
from keymuster.model import Credential, Identity, IdentityKind, Observation, Use, UseKind
from keymuster.model.kubernetes import issuer_of
from keymuster.model.unknown import is_unknown

RUNS_AS = Kind("runs-as", "{start} runs as {to}", "Let {start} run as an identity that may do less")
SIGNS_IN = Kind("signs-in", "{start} signs in as {to}", "Take {start} out of the trust of {to}")
HAS = Kind("is-given", "{start} is given {to}", "Do not give {to} to {start}")
CALLS = Kind("calls", "{start} calls the tools of {to}", "Take {to} from {start}")


def edges(basis: Basis) -> Iterator[Node | Edge]:
    """What the platform does with an identity (`UseKind.OTHER`), whoever gets into a workload has not; what is between
    the two, such as the profile of an instance, is passed."""
    records = basis.inventory.records
    for use in basis.of(Use):
        if not use.subject or not use.by:
            continue
        subject = records.get(use.subject)
        if subject is None and is_unknown(use.subject):
            continue
        if use.kind is not UseKind.OTHER or not isinstance(subject, Identity):
            yield from _of(use, subject, basis)


def _of(use: Use, subject: Observation | None, basis: Basis) -> Iterator[Edge]:
    if isinstance(subject, Credential):
        yield Edge(use.by, use.subject, HAS, (use.id,))
    elif isinstance(subject, Identity) and subject.kind is IdentityKind.MCP_SERVER:
        off = subject.status == "disabled"
        yield Edge(
            use.by, use.subject, CALLS, (use.id,), "the server is switched off" if off else ""
        )
    elif use.kind is UseKind.WORKFLOW:
        yield from _login(use, basis)
    elif isinstance(subject, Identity) or use.kind is not UseKind.PERSON:
        yield Edge(use.by, use.subject, RUNS_AS, (use.id,), _doubt(use, subject, basis))


def _login(use: Use, basis: Basis) -> Iterator[Edge]:
    """A job that signs in to an identity: the trusts of that decide."""
    told = basis.told(use.id).get("login", UNKNOWN)
    if told == "refused":
        return
    trusts = tuple(one.id for one in basis.inventory.trusts(use.subject))
    doubt = "" if told == "accepted" else "whether its trusts accept what the job says is not known"
    yield Edge(use.by, use.subject, SIGNS_IN, (use.id, *trusts[:_MOST_TRUSTS]), doubt)


_MOST_TRUSTS = 3


def _doubt(use: Use, subject: object, basis: Basis) -> str:
    """An account of Kubernetes names the account of a cloud that its pods act as; whether that lets them,
    it says itself."""
    by = basis.inventory.records.get(use.by)
    if not (isinstance(by, Identity) and by.provider == "kubernetes"):
        return ""
    if not isinstance(subject, Identity):
        return "nobody has seen the identity"
    name = by.aliases[0].partition("/")[2] if by.aliases else ""
    space, _, account = name.partition("/")
    wanted = (f"[{space}/{account}]", f"system:serviceaccount:{space}:{account}")
    issuer = next((found for alias in by.aliases if (found := issuer_of(alias)[0])), "")
    for trust in basis.inventory.trusts(subject.id):
        said = f"{trust.principal} {trust.conditions}"
        trusted = trust.principal.partition(":oidc-provider/")[2]
        is_of_another = bool(issuer and trusted and trusted != issuer)
        if any(one in said for one in wanted) and not is_of_another:
            return ""
    return f"no trust was seen that names {space}/{account}"
