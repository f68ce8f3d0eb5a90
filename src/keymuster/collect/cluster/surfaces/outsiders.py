"""Whom the API server talks to, and the client certificates that it signed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.cluster.objects import told
from keymuster.collect.cluster.scope import Scope

_HOOKS = {
    "list admissionregistration.k8s.io/mutatingwebhookconfigurations": "MutatingWebhookConfiguration",
    "list admissionregistration.k8s.io/validatingwebhookconfigurations": "ValidatingWebhookConfiguration",
}
_APIS = {"list apiregistration.k8s.io/apiservices": "APIService"}
_REQUESTS = {"list certificates.k8s.io/certificatesigningrequests": "CertificateSigningRequest"}


def _of(kinds: dict[str, str]) -> Callable[[Scope], Iterator[Told]]:
    def look(ask: Scope) -> Iterator[Told]:
        for call, kind in kinds.items():
            for one in ask.listed(call):
                yield told(ask, kind, one)

    return look


def _part(name: str, kinds: dict[str, str], *types: str) -> Surface:
    return Surface(name=name, calls=(*kinds,), types=(*kinds.values(), *types), look=_of(kinds))


SURFACES = (
    _part("admission-webhooks", _HOOKS, "AdmissionWebhook"),
    _part("api-services", _APIS, "AggregatedApi"),
    _part("client-certificates", _REQUESTS, "ClientCertificate"),
)
