"""The made-up tenant of Entra on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("msgraph")

import entra_server
import entra_tenant
from entra_server import Tenant


@pytest.fixture
def tenant(loopback: None) -> Iterator[Tenant]:
    with entra_server.serving(entra_tenant.seeded()) as found:
        yield found
