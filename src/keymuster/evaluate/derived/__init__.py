"""What follows from the fields of a record and from what is known around it, by its sort."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from keymuster.evaluate.derived.common import Fields
from keymuster.rules.schema import Subject

_MODULES: dict[Subject, str] = {
    "identity": "identities",
    "credential": "credentials",
    "grant": "grants",
    "trust": "trusts",
    "use": "uses",
    "resource": "resources",
    "inline_allow": "inline_allows",
    "exception": "exceptions",
}


@cache
def derived(subject: Subject) -> Fields:
    """What policies about a subject may speak of besides. Its module is imported for the first record of the sort."""
    fields: Fields = import_module(f"{__name__}.{_MODULES[subject]}").FIELDS
    return fields
