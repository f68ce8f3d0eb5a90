"""Google Cloud: organisations, folders and projects, through its APIs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from keymuster.collect.asking.scanner import scanner
from keymuster.collect.base import Context, Option, Seen

if TYPE_CHECKING:
    from keymuster.collect.gcp.surface import Surface


class Gcp:
    """Every service account, key, policy and trust of an organisation, a folder or a project."""

    name: ClassVar[str] = "gcp"
    needs: ClassVar[str] = "google.cloud.resourcemanager"
    options: ClassVar[tuple[Option, ...]] = (
        Option("organization-id", "ID", "All of this organisation."),
        Option("folders", "ID,...", "All of these folders.", several=True),
        Option("projects", "ID,...", "Only these projects.", several=True),
        Option(
            "credentials-file", "FILE", "What to sign in with, in place of what google-auth finds."
        ),
        Option("impersonate-service-account", "EMAIL", "A service account to become first."),
        Option("quota-project", "ID", "The project that calls are counted on."),
        Option("endpoint", "URL", "Where all APIs are asked: a proxy, or a private endpoint."),
        Option(
            "audit-logs",
            "",
            "Who has become a service account lately, by the audit logs: calls for each project.",
        ),
    )

    def __init__(self, context: Context, options: Mapping[str, Any]) -> None:
        from keymuster.collect.gcp.asked import Asked, check

        self._context = context
        self._asked = check(msgspec.convert(dict(options), type=Asked))

    def collect(self) -> Iterator[Seen]:
        from keymuster.collect.asking.telling import Telling
        from keymuster.collect.gcp.access import signed_in
        from keymuster.collect.gcp.collecting import answered
        from keymuster.collect.gcp.places import hierarchy

        access = signed_in(self._asked)
        yield scanner(
            self.name, f"gcp:{access.name}", account="", name=access.name,
            static=access.is_static, method=access.method,
        )  # fmt: skip
        telling = Telling(self._context, self.name, _unsearched())
        found = hierarchy(access, self._asked)
        for unit in answered(access, found, self._surfaces()):
            yield from telling.of(unit)

    def permissions(self) -> str:
        from keymuster.collect.gcp.grantable import role

        return role(call for one in self._surfaces() for call in one.calls)

    def _surfaces(self) -> list[Surface]:
        from keymuster.collect.asking.surface import wanted
        from keymuster.collect.gcp.surfaces import surfaces

        asked = [one for one in surfaces() if not one.option or getattr(self._asked, one.option)]
        return wanted(asked, self._context.policies, (self.name,))


def _unsearched() -> frozenset[str]:
    """Types whose settings hold nothing that somebody wrote freely: names, roles, members, dates."""
    from keymuster.collect.gcp.policies import TYPES

    return frozenset((*TYPES, "google_service_account_key", "google_storage_hmac_key"))
