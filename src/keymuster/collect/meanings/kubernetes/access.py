"""Service accounts, roles, bindings and secrets of Kubernetes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice, product
from typing import Any

from keymuster.collect.declared import Declared
from keymuster.collect.literals.names import is_open
from keymuster.collect.literals.search import lines
from keymuster.collect.literals.values import decoded, is_reference
from keymuster.collect.meanings import Meaning
from keymuster.collect.syntax.node import Node
from keymuster.model import (
    Credential,
    CredentialKind,
    CredentialStatus,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Observation,
    Resource,
    Use,
    UseKind,
)
from keymuster.model.kubernetes import CONTROLLERS, PROVIDER, by_issuer, called

DEFAULT = "default"
_OF_RELEASE = "${.Release.Namespace}"
_MOST_PAIRS = 500
"""Pairs of API group and resource that are told apart in one rule; people write a few dozen."""

_CLUSTER_WIDE = ("ClusterRole", "ClusterRoleBinding")

_ROLE_ARN = "eks.amazonaws.com/role-arn"
_GOOGLE_ACCOUNT = "iam.gke.io/gcp-service-account"
_AZURE_CLIENT = "azure.workload.identity/client-id"


def alias(kind: str, namespace: str, name: str, cluster: str = "") -> str:
    """What others call an object: `kubernetes:Role/prod/reader`, `kubernetes:ClusterRole/view`. In a cluster that
    was asked that is its id."""
    place = "" if kind in _CLUSTER_WIDE else f"{_home(namespace)}/"
    return called(f"{kind}/{place}{name}", cluster)


def namespace(one: Declared) -> str:
    return _home(one.text("metadata", "namespace"))


def _home(namespace: str) -> str:
    """Where an object is: in the templates of a chart, one that does not say it is where the chart is
    released, as one that does."""
    return DEFAULT if namespace in ("", _OF_RELEASE) else namespace


def name(one: Declared) -> str:
    return one.text("metadata", "name") or one.text("metadata", "generateName")


def _service_account(one: Declared) -> Iterator[Observation]:
    automount = one.text("automountServiceAccountToken")
    yield Identity(
        id=one.id,
        kind=IdentityKind.SERVICE_ACCOUNT,
        provider=PROVIDER,
        name=name(one),
        account=namespace(one),
        location=one.location,
        aliases=_names(one),
        created_at=created(one),
        tags=_tags(one) | ({_AUTOMOUNT: automount} if automount else {}),
    )
    for subject in _cloud_identities(one):
        yield Use(
            id=f"{one.id}#{subject}", subject=subject, by=one.id, kind=UseKind.WORKLOAD,
            location=one.location,
        )  # fmt: skip


ISSUER, CLUSTER, OF_NAMESPACE = "issuer", "cluster", "namespace"
"""What is told of an object in a cluster beside what it says itself: who issues tokens there, what the cluster is
called by whoever asks it, and the labels and annotations of the namespace."""


def _names(one: Declared) -> tuple[str, ...]:
    """Clouds know one that exists by the issuer of its cluster, a token of it by the number that the cluster gave it."""
    named = alias("ServiceAccount", namespace(one), name(one), one.account)
    if not one.account:
        return (named,)
    issuer, uid = one.text(ISSUER), one.text("metadata", "uid")
    others = (issuer and by_issuer(issuer, namespace(one), name(one)), uid and called(f"uid:{uid}"))
    return (named, *filter(None, others))


def created(one: Declared) -> datetime | None:
    """When it was made; only the cluster knows that."""
    found = one.time("metadata", "creationTimestamp") if one.account else None
    return found.astimezone(UTC) if found else None


_LONGEST_TAG = 256
_AUTOMOUNT, _FIRST_PARTY = "automount", "first_party"
_OURS = (_AUTOMOUNT, _FIRST_PARTY)
"""Tags that nobody gives by a label."""


def _tags(one: Declared) -> dict[str, str]:
    """Labels, and the annotations that are as short as those: people write owners into both, and into those of the
    namespace, for all that is in it."""
    around = one.get(OF_NAMESPACE) if one.account else None
    found = {
        **_map(around.get("annotations") if around else None),
        **_map(around.get("labels") if around else None),
        **_map(one.get("metadata", "annotations")),
        **_map(one.get("metadata", "labels")),
    }
    tags = {
        key: text for key, text in found.items() if len(text) <= _LONGEST_TAG and key not in _OURS
    }
    if one.account and one.text(CLUSTER):
        tags = {CLUSTER: one.text(CLUSTER), **tags}
    is_of_cluster = one.account and namespace(one) == "kube-system" and name(one) in CONTROLLERS
    return {**tags, _FIRST_PARTY: "yes"} if is_of_cluster else tags


def _map(node: Node | None) -> dict[str, str]:
    return {key: value.text() for key, value in node.entries()} if node else {}


def _cloud_identities(one: Declared) -> Iterator[str]:
    """The identities of clouds that the pods of a service account act as."""
    annotations = one.get("metadata", "annotations")
    for key, node in annotations.entries() if annotations else ():
        value = node.text()
        if not value:
            continue
        if key == _ROLE_ARN:
            by_name = ":role/" in value and not one.account  # what exists is known by its whole ARN
            yield f"aws:role/{value.rpartition('/')[2]}" if by_name else value
        elif key == _GOOGLE_ACCOUNT:
            yield f"gcp:{value}"
        elif key == _AZURE_CLIENT:
            yield f"azure:{value}"


def _role(one: Declared) -> Iterator[Observation]:
    yield Resource(
        id=one.id,
        type=f"{one.type}Holder",
        name=name(one),
        location=one.location,
        aliases=(alias(one.type, namespace(one), name(one), one.account),),
        settings={"labels": _map(one.get("metadata", "labels")), "aggregates": _gathers(one)},
    )
    rules = one.get("rules")
    for number, rule in enumerate(rules.items() if rules else ()):
        verbs, resources = _texts(rule, "verbs"), tuple(_resources(rule))
        if not verbs or not resources:
            continue
        conditions: dict[str, Any] = {}
        if names := _texts(rule, "resourceNames"):
            conditions["resourceNames"] = list(names)
        if one.type == "Role":
            conditions["namespace"] = namespace(one)
        yield Grant(
            id=f"{one.id}#{number}",
            identity=one.id,
            kind=GrantKind.POLICY,
            provider=PROVIDER,
            actions=verbs,
            resources=resources,
            conditions=conditions,
            location=rule.location(),
        )


def _gathers(one: Declared) -> list[dict[str, str]]:
    """The labels of roles whose rules this one gathers; each map is asked for by itself. A cluster writes the rules
    that it gathered into the role."""
    if one.account:
        return []
    selectors = one.get("aggregationRule", "clusterRoleSelectors")
    asked = [_map(each.get("matchLabels")) for each in (selectors.items() if selectors else ())]
    return [labels for labels in asked if labels]


def _resources(rule: Node) -> Iterator[str]:
    """`apps/deployments`, `/pods/exec` for the core group, `url:/healthz` for what is no resource."""
    groups, resources = _texts(rule, "apiGroups") or ("",), _texts(rule, "resources")
    for group, resource in islice(product(groups, resources), _MOST_PAIRS):
        yield f"{group}/{resource}"
    for url in _texts(rule, "nonResourceURLs"):
        yield f"url:{url}"


def _texts(node: Node, key: str) -> tuple[str, ...]:
    """The texts of a list; the core group is the empty one."""
    found = node.get(key)
    if found is None:
        return ()
    return tuple(item.value for item in found.items() if isinstance(item.value, str))


def _binding(one: Declared) -> Iterator[Observation]:
    role = one.text("roleRef", "name")
    if not role:
        return
    kind = one.text("roleRef", "kind") or "ClusterRole"
    via = alias(kind, namespace(one), role, one.account)
    conditions = {} if one.type == "ClusterRoleBinding" else {"namespace": namespace(one)}
    subjects = one.get("subjects")
    for number, subject in enumerate(subjects.items() if subjects else ()):
        if holder := _subject(one, subject):
            yield Grant(
                id=f"{one.id}#{number}",
                identity=holder,
                kind=GrantKind.ROLE_BINDING,
                provider=PROVIDER,
                via=via,
                conditions=conditions,
                granted_at=created(one),
                location=one.location,
            )


_ACCOUNT = "system:serviceaccount:"


def _subject(one: Declared, subject: Node) -> str:
    """A service account by its alias, whether as an account or as the user that it is; a user or group by its name,
    which in a cluster is one of this cluster."""
    who = subject.text("name")
    if who and subject.text("kind") == "ServiceAccount":
        home = subject.text("namespace") or namespace(one)
        return alias("ServiceAccount", home, who, one.account)
    is_group = subject.text("kind") == "Group"
    if who.startswith(_ACCOUNT) and one.account and not is_group:
        home, _, account = who.removeprefix(_ACCOUNT).partition(":")
        return alias("ServiceAccount", home, account, one.account)
    if one.account and who.partition("/")[0] in _NAMED_BY_KIND:
        who = f"{subject.text('kind')}/{who}"
    return called(who, one.account) if who and one.account else who


_NAMED_BY_KIND = frozenset(("ServiceAccount", "Role", "ClusterRole", "User", "Group"))
"""Whoever gives names to users may give them that of an account, which they are not."""


def _secret(one: Declared) -> Iterator[Observation]:
    if one.text("type") == "kubernetes.io/service-account-token":
        yield _token(one)
        return
    for section, is_base64 in (("data", True), ("stringData", False)):
        values = one.get(section)
        for key, node in values.entries() if values else ():
            if is_open(key):
                continue
            text = node.text()
            value = decoded(text) if is_base64 and not is_reference(text) else text
            found = one.sealing.credential(
                node, key, value, declared_as="kubernetes-secret", holder=True
            )
            yield from filter(None, (found,))


SERVICE_ACCOUNT = "kubernetes.io/service-account.name"
MADE_BY_ITSELF, TRACKED_SINCE = "made_by_itself", "tracked_since"
"""What is told of a token in a cluster beside its metadata: that the cluster made it for each account, as those
before 1.24 did, and since when the cluster notes which are used."""

_LAST_USED = "kubernetes.io/legacy-token-last-used"
_INVALID_SINCE = "kubernetes.io/legacy-token-invalid-since"


def _token(one: Declared) -> Credential:
    """The token that the cluster makes for a service account, and that has no end."""
    annotations = one.get("metadata", "annotations")
    account = annotations.get(SERVICE_ACCOUNT) if annotations else None
    labels = _map(one.get("metadata", "labels")) if one.account else {}
    used = _day(labels.get(_LAST_USED, ""))
    tags = {"declared_as": "service-account-token"}
    if one.text(MADE_BY_ITSELF) == "true":
        tags["made_by_itself"] = "true"
    return Credential(
        id=one.id,
        kind=CredentialKind.SERVICE_TOKEN,
        name=name(one),
        identity=alias("ServiceAccount", namespace(one), account.text(), one.account) if account else None,
        storage=one.storage,
        location=one.location,
        status=CredentialStatus.DISABLED if labels.get(_INVALID_SINCE) else CredentialStatus.UNKNOWN,
        created_at=created(one),
        last_used_at=used,
        never_used=_never_used(one) if used is None else False,
        tags=tags,
    )  # fmt: skip


def _never_used(one: Declared) -> bool | None:
    """Whether nobody has used it since it was made. Use before the cluster began to note it is not known."""
    since, made = one.time(TRACKED_SINCE), created(one)
    return True if since is not None and made is not None and made >= since else None


def _day(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
    except ValueError:
        return None


def config_map(one: Declared) -> Iterator[Observation]:
    values = one.get("data")
    for key, node in values.entries() if values else ():
        value = node.text()
        for setting, text in [(key, value), *lines(value)]:
            found = one.sealing.credential(node, setting, text, declared_as="configmap")
            if found is not None and "\n" not in text:
                yield found


TYPES: dict[str, Meaning] = {
    "ServiceAccount": _service_account,
    "Role": _role,
    "ClusterRole": _role,
    "RoleBinding": _binding,
    "ClusterRoleBinding": _binding,
    "Secret": _secret,
    "ConfigMap": config_map,
}
