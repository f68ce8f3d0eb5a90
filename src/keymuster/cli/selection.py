"""What a scan is to look at, from paths, options and settings."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from keymuster import gathering, settings
from keymuster.collect.base import Limits, Selection, limits
from keymuster.collect.host import this_host
from keymuster.collect.repository import is_bare, toplevel
from keymuster.errors import SettingsError

if TYPE_CHECKING:
    from keymuster.settings import Settings


def selection(
    paths: tuple[str, ...], source: str, configured: Settings, options: dict[str, Any],
    services: Mapping[str, Mapping[str, Any]] | None = None,
) -> Selection:  # fmt: skip
    """What paths, settings and options select, for a source; SettingsError for what there is not."""
    host = this_host() if source == "machine" else None
    absolute = tuple(os.path.abspath(path) for path in paths or (os.curdir,))
    for path in absolute:
        if not os.path.lexists(path):
            raise SettingsError(f"there is no {path}", "Give files or folders that exist.")
    if source in ("staged", "history"):
        root = toplevel(folder_of(absolute[0]))
        if len(absolute) > 1:
            raise SettingsError(
                f"--{source} takes one repository", "Scan them one after the other."
            )
        if root is None:
            raise SettingsError(
                f"{absolute[0]} is not in a git repository",
                f"Without --{source} its files are scanned.",
            )
        if source == "staged" and is_bare(root):
            raise SettingsError(f"{root} is a bare repository: nothing is staged in it")
    else:
        root = host.home if host is not None else _common_root(absolute)
    return Selection(
        root=root,
        paths=absolute if paths or source == "worktree" else (),
        include_ignored=options["include_ignored"],
        exclude=(*configured.exclude.paths, *options["exclude"]),
        max_file_bytes=settings.size_in_bytes(
            options["max_file_size"] or configured.max_file_size, "--max-file-size"
        ),
        since=options["since"] or "",
        range=_range(options),
        unreachable=options["unreachable"],
        containers=_limits(configured, options),
        host=host,
        services=services or {},
    )


def _limits(configured: Settings, options: dict[str, Any]) -> Limits:
    """How far containers are opened."""
    depth = options["container_depth"]
    if options["no_containers"] and depth:
        raise SettingsError("--no-containers and --container-depth exclude each other")
    return limits(configured.containers, 0 if options["no_containers"] else depth)


def _range(options: dict[str, Any]) -> tuple[str, ...]:
    """The commits that --range or --pushed names. What is being pushed is what pre-commit says; if
    it says nothing, as for a new branch, it is what no remote has."""
    given = options["range_"]
    if given is not None:
        start, dots, end = given.partition("..")
        if given.startswith("-") or not start.strip(".") or (dots and not end.strip(".")):
            raise SettingsError(f"--range `{given}`: not a range", "Write A..B, with both ends.")
        return (given,)
    if not options["pushed"]:
        return ()
    start, end = os.environ.get("PRE_COMMIT_FROM_REF", ""), os.environ.get("PRE_COMMIT_TO_REF", "")
    if start and end:
        return (f"{start}..{end}",)
    return (os.environ.get("PRE_COMMIT_LOCAL_BRANCH") or "HEAD", "--not", "--remotes")


def project_of(paths: Sequence[str]) -> str:
    """The folder whose exceptions hold for these paths (default: the folder we are in), or would if it
    had any."""
    root = _common_root(tuple(os.path.abspath(path) for path in paths or (os.curdir,)))
    return gathering.project(root) or root


def _common_root(paths: Sequence[str]) -> str:
    """What paths in the report are relative to: the repository, the folder we are in, the one
    folder that was named, or the root of the file system."""
    tops = {toplevel(folder_of(path)) for path in paths}
    if len(tops) == 1 and (top := tops.pop()) is not None:
        return top
    here = os.getcwd()
    if all(os.path.commonpath([here, path]) == here for path in paths):
        return here
    return folder_of(paths[0]) if len(paths) == 1 else os.path.abspath(os.sep)


def folder_of(path: str) -> str:
    """The folder that a path names, or lies in."""
    return path if os.path.isdir(path) else os.path.dirname(path) or os.curdir
