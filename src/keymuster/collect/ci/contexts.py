"""Who decides what an expression of GitHub Actions expands to, by its context.

What is not in the tables is somebody else's to write: most of what an event brings along is free text.
"""

from __future__ import annotations

from enum import IntEnum

from keymuster.collect.ci.expressions import ANY


class Control(IntEnum):
    """Who decides, the least dangerous first."""

    NOBODY = 0
    """A fixed set of words, a number, a digest, or what the workflow itself says."""
    SETTING = 1
    """Whoever may change the settings of the repository: `vars`."""
    NAME = 2
    """Somebody, but only as the name of an account, a repository or a branch that exists."""
    SECRET = 3
    """A secret: what it holds is trusted, and should not stand in a script."""
    EARLIER = 4
    """What ran before: outputs of steps and jobs."""
    CALLER = 5
    """Whoever starts the workflow or calls the action, or may push: inputs, names of branches."""
    ANYONE = 6
    """Whoever opens an issue or a pull request, or writes a comment."""


WORDS = {
    Control.NOBODY: "nobody",
    Control.SETTING: "setting",
    Control.NAME: "name",
    Control.SECRET: "secret",
    Control.EARLIER: "earlier_step",
    Control.CALLER: "caller",
    Control.ANYONE: "anyone",
}

_NOBODY, _SETTING, _NAME = Control.NOBODY, Control.SETTING, Control.NAME

_ROOTS = {
    "secrets": Control.SECRET,
    "vars": _SETTING,
    "runner": _NOBODY,
    "strategy": _NOBODY,
    "job": _NOBODY,
    "jobs": Control.EARLIER,
    "steps": Control.EARLIER,
    "needs": Control.EARLIER,
    "inputs": Control.CALLER,
}
"""The contexts besides `github`, `env` and `matrix`."""

_RESULTS = {"outcome", "conclusion", "result"}

_GITHUB = {
    "head_ref": Control.ANYONE,
    "event": Control.ANYONE,
    "ref": Control.CALLER,
    "ref_name": Control.CALLER,
    "base_ref": _NAME,
    "actor": _NAME,
    "triggering_actor": _NAME,
    "token": Control.SECRET,
    ANY: Control.ANYONE,
}
"""Fields of `github`; every other is the service's own."""

_EVENT = {
    ("inputs",): Control.CALLER,
    ("client_payload",): Control.CALLER,
    ("ref",): Control.CALLER,
    ("base_ref",): Control.CALLER,
    ("schedule",): _NOBODY,
    ("release", "tag_name"): Control.CALLER,
    ("pull_request", "base", "ref"): _NAME,
    ("pull_request", "base", "label"): _NAME,
    ("merge_group", "head_ref"): _NAME,
    ("merge_group", "base_ref"): _NAME,
}
"""Beginnings of paths below `github.event` that not just anyone writes."""

_SAFE_FIELDS = {
    "number", "id", "node_id", "sha", "state", "type", "action", "merged", "draft", "locked", "private",
    "fork", "archived", "disabled", "visibility", "site_admin", "before", "after", "created",
    "deleted", "forced", "size", "event", "conclusion", "status", "run_number", "run_attempt",
    "run_id", "workflow_id", "check_suite_id", "installation_id", "commits", "additions", "deletions",
    "changed_files", "comments", "review_comments", "mergeable", "mergeable_state", "rebaseable",
    "prerelease", "author_association", "state_reason", "active_lock_reason", "commit_id",
    "head_sha", "base_sha", "merge_commit_sha", "head_commit_id", "distinct_size", "position", "line",
    "user_view_type", "tree_id", "language", "color", "distinct", "timestamp", "open_issues_count",
}  # fmt: skip
"""Last parts of a path that are numbers, digests or fixed words, wherever they stand."""

_LOGINS = {"login", "full_name", "actor", "slug"}
"""Last parts that are names of accounts and repositories: letters, digits, hyphens and the like."""

_SAFE_ENDS = ("_at", "_id", "_count")
_FREE_URLS = {"target_url", "environment_url", "details_url", "website_url", "external_url"}


def control(path: tuple[str, ...]) -> Control:
    """Who decides what a context expands to. `env` and `matrix` are the workflow's to explain."""
    root = path[0]
    if root == "github":
        return _of_github(path)
    if root in ("steps", "needs", "jobs") and path[-1] in _RESULTS:
        return _NOBODY
    return _ROOTS.get(root, Control.EARLIER)


def _of_github(path: tuple[str, ...]) -> Control:
    if len(path) == 1:
        return Control.ANYONE
    if path[1] != "event" or len(path) == 2:
        return _GITHUB.get(path[1], _NOBODY)
    rest = path[2:]
    for start, who in _EVENT.items():
        if rest[: len(start)] == start:
            return who
    last = rest[-1]
    if last in ("url", "html_url") or (last.endswith("_url") and last not in _FREE_URLS):
        return _NOBODY
    if last == "commits" and len(rest) == 1:  # all of them, with their messages
        return Control.ANYONE
    if last in _SAFE_FIELDS or last.endswith(_SAFE_ENDS):
        return _NOBODY
    if last in _LOGINS or (last == "name" and rest[-2:-1] in (("repository",), ("repo",))):
        return _NAME
    if last == "default_branch" and "head" not in rest:
        return _NAME
    return Control.ANYONE
