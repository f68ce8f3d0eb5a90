"""One organization: where calls are made, and what came of those that failed."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import quote

from msgspec.structs import replace

from keymuster.collect.asking.calls import Route
from keymuster.collect.asking.refusals import Refused
from keymuster.collect.asking.rest import Asking, NoAnswer, by_link
from keymuster.collect.asking.shared import SharedScope
from keymuster.collect.github import permissions
from keymuster.collect.github.access import APP, HEADERS, LIMITED, Access
from keymuster.collect.github.shapes import SHAPES

PART = "github"


class Scope(SharedScope):
    """Calls are those of GitHub's description of its API: `GET /orgs/{org}/hooks`, where `org` and `owner`
    are the organization."""

    part: ClassVar[str] = PART
    session: Access

    @property
    def organization(self) -> str:
        return self.session.account

    @property
    def home(self) -> str:
        """How ids begin: `github`, and of another server than GitHub.com, its host."""
        return f"{PART}:{self.session.host}" if self.session.host else PART

    @property
    def is_offered(self) -> bool:
        """A server of one's own has no single sign-on of GitHub's, and no Codespaces."""
        host = self.session.host
        own = host != "" and not host.endswith(".ghe.com")
        return not (own and any(call in _NOT_ON_SERVERS for call in self.surface.calls))

    def id(self, *path: Any) -> str:
        """What a thing of the organization is called in all the world."""
        return "/".join((f"{self.home}:{self.organization}", *(str(one) for one in path)))

    def route(self, call: str) -> Route:
        method, _, path = call.partition(" /")
        own = quote(self.organization, safe="")
        path = path.replace("{org}", own).replace("{owner}", own)
        base = APP if path == APP or path.startswith(f"{APP}/") else ""
        return Route(
            path=path,
            method=method,
            base=base,
            follow=by_link,
            headers=HEADERS,
            shape=SHAPES.get(call),
        )

    def needed(self, call: str) -> str:
        return permissions.NEEDS[call].permission

    def refused(self, call: str, error: NoAnswer) -> Refused:
        """GitHub says that there is nothing where it does not let somebody in."""
        found = super().refused(call, error)
        if error.code == LIMITED:
            return replace(
                found, why="was not answered: the limit of calls is used up", ends_session=True,
                advice="Scan again in an hour, or fewer repositories. An app may call more often than a token.",
            )  # fmt: skip
        if error.status in (403, 404):
            return replace(found, advice=permissions.advice(call))
        return found

    def query(self, query: str, **variables: Any) -> dict[str, Any] | None:
        """What GraphQL tells; None if it tells nothing. What it leaves out is None in its place. It only
        spares calls: that it tells nothing is no trouble."""
        self.may_call(permissions.GRAPHQL)
        rest = self.session.rest("")
        # GraphQL lies beside REST on GitHub.com, and beside its folder on a server of one's own.
        url = "graphql" if rest.base.count("/") == _SLASHES else "../graphql"
        body = {"query": query, "variables": variables}
        try:
            said = rest.ask(Asking(url=url, method="POST", body=body, headers=HEADERS)).body
        except NoAnswer:
            return None
        found = said.get("data") if isinstance(said, dict) else None
        return found if isinstance(found, dict) else None


_NOT_ON_SERVERS = frozenset(
    (
        "GET /orgs/{org}/credential-authorizations", "GET /orgs/{org}/codespaces/secrets",
        "GET /repos/{owner}/{repo}/codespaces/secrets",
    )
)  # fmt: skip

_SLASHES = 3
"""In `https://api.github.com/`."""
