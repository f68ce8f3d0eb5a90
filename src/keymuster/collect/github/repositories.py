"""The repositories of an organization, and those of them that are asked about one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from keymuster.collect.github.permissions import GRAPHQL
from keymuster.collect.github.scope import Scope

LIST = "GET /orgs/{org}/repos"

Repository: TypeAlias = dict[str, Any]

_KEPT = ("name", "full_name", "visibility", "archived", "disabled")


def repositories(ask: Scope) -> list[Repository]:
    """Those that the user wants, the one that was pushed to last first."""
    found = ask.shared(LIST, keep=_KEPT, sort="pushed", direction="desc") or []
    named = {one.rpartition("/")[2].lower() for one in ask.session.asked.repositories}
    return [one for one in found if not named or one["name"].lower() in named]


def one_by_one(
    ask: Scope, what: str, counted: Callable[[Repository], bool] = lambda _: True
) -> Iterator[Repository]:
    """Those that live and for which a call is to be made, as `counted` says, but no more than the user
    allows: there may be thousands. What is left out is said."""
    alive = [
        one for one in repositories(ask) if not one.get("archived") and not one.get("disabled")
    ]
    wanted = [one for one in alive if counted(one)]
    most = ask.session.asked.most_repositories
    if len(wanted) > most:
        ask.unseen(
            f"{what} of {len(wanted) - most} of its {len(alive)} repositories were not asked for, which takes a "
            "call for each; those that were pushed to last were asked",
            f"Scan with --most-repositories {len(wanted)}, or name some by --repositories.",
        )
    for one in wanted[:most]:
        if ask.session.ended:
            return  # each call more would be refused, too
        yield one


_COUNTS = """
query($org: String!, $after: String) {
  organization(login: $org) {
    repositories(first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { name deployKeys { totalCount } environments { totalCount } }
    }
  }
}
"""


def with_any(ask: Scope, what: str) -> Callable[[Repository], bool]:
    """Which repositories may have `deployKeys` or `environments`. GraphQL counts those of a hundred with one
    call; of what it does not tell, there may be some."""
    counts = ask.session.once(GRAPHQL, lambda: dict(_counts(ask)))

    def holds(one: Repository) -> bool:
        said = counts.get(one["name"], {}).get(what)
        return not isinstance(said, dict) or said.get("totalCount") != 0

    return holds


def _counts(ask: Scope) -> Iterable[tuple[str, dict[str, Any]]]:
    after = None
    while True:
        found = ask.query(_COUNTS, org=ask.organization, after=after)
        page = ((found or {}).get("organization") or {}).get("repositories")
        if not page:
            return
        for one in page["nodes"]:
            if one:
                yield one["name"], one
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]
