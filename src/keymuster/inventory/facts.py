"""The names, types and defaults of derived facts, which analysis finds and policies speak of."""

from __future__ import annotations

from typing import Any

from keymuster.model import Environment

UNKNOWN = "unknown"
"""A value of its own: a policy that asks for it cannot decide."""

STEPS = "steps"
"""A fact of its own, which no policy speaks of: the evidence of others, by their names. Of each there are
ways that lead to it (`model.Step`), the steps of one after the other."""

FACTS: dict[str, dict[str, tuple[str, Any]]] = {
    "identity": {
        "owner": ("string", ""),
        "purpose": ("string", ""),
        "environment": ("string", Environment.UNKNOWN),
        "privilege": ("string", UNKNOWN),
        "escalations": ("list<string>", []),
        "administrator_by": ("string", ""),
        "workloads": ("list<string>", []),
        "agents": ("list<string>", []),
        "exposed": ("list<string>", []),
        "rights_from": ("list<string>", []),
        "reads_all": ("list<string>", []),
        "takes_over": ("list<string>", []),
        "may_take_over": ("list<string>", []),
        "writes_by": ("string", ""),
        "dangers": ("list<string>", []),
        "cluster_dangers": ("list<string>", []),
        "sends_mail_only": ("bool", False),
        "makes_identities": ("bool", False),
        "bounded": ("bool", False),
        "trusted_kinds": ("list<string>", []),
        "trusted_environments": ("list<string>", []),
        "is_used": ("bool", True),
        "is_bound": ("bool", True),
        "groups": ("list<string>", []),
        "credential_kinds": ("list<string>", []),
        "registration": ("string", ""),
        "registered_as": ("string", ""),
        "cloud_registry": ("string", ""),
    },
    "credential": {
        "exists_as": ("string", ""),
    },
    "grant": {
        "escalates": ("string", "no"),
        "escalations": ("list<string>", []),
        "takes_over": ("string", ""),
        "holders": ("list<string>", []),
        "dangers": ("list<string>", []),
        "holder": ("string", ""),
        "role": ("string", ""),
        "holder_roles": ("list<string>", []),
        "cluster_wide": ("bool", False),
        "cross_namespace": ("bool", False),
        "registration": ("string", ""),
        "registered_as": ("string", ""),
        "unregistered": ("string", ""),
        "excepted_until": ("string", ""),
        "whose": ("string", ""),
        "party": ("string", ""),
        "party_name": ("string", ""),
    },
    "trust": {
        "audience": ("string", UNKNOWN),
        "anyone": ("string", UNKNOWN),
        "issuer": ("string", ""),
        "example": ("string", ""),
        "because": ("string", ""),
        "reason": ("string", ""),
        "parties": ("list<string>", []),
        "strangers": ("list<string>", []),
        "vendors": ("list<string>", []),
        "is_ours": ("bool", False),
        "forms": ("list<string>", []),
        "open": ("list<string>", []),
        "several": ("list<string>", []),
        "defects": ("list<string>", []),
        "meant": ("string", ""),
        "beyond_workflows": ("string", ""),
        "needed": ("string", ""),
        "needed_by": ("string", ""),
    },
    "use": {
        "subject_name": ("string", ""),
        "consumers": ("list<string>", []),
        "namespaces": ("list<string>", []),
        "login": ("string", ""),
        "pull_requests": ("string", ""),
        "privilege": ("string", UNKNOWN),
        "says": ("string", ""),
        "other_servers": ("list<string>", []),
        "other_server": ("string", ""),
        "registration": ("string", ""),
        "registered_as": ("string", ""),
        "shared_with": ("string", ""),
        "excepted_until": ("string", ""),
    },
    "resource": {
        "token_mounted": ("string", ""),
        "open_to": ("list<string>", []),
        "found": ("list<string>", []),
        "gone_servers": ("string", ""),
        "is_trusted": ("string", UNKNOWN),
        "denies_keys": ("string", ""),
    },
}
"""Record, in the word of `applies_to` -> name -> (CEL type, value where nothing was derived)."""
