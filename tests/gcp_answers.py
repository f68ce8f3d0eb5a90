"""Google Cloud as its discovery documents describe it: every call is answered with all that its answer may
hold, in two pages where it may have several, and what is read of an answer is noted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import count
from typing import Any

import discovery
from keymuster.collect.asking.rest import Answer, Asking, Follow, Rest
from keymuster.collect.asking.surface import Told
from keymuster.collect.gcp.access import Access
from keymuster.collect.gcp.assets import AssetPolicy, Assets
from keymuster.collect.gcp.methods import METHODS
from keymuster.collect.gcp.objects import told
from keymuster.collect.gcp.places import Place
from keymuster.collect.gcp.scope import Scope
from keymuster.collect.gcp.surface import Level, Surface

SCHEMAS = {
    "iam.googleapis.com/ServiceAccount": ("iam.v1", "ServiceAccount"),
    "iam.googleapis.com/ServiceAccountKey": ("iam.v1", "ServiceAccountKey"),
    "iam.googleapis.com/Role": ("iam.v1", "Role"),
    "iam.googleapis.com/WorkloadIdentityPool": ("iam.v1", "WorkloadIdentityPool"),
    "iam.googleapis.com/WorkloadIdentityPoolProvider": ("iam.v1", "WorkloadIdentityPoolProvider"),
    "apikeys.googleapis.com/Key": ("apikeys.v2", "V2Key"),
    "orgpolicy.googleapis.com/Policy": ("orgpolicy.v2", "GoogleCloudOrgpolicyV2Policy"),
    "storage.googleapis.com/Bucket": ("storage.v1", "Bucket"),
    "secretmanager.googleapis.com/Secret": ("secretmanager.v1", "Secret"),
    "container.googleapis.com/Cluster": ("container.v1", "Cluster"),
    "compute.googleapis.com/Instance": ("compute.v1", "Instance"),
    "compute.googleapis.com/InstanceTemplate": ("compute.v1", "InstanceTemplate"),
    "compute.googleapis.com/Project": ("compute.v1", "Project"),
    "run.googleapis.com/Service": ("run.v1", "Service"),
    "run.googleapis.com/Job": ("run.v1", "Job"),
    "cloudfunctions.googleapis.com/Function": ("cloudfunctions.v2", "Function"),
    "cloudfunctions.googleapis.com/CloudFunction": ("cloudfunctions.v1", "CloudFunction"),
    "sqladmin.googleapis.com/Instance": ("sqladmin.v1", "DatabaseInstance"),
    "serviceusage.googleapis.com/Service": ("serviceusage.v1", "GoogleApiServiceusageV1Service"),
    "cloudkms.googleapis.com/CryptoKey": ("cloudkms.v1", "CryptoKey"),
    "bigquery.googleapis.com/Dataset": ("bigquery.v2", "Dataset"),
    "redis.googleapis.com/Instance": ("redis.v1", "Instance"),
    "appengine.googleapis.com/Version": ("appengine.v1", "Version"),
    "composer.googleapis.com/Environment": ("composer.v1", "Environment"),
    "dataproc.googleapis.com/Cluster": ("dataproc.v1", "Cluster"),
    "notebooks.googleapis.com/Instance": ("notebooks.v2", "Instance"),
    "pubsub.googleapis.com/Subscription": ("pubsub.v1", "Subscription"),
    "workflows.googleapis.com/Workflow": ("workflows.v1", "Workflow"),
    "eventarc.googleapis.com/Trigger": ("eventarc.v1", "Trigger"),
    "datafusion.googleapis.com/Instance": ("datafusion.v1", "Instance"),
}
"""What the Cloud Asset Inventory has of a type, as its own API describes it."""

GIVEN: dict[str, dict[str, Any]] = {
    "GoogleApiServiceusageV1Service": {
        "name": "projects/4711/services/aiplatform.googleapis.com", "state": "ENABLED",
    },
    "ServiceAccountKey": {"keyType": "USER_MANAGED"},
    "LogEntry": {
        "protoPayload": {
            "authenticationInfo": {
                "principalEmail": "a1@acme-prod.iam.gserviceaccount.com",
                "serviceAccountDelegationInfo": [{"firstPartyPrincipal": {"principalEmail": "p@acme.example"}}],
            }
        }
    },
}  # fmt: skip
"""What of an answer must be so that there is more to ask."""

_GLOBAL = "projects/4711/locations/global"
_WORKFORCE = "locations/global/workforcePools/p1"
NAMES = {
    "ServiceAccountKey": "projects/4711/serviceAccounts/a1@acme-prod.iam.gserviceaccount.com/keys/{}",
    "Role": "projects/4711/roles/{}",
    "WorkloadIdentityPool": f"{_GLOBAL}/workloadIdentityPools/{{}}",
    "WorkloadIdentityPoolProvider": f"{_GLOBAL}/workloadIdentityPools/p1/providers/{{}}",
    "WorkforcePool": "locations/global/workforcePools/{}",
    "WorkforcePoolProvider": f"{_WORKFORCE}/providers/{{}}",
    "WorkforcePoolProviderScimTenant": f"{_WORKFORCE}/providers/x/scimTenants/{{}}",
    "WorkforcePoolProviderScimToken": f"{_WORKFORCE}/providers/x/scimTenants/y/tokens/{{}}",
    "OauthClient": f"{_GLOBAL}/oauthClients/{{}}",
    "OauthClientCredential": f"{_GLOBAL}/oauthClients/c1/credentials/{{}}",
    "GoogleIamV2Policy": "policies/cloudresourcemanager.googleapis.com%2Fprojects%2F1/denypolicies/{}",
    "Secret": "projects/4711/secrets/{}",
    "Function": "projects/acme-prod/locations/europe-west1/functions/{}",
    "CryptoKey": f"{_GLOBAL}/keyRings/r/cryptoKeys/{{}}",
}
"""What things of a schema are called."""

_DEEPEST = 9


class Answers:
    """What one surface was told, and what it made of that. `round` says which of several values things
    have."""

    def __init__(self, round: int) -> None:
        self.round = round
        self.called: set[str] = set()
        self.unknown: set[str] = set()
        self.tokens: Counter[str] = Counter()
        self._numbers = count(1)

    def whole(self, document: str, name: str) -> Any:
        """Something of a schema, with all that it may have."""
        return self._value(document, {"$ref": name}, name, ())

    def of(self, call: str, params: dict[str, Any], body: Any) -> Any:
        self.called.add(call)
        described = discovery.methods(METHODS[call].document)[call]
        if strange := set(params) - described.query:
            self.unknown.add(f"{call} has no parameter {sorted(strange)}")
        if body is not None:
            request = described.method["request"]
            self.unknown.update(discovery.wrong(described.document, request, body))
        answer = self._value(described.document, described.response, call, ())
        token = METHODS[call].token
        word = token[1] if token else ""
        first = not (params.get(word) or (body or {}).get(word))
        if "nextPageToken" in answer and word == "pageToken":
            answer["nextPageToken"] = self._next(call) if first else ""
        elif word == "continue":
            answer["metadata"]["continue"] = self._next(call) if first else ""
        if not first:
            self.tokens[call] -= 1
        for word in ("unreachable", "unreachables", "missingZones"):
            if word in answer:
                answer[word] = []
        return answer

    def _next(self, call: str) -> str:
        self.tokens[call] += 1
        return f"page-{next(self._numbers)}"

    def cut_short(self) -> set[str]:
        """The calls of which only the first page was read."""
        return {call for call, left in self.tokens.items() if left > 0}

    def _value(self, document: str, of: dict[str, Any], name: str, within: tuple[str, ...]) -> Any:
        said = discovery.schema(document, of)
        id = said.get("id", "")
        match said.get("type", "any"):
            case "array":
                return [
                    self._value(document, said["items"], name, within)
                    for _ in range(1 if within else 2)
                ]
            case "object" if said.get("properties"):
                if (id and id in within) or len(within) > _DEEPEST:
                    return {}
                inside = (*within, id or name)
                found = {
                    key: self._value(document, one, key, inside)
                    for key, one in said["properties"].items()
                }
                if id in NAMES:
                    found["name"] = NAMES[id].format(f"n{next(self._numbers)}")
                found |= GIVEN.get(id, {})
                return Noting(found, f"{document}: {id or name}", self)
            case "object":
                more = said.get("additionalProperties")
                inner = discovery.schema(document, more) if more else {}
                if not more or inner.get("type", "any") == "any":
                    return {}
                return {
                    f"key-{next(self._numbers)}": self._value(document, more, name, (*within, name))
                }
            case "boolean":
                return self.round % 2 == 0
            case "integer":
                return 1
            case "number":
                return 1.0
            case "any":
                return {}
            case _:
                return self._text(said, name)

    def _text(self, said: dict[str, Any], name: str) -> str:
        if chosen := said.get("enum"):
            return str(chosen[self.round % len(chosen)])
        number = next(self._numbers)
        if said.get("format") == "google-datetime" or name.endswith(
            ("Time", "Timestamp", "timestamp")
        ):
            return "2025-01-01T00:00:00Z"
        if name == "email":
            return f"a{number}@acme-prod.iam.gserviceaccount.com"
        return f"{name}-{number}"


class Noting(dict[str, Any]):
    """An answer that notes who asks it for what its schema has not."""

    def __init__(self, values: dict[str, Any], called: str, answers: Answers) -> None:
        super().__init__(values)
        self._known = frozenset(values)
        self._called = called
        self._answers = answers

    def _note(self, key: object) -> None:
        if key not in self._known:
            self._answers.unknown.add(f"{self._called} has no {key}")

    def __getitem__(self, key: str) -> Any:
        self._note(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._note(key)
        return super().get(key, default)


class _Rest(Rest):
    """An API that answers by its document."""

    def __init__(self, host: str, answers: Answers) -> None:
        self._host = host
        self._answers = answers

    def ask(self, asking: Asking) -> Answer:
        own = [(id, one.document) for id, one in METHODS.items() if one.host == self._host]
        calls = {name: tuple(id for id, of in own if of == name) for _, name in own}
        known = discovery.found(calls, asking.method, "/" + asking.url)
        assert known is not None, f"no method has this path: {asking.method} {asking.url}"
        return Answer(self._answers.of(known[0].id, dict(asking.params), asking.body), {})

    def pages(self, asking: Asking, follow: Follow) -> Iterator[Any]:
        next: Asking | None = asking
        while next is not None:
            answer = self.ask(next)
            yield answer.body
            next = follow(next, answer)


class Modelled(Access):
    def __init__(self, answers: Answers) -> None:
        super().__init__(None)
        self._answers = answers

    def rest(self, service: str, region: str = "") -> Rest:
        return _Rest(service, self._answers)


def place(level: Level) -> Place:
    account = {
        "organization": "organizations/1001",
        "folder": "folders/21",
        "project": "acme-prod",
    }[level]
    number = "projects/4711" if level == "project" else account
    return Place(
        level=level, account=account, number=number, parent="", is_active=True,
        told=told(f"google_{level}", f"gcp:{account}", {}, account=account),
    )  # fmt: skip


def looked(
    surface: Surface, answers: Answers, level: Level, *, inventory: bool, types: bool = True
) -> tuple[list[Told], Scope]:
    """What a surface tells of such a place: with the Cloud Asset Inventory, or without; it
    may know no more than policies, and none of the `types`."""
    where = place(level)
    assets = Assets([where])
    if inventory:
        for type in surface.assets if types else ():
            for _ in range(1 if type.endswith("/Project") else 2):
                data = answers.whole(*SCHEMAS[type])
                assets.add(
                    {"assetType": type, "ancestors": [where.number], "resource": {"data": data}}
                )
        assets.seen(where, surface.assets if types else ())
        assets.seen_policies(where)
        for name, type in (
            (
                "//cloudresourcemanager.googleapis.com/x",
                f"cloudresourcemanager.googleapis.com/{level.capitalize()}",
            ),
            ("//pubsub.googleapis.com/projects/acme-prod/topics/t", "pubsub.googleapis.com/Topic"),
            ("//new.googleapis.com/projects/acme-prod/x/y", "new.googleapis.com/Thing"),
            (
                "//iam.googleapis.com/projects/acme-prod/serviceAccounts/7",
                "iam.googleapis.com/ServiceAccount",
            ),
        ):
            policy = {"bindings": [{"role": "roles/viewer", "members": ["allUsers"]}]}
            one = AssetPolicy(name, type, policy)
            assets.add(
                {
                    "name": name,
                    "assetType": type,
                    "ancestors": [where.number],
                    "iamPolicy": one.policy,
                }
            )
    scope = Scope(Modelled(answers), where, surface, assets)
    return list(surface.look(scope)), scope
