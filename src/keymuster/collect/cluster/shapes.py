"""What is looked at of the objects of a cluster. All else is let go as soon as it comes."""

from __future__ import annotations

from typing import Any

from keymuster.collect.asking.shape import Shape, fields

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_LONGEST = 4096


def _annotations(value: Any) -> Any:
    """Those that people write. One of them is the whole object again, as somebody sent it once."""
    if not isinstance(value, dict):
        return value
    return {
        key: text
        for key, text in value.items()
        if key != _LAST_APPLIED and isinstance(text, str) and len(text) <= _LONGEST
    }


_METADATA = fields(
    "name", "namespace", "uid", "creationTimestamp", "labels", annotations=_annotations,
    ownerReferences=fields("kind", "name", "controller"),
)  # fmt: skip

_CONTAINER = fields("name", "image", "command", "args", "env", "envFrom")

_POD = fields(
    "serviceAccountName", "serviceAccount", "automountServiceAccountToken",
    containers=_CONTAINER, initContainers=_CONTAINER, ephemeralContainers=_CONTAINER,
    volumes=fields("name", "hostPath", projected=fields(sources=fields("serviceAccountToken"))),
)  # fmt: skip


def _object(**more: Shape) -> Shape:
    return fields(metadata=_METADATA, **more)


_PLAIN = _object()
_TEMPLATED = _object(spec=fields(template=fields(spec=_POD)))
_JOBS = _object(spec=fields(jobTemplate=fields(spec=fields(template=fields(spec=_POD)))))
_ROLE = _object(rules=None)
_BINDING = _object(roleRef=None, subjects=None)
_WEBHOOKS = _object(
    webhooks=fields("name", "failurePolicy", "rules", clientConfig=fields("url", service=fields("name", "namespace")))
)  # fmt: skip

SHAPES: dict[str, Shape] = {
    "namespaces": _PLAIN,
    "serviceaccounts": _object(automountServiceAccountToken=None),
    "secrets": _PLAIN,
    "configmaps": _object(data=None),
    "roles": _ROLE,
    "clusterroles": _ROLE,
    "rolebindings": _BINDING,
    "clusterrolebindings": _BINDING,
    "pods": _object(spec=_POD),
    **dict.fromkeys(
        ("deployments", "statefulsets", "daemonsets", "replicasets", "replicationcontrollers", "jobs",
         "rollouts", "deploymentconfigs", "services", "configurations"),
        _TEMPLATED,
    ),
    "cronjobs": _JOBS,
    "mutatingwebhookconfigurations": _WEBHOOKS,
    "validatingwebhookconfigurations": _WEBHOOKS,
    "apiservices": _object(
        spec=fields("group", "version", "insecureSkipTLSVerify", service=fields("name", "namespace"))
    ),
    "certificatesigningrequests": _object(
        spec=fields("signerName", "username", "groups", "expirationSeconds", "usages"),
        status=fields("certificate", conditions=fields("type")),
    ),
}  # fmt: skip
"""What is looked at of one object, by the resource that it is of."""

METADATA_ONLY = ("namespaces", "secrets")
"""Of these the cluster is asked for no more than metadata: no value of a secret ever comes here."""
