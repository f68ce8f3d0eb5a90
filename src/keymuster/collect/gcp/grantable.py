"""The role that lets somebody look, and do no more."""

from __future__ import annotations

from collections.abc import Iterable

import yaml

from keymuster.collect.gcp.methods import METHODS
from keymuster.collect.gcp.places import PERMISSIONS

_COUNTED = "serviceusage.services.use"
"""To have calls counted on a project of one's own choice."""


def role(calls: Iterable[str]) -> str:
    """A custom role with what these calls need, as `gcloud iam roles create` takes it."""
    needed = {one for call in calls for one in METHODS[call].permissions}
    return yaml.safe_dump(
        {
            "title": "Keymuster",
            "description": "What keymuster asks: gcloud iam roles create keymuster --organization=ID --file=FILE",
            "stage": "GA",
            "includedPermissions": sorted({*needed, *PERMISSIONS, _COUNTED}),
        },
        sort_keys=False, width=1000,
    )  # fmt: skip
