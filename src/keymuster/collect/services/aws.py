"""AWS: accounts and organisations, through boto3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from msgspec.structs import replace

from keymuster.collect.asking.scanner import scanner
from keymuster.collect.base import Context, Option, Seen

if TYPE_CHECKING:
    from keymuster.collect.aws.surface import Surface


class Aws:
    """Every principal, key, trust and resource policy of an account, or of all of an organisation."""

    name: ClassVar[str] = "aws"
    needs: ClassVar[str] = "boto3"
    options: ClassVar[tuple[Option, ...]] = (
        Option("profile", "NAME", "The profile of the AWS configuration to sign in with."),
        Option("role-arn", "ARN", "A role to assume first."),
        Option("external-id", "ID", "The external id that the roles ask for."),
        Option("organization", "", "Every active account of the organisation."),
        Option("accounts", "ID,...", "Only these accounts.", several=True),
        Option("role-name", "NAME", "The role to assume in each account of several."),
        Option(
            "regions", "NAME,...", "Only these regions, not all that are enabled.", several=True
        ),
        Option(
            "last-accessed",
            "",
            "Which services every user and role has used, not only those with all rights: a job for each.",
        ),
        Option(
            "key-ids",
            "",
            "Ids of access keys and SSH keys of more than 200 users: a call for each.",
        ),
    )

    def __init__(self, context: Context, options: Mapping[str, Any]) -> None:
        from keymuster.collect.aws.accounts import Asked

        self._context = context
        self._asked = msgspec.convert(dict(options), type=Asked)

    def collect(self) -> Iterator[Seen]:
        from keymuster.collect.asking.telling import Telling
        from keymuster.collect.aws.accounts import first, others, regions
        from keymuster.collect.aws.collecting import answered
        from keymuster.collect.meanings.aws.credentials import OF_USERS

        telling = Telling(self._context, self.name, unsearched=OF_USERS)
        access = first(self._asked)
        yield scanner(
            self.name, access.arn, account=access.account, name=access.arn,
            static=access.is_static, method=access.method,
        )  # fmt: skip
        for unit in answered(
            others(self._asked, access),
            lambda one: regions(self._asked, one),
            (replace(one, wants=self._asked.wants) for one in self._surfaces()),
            access,
        ):
            yield from telling.of(unit)

    def permissions(self) -> str:
        from keymuster.collect.aws.grantable import policy

        return policy(call for one in self._surfaces() for call in one.calls)

    def _surfaces(self) -> list[Surface]:
        """Those that the wanted policies ask about."""
        from keymuster.collect.asking.surface import wanted
        from keymuster.collect.aws.surfaces import surfaces

        return wanted(surfaces(), self._context.policies, (self.name,))
