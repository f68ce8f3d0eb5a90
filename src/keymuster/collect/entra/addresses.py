"""Where requests of Microsoft Graph go, and with which options: what the builders of requests of its SDK
say. Those are imported one by one, as calls need them; its models, which take seconds, never are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from kiota_abstractions.base_request_builder import BaseRequestBuilder

_CAST = "a cast to agents, for which the SDK has models and no requests"
_BETA = "of the beta version, while the SDK is of version 1.0"

NOT_IN_SDK = {
    "GET /v1.0/applications/microsoft.graph.agentIdentityBlueprint": _CAST,
    "GET /v1.0/applications/{id}/microsoft.graph.agentIdentityBlueprint/sponsors": _CAST,
    "GET /v1.0/applications/{id}/microsoft.graph.agentIdentityBlueprint/inheritablePermissions": _CAST,
    "GET /v1.0/servicePrincipals/microsoft.graph.agentIdentity": _CAST,
    "GET /v1.0/servicePrincipals/{id}/microsoft.graph.agentIdentity/sponsors": _CAST,
    "GET /v1.0/servicePrincipals/microsoft.graph.agentIdentityBlueprintPrincipal": _CAST,
    "GET /v1.0/servicePrincipals/{id}/microsoft.graph.agentIdentityBlueprintPrincipal/sponsors": _CAST,
    "GET /v1.0/users/microsoft.graph.agentUser": _CAST,
    "POST /v1.0/security/runHuntingQuery": "called microsoft.graph.security.runHuntingQuery in the SDK",
    "GET /beta/applications/{id}/federatedIdentityCredentials": _BETA,
    "GET /beta/identity/conditionalAccess/policies": _BETA,
    "GET /beta/identityProtection/riskyAgents": _BETA,
    "GET /beta/reports/servicePrincipalSignInActivities": _BETA,
    "GET /beta/reports/appCredentialSignInActivities": _BETA,
}
"""Calls that are written out here, and why."""


def address(call: str, **options: Any) -> str:
    """Path and query of a call, from the version of Graph on: `v1.0/users/{id}/sponsors?$select=id`. What is
    `select` here is `$select` there; empty options are left out. The id is for `about` to fill in, as the
    SDK takes far longer to write an address than we do."""
    method, _, path = call.partition(" /")
    given = {name: one for name, one in options.items() if one}
    if call in NOT_IN_SDK:
        return _written_out(path, given)
    version, _, path = path.partition("/")
    return _url(_builder(path, version), method, given)


def about(address: str, id: str) -> str:
    """The address of what is asked about one object."""
    return address.replace("{id}", quote(id, safe=""))


def picking(address: str, filter: str) -> str:
    """The address of a list of what fits a filter."""
    return address.replace(_FILTER_SENT, quote(filter, safe=""))


FILTER = "{filter}"
"""Stands for one of many filters, as `{id}` does for one of many ids."""

_FILTER_SENT = quote(FILTER)


def _written_out(path: str, options: Mapping[str, Any]) -> str:
    query = {
        f"${name}": ",".join(one) if isinstance(one, list | tuple) else one
        for name, one in options.items()
    }
    return path + ("?" + urlencode(query, quote_via=quote, safe="$,()='") if query else "")


def _builder(path: str, version: str) -> BaseRequestBuilder:
    """The SDK's builder for a path. It is asked for step by step, as users of the SDK do."""
    first, *steps = path.split("/")
    name = _snake(first)
    module = import_module(f"msgraph.generated.{name}.{name}_request_builder")
    made = getattr(module, f"{first[0].upper()}{first[1:]}RequestBuilder")
    builder: Any = made(_SENDS_NOTHING, {"baseurl": version})
    for step in steps:
        if step == "{id}":
            [item] = (one for one in dir(builder) if _ITEM.fullmatch(one))
            builder = getattr(builder, item)("{id}")
        else:
            builder = getattr(builder, _snake(step), None)
        assert builder is not None, f"the SDK has no {path}"
    found: BaseRequestBuilder = builder
    return found


_SENDS_NOTHING: Any = object()
"""Stands for what builders send requests with, which they only hand on to the next."""

_ITEM = re.compile(r"by_\w+_id")


def _url(builder: Any, method: str, options: Mapping[str, Any]) -> str:
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from kiota_abstractions.method import Method
    from kiota_abstractions.request_information import RequestInformation

    if method == "GET":
        known = getattr(type(builder), f"{type(builder).__name__}GetQueryParameters")
        unknown = options.keys() - known.__dataclass_fields__.keys()
        assert not unknown, f"{builder.url_template} has no {', '.join(unknown)}"
        asked = RequestConfiguration(query_parameters=known(**options))
        request = builder.to_get_request_information(asked)
    else:  # the builder would want a model as body
        request = RequestInformation(Method(method), builder.url_template, builder.path_parameters)
    where, mark, query = request.url.partition("?")
    where = where.replace("%7Bid%7D", "{id}").removesuffix(
        "()"
    )  # of functions, as the documents write them
    found: str = where + mark + query.replace("%24", "$")
    return found  # the SDK, too, writes `$` before it sends


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
