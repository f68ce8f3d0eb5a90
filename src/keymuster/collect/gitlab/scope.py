"""One group, or the whole server: where calls are made, and what came of those that failed."""

from __future__ import annotations

from typing import Any, ClassVar

from keymuster.collect.asking.calls import Route
from keymuster.collect.asking.rest import by_link
from keymuster.collect.asking.shared import SharedScope
from keymuster.collect.gitlab import permissions
from keymuster.collect.gitlab.access import Access

PART = "gitlab"


class Scope(SharedScope):
    """Calls are those of GitLab's description of its API: `GET /groups/{id}/hooks`."""

    part: ClassVar[str] = PART
    session: Access

    @property
    def home(self) -> str:
        """How ids begin: `gitlab`, and of another server than GitLab.com, its host."""
        return f"{PART}:{self.session.host}" if self.session.host else PART

    def id(self, *path: Any) -> str:
        """What a thing is called in all the world: GitLab numbers them for the whole server."""
        return f"{self.home}:{'/'.join(str(one) for one in path)}"

    def route(self, call: str) -> Route:
        method, _, path = call.partition(" /")
        return Route(path=path, method=method, follow=by_link)

    def needed(self, call: str) -> str:
        return permissions.needed(call)
