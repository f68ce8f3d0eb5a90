"""Which client a file configures, and where in it something stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from keymuster import regex
from keymuster.collect.syntax.node import Node
from keymuster.rules.schema import AgentClient, AgentFile

OTHER = "mcp"
"""The client of servers that stand where no client that we know has its own."""


class Configured(NamedTuple):
    """A file of a client. `folder` is the project's, or that of the user, whose files lie below."""

    client: AgentClient
    file: AgentFile
    folder: str


class Clients:
    """The clients that are known, by the paths of their files."""

    def __init__(self, clients: Sequence[AgentClient]) -> None:
        forms = sorted(
            (form for client in clients for form in _forms(client)),
            key=lambda form: (-form.pattern.count("/"), "*" in form.pattern, -len(form.pattern)),
        )
        self._by_name: dict[str, list[_Form]] = {}
        for form in forms:
            name = form.pattern.rpartition("/")[2]
            self._by_name.setdefault("" if "*" in name else name, []).append(form)
        self._clients = {client.id: client for client in clients}
        self._other = next((one for one in clients if one.id == OTHER), None)

    def of(self, path: str) -> Configured | None:
        """The client whose file this is by its path: the one whose path says most of it."""
        for name in (path.rpartition("/")[2], ""):
            for form in self._by_name.get(name, ()):
                if found := form.regex.search(path):
                    folder = path[: found.start()].rstrip("/")
                    if folder.rpartition("/")[2].startswith(
                        "."
                    ):  # a folder of settings is no project
                        folder = folder.rpartition("/")[0]
                    return Configured(form.client, form.file, folder)
        return None

    def known(self, id: str) -> Configured | None:
        """The first file of a client, by its name."""
        client = self._clients.get(id)
        return Configured(client, client.files[0], "") if client else None

    def by_content(self, path: str) -> Configured | None:
        """What a file is that holds servers as most clients have them, under whatever name."""
        if self._other is None:
            return None
        return Configured(self._other, self._other.files[0], path.rpartition("/")[0])


class _Form(NamedTuple):
    pattern: str
    regex: re.Pattern[str]
    client: AgentClient
    file: AgentFile


def _forms(client: AgentClient) -> Iterator[_Form]:
    for file in client.files:
        if file.holds != "settings":
            continue
        listed = (file.project, file.home, file.linux, file.macos, file.windows, file.names)
        for pattern in dict.fromkeys(one for all in listed for one in all):
            ending = pattern.removeprefix("~/").partition(":")[2] or pattern.removeprefix("~/")
            yield _Form(pattern, _regex(ending.lstrip("/")), client, file)


@lru_cache(maxsize=1024)
def _regex(ending: str) -> re.Pattern[str]:
    plain = "[^/]*".join(map(re.escape, ending.split("*")))
    return regex.later(rf"(?:\A|/){plain}\Z")


def may_speak(configured: Configured, content: bytes) -> bool:
    """Whether the words stand in a file that lead to a server or a setting: an editor's settings
    mostly say nothing of agents. Where a key may be written with escapes, nobody looks."""
    paths = [*configured.file.servers]
    for setting in configured.client.settings:
        paths += setting.at if isinstance(setting.at, list) else [setting.at]
    if any(escape in content for escape in (b"\\u", b"\\U", b"\\x")):
        return True
    return any(_may_lead(path, content) for path in paths)


def _may_lead(path: str, content: bytes) -> bool:
    return all(word.encode() in content for word in path.split(".") if word != "*")


def places(root: Node, path: str) -> Iterator[tuple[tuple[str, ...], Node]]:
    """What stands at a path of a tree, with the keys that lead there. `*` is any key or item; a key may
    be written with its dots, or as maps inside each other."""
    yield from _places(root, path.split("."), ())


def _places(
    node: Node, words: list[str], so_far: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Node]]:
    if not words:
        yield so_far, node
        return
    if words[0] == "*":
        inside = node.value
        if isinstance(inside, dict):
            for key, one in inside.items():
                yield from _places(one, words[1:], (*so_far, key))
        elif isinstance(inside, list):
            for number, one in enumerate(inside):
                yield from _places(one, words[1:], (*so_far, str(number)))
        return
    for size in range(1, len(words) + 1):
        key = ".".join(words[:size])
        if "*" in words[:size]:
            return
        if (found := node.get(key)) is not None:
            yield from _places(found, words[size:], (*so_far, key))
