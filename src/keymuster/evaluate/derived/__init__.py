"""What follows from the fields of a record and from what is known around it, by its sort."""

from __future__ import annotations

from keymuster.evaluate.derived import (
    credentials,
    exceptions,
    grants,
    identities,
    inline_allows,
    resources,
    trusts,
    uses,
)
from keymuster.evaluate.derived.common import Fields
from keymuster.rules.schema import Subject

DERIVED: dict[Subject, Fields] = {
    "identity": identities.FIELDS,
    "credential": credentials.FIELDS,
    "grant": grants.FIELDS,
    "trust": trusts.FIELDS,
    "use": uses.FIELDS,
    "resource": resources.FIELDS,
    "inline_allow": inline_allows.FIELDS,
    "exception": exceptions.FIELDS,
}
"""Subject -> what its policies may speak of besides."""
