"""Identities, credentials and grants that Terraform and OpenTofu files, plans and states declare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, ClassVar

from keymuster.collect import meanings
from keymuster.collect.base import Blob, Context, Fragment, Observed, Reader
from keymuster.collect.literals.sealing import Sealing
from keymuster.collect.syntax.node import Broken
from keymuster.model import Observation, Storage, Trouble

_ENDINGS = (
    ".tf", ".tofu", ".json", ".tfvars", ".tfstate", ".tfstate.backup", ".tpl", ".tftpl", ".tmpl",
)  # fmt: skip


class Terraform(Reader):
    """Reads code, variables, plans as JSON and states; and the files that code may take in."""

    name: ClassVar[str] = "terraform"

    def __init__(self, context: Context) -> None:
        self._rules = context.rules
        self._key = context.fingerprint_key

    @cached_property
    def _names(self) -> Any:
        from keymuster.collect.terraform.vendor_names import VendorNames

        return VendorNames(self._rules.terraform)

    def reads(self, path: str) -> bool:
        if not path.endswith(_ENDINGS):
            return False
        _, inside, rest = f"/{path}".rpartition("/.terraform/")
        return not inside or rest.startswith("modules/")

    def read(self, blob: Blob) -> Iterator[Observed]:
        from keymuster.collect.terraform.files import PLAN, STATE, TEXT, keep, kind

        which = kind(blob.path, blob.data)
        if not which:
            return
        if blob.core is not None:
            if which != TEXT and blob.core[0] == 0 and blob.line == 1:
                raise Broken(1, "is too large to be read as Terraform")
            return
        if which in (PLAN, STATE):
            yield from self._applied(blob, which)
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

    def _applied(self, blob: Blob, which: str) -> Iterator[Observed]:
        """What a plan or state declares: it explains itself."""
        from keymuster.collect.terraform import plan, state
        from keymuster.collect.terraform.files import LARGEST_APPLIED, PLAN
        from keymuster.collect.terraform.values import Exhausted

        if len(blob.data) > LARGEST_APPLIED:
            raise Broken(1, f"is larger than what is read of a {which}")
        read = plan.declarations if which == PLAN else state.declarations
        try:
            for one in read(blob, self._names):
                if blob.counts(one.settings.line, one.settings.end_line):
                    one.sealing = self._sealing(
                        blob.storage if which == PLAN else Storage.STATE_FILE
                    )
                    yield from meanings.records(one, self._rules.resource_types)
        except Exhausted:
            raise Broken(1, f"holds more than is looked at in a {which}") from None

    def finish(self, fragments: Sequence[Any]) -> Iterator[Observation | Trouble]:
        from keymuster.collect.terraform.files import CODE, VARIABLES

        if not any(kept.kind in (CODE, VARIABLES) for kept in fragments):
            return  # nothing takes in the other files
        from keymuster.collect.terraform.declarations import declarations

        staged = {kept.path for kept in fragments if kept.changed is not None}
        for found in declarations(fragments, self._names):
            if isinstance(found, Trouble):
                yield found
            else:
                is_staged = found.settings.file.path in staged
                found.sealing = self._sealing(Storage.STAGED if is_staged else Storage.TREE)
                yield from meanings.records(found, self._rules.resource_types)

    def _sealing(self, storage: Storage) -> Sealing:
        return Sealing(key=self._key, storage=storage, samples=self._rules.samples)
