"""Identities, credentials and grants that Terraform and OpenTofu files, plans and states declare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from keymuster.collect.base import Blob, Context, Fragment, Observed, Reader
from keymuster.collect.syntax.node import Broken
from keymuster.model import Observation, Trouble

_ENDINGS = (
    ".tf", ".tofu", ".json", ".tfvars", ".tfstate", ".tfstate.backup", ".tpl", ".tftpl", ".tmpl",
)  # fmt: skip


class Terraform(Reader):
    """Reads code, variables, plans as JSON and states; and the files that code may take in."""

    name: ClassVar[str] = "terraform"

    def __init__(self, context: Context) -> None:
        self._rules = context.rules

    def reads(self, path: str) -> bool:
        return path.endswith(_ENDINGS) and "/.terraform/" not in f"/{path}"

    def read(self, blob: Blob) -> Iterator[Observed]:
        from keymuster.collect.terraform.files import TEXT, keep, kind

        which = kind(blob.path, blob.data)
        if not which:
            return
        if blob.core is not None:
            if which != TEXT and blob.core[0] == 0 and blob.line == 1:
                raise Broken(1, "is too large to be read as Terraform")
            return
        kept, problems = keep(blob, which)
        for problem in problems:
            yield Trouble(
                part=self.name, scope=blob.path,
                message=f"line {problem.line}: {problem.problem}; what stands around it was looked at",
                advice="Mend the file: Terraform cannot read it either.",
            )  # fmt: skip
        if kept is not None:
            yield Fragment(id=f"{self.name}:{blob.path}", reader=self.name, content=kept)

    def finish(self, fragments: Sequence[Any]) -> Iterator[Observation | Trouble]:
        from keymuster.collect import meanings
        from keymuster.collect.terraform.declarations import declarations
        from keymuster.collect.terraform.vendor_names import VendorNames

        wanted = frozenset(type for policy in self._rules.policies for type in policy.types)
        for found in declarations(fragments, VendorNames(self._rules.terraform)):
            if isinstance(found, Trouble):
                yield found
            else:
                yield from meanings.records(found, wanted)
