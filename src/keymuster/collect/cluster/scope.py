"""One cluster: where calls are made, and what came of those that failed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from keymuster.collect.asking.calls import RestScope, Route
from keymuster.collect.asking.rest import NoAnswer, by_token
from keymuster.collect.asking.shape import Shape
from keymuster.collect.cluster import permissions, shapes
from keymuster.collect.cluster.access import Access
from keymuster.collect.cluster.entrance import PART

_PAGE = 500
_STARTS = 4
"""How often a list is begun: its pages hold for some minutes, and then the cluster has forgotten them (410)."""
_GONE = 410

_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_VERSIONS = {
    "": "v1", "apps": "v1", "batch": "v1", "rbac.authorization.k8s.io": "v1",
    "admissionregistration.k8s.io": "v1", "apiregistration.k8s.io": "v1", "certificates.k8s.io": "v1",
}  # fmt: skip
"""Those that every cluster has; of others, who calls says the version. CronJobs were in another one before 1.21."""


class Scope(RestScope):
    """Calls are a verb of RBAC and what it is about: `list apps/deployments`, `list serviceaccounts`."""

    part: ClassVar[str] = PART
    session: Access

    @property
    def name(self) -> str:
        return self.session.name

    def route(self, call: str) -> Route:
        verb, _, what = call.partition(" ")
        if what.startswith("/"):
            return Route(path=what[1:])
        group, _, resource = what.rpartition("/")
        version = _VERSIONS.get(group, "{version}") if resource != "cronjobs" else "{version}"
        root = f"apis/{group}/{version}" if group else f"api/{version}"
        if verb == "get":
            return Route(path=f"{root}/namespaces/{{namespace}}/{resource}/{{name}}")
        place = "" if resource in permissions.CLUSTER_WIDE else "{+place}"
        headers = {"Accept": _METADATA} if resource in shapes.METADATA_ONLY else {}
        return Route(
            path=f"{root}/{place}{resource}", headers=headers, shape=_list_of(shapes.SHAPES[resource]),
            follow=by_token("metadata.continue", "continue"),
        )  # fmt: skip

    def needed(self, call: str) -> str:
        return permissions.needed(call)

    def listed(self, call: str, *absent: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Every object of a kind, in the namespaces that are looked at."""
        _, _, what = call.partition(" ")
        parameters = {**parameters, "limit": _PAGE}
        if what.rpartition("/")[2] in permissions.CLUSTER_WIDE:
            yield from self._whole(call, absent, parameters)
            return
        for space in self.session.namespaces or ("",):
            place = f"namespaces/{space}/" if space else ""
            yield from self._whole(call, absent, {**parameters, "place": place})

    def _whole(
        self, call: str, absent: tuple[str, ...], parameters: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        """One list. Of one that had to be begun anew, what was told before is not told again."""
        seen: set[str] = set()
        for start in range(1, _STARTS + 1):
            try:
                for page in self._pages(call, parameters, None):
                    for one in page.get("items") or ():
                        uid = str(one["metadata"].get("uid", ""))
                        if uid not in seen or not uid:
                            seen.add(uid)
                            yield one
                return
            except NoAnswer as error:
                if error.status != _GONE or start == _STARTS:
                    self._is_absent(call, error, absent)
                    return


def _list_of(item: Shape) -> Shape:
    return {"kind": None, "metadata": {"continue": None}, "items": item}
