"""Places of the machine that a server is given: its disk, the home of somebody, the socket of the container
runtime."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from keymuster import regex
from keymuster.collect.agents.containers import SOCKETS, Mount
from keymuster.collect.agents.launchers import Launch
from keymuster.collect.agents.servers import Server, Word
from keymuster.collect.syntax.node import Node

Fact = tuple[str, Node, str, dict[str, Any]]
"""Type, place, name, settings of what is to be said of a server."""

DISK = regex.later(r"/+(?:\.)?|[A-Za-z]:[\\/]*|/host(?:fs)?/?|\\+|/[a-z]/?|/mnt/[a-z]/?")

HOME = regex.later(
    r"(?i)~/?|\$HOME/?|\$\{(?:env:|localEnv:)?HOME\}/?|\$\{userHome\}/?|%USERPROFILE%\\?|\$env:USERPROFILE|/home/?|/Users/?|(?:/home|/Users)/[^/\\]+/?|/root/?|[A-Za-z]:[\\/]+Users(?:[\\/]+[^/\\]+)?[\\/]*"
)

_SYSTEM = regex.later(
    r"/(?:etc|var|usr|opt|proc|sys|dev|boot|lib|bin|sbin|private|System|Library)/?|(?i:[A-Z]:[\\/]+Windows[\\/]*)"
)

_RUNTIME = regex.later(r"/(?:var/)?run/?")

_CREDENTIALS = regex.later(
    r"(?i)[/\\]\.(?:aws|ssh|kube|azure|gnupg|docker|netrc|npmrc|pypirc|git-credentials|vault-token|terraform\.d)(?:[/\\].*)?\Z|[/\\]\.config[/\\](?:gcloud|gh|op|doctl)(?:[/\\].*)?\Z|[/\\]\.claude(?:\.json)?\Z|gcloud[/\\]application_default_credentials\.json\Z"
)

_NO_FOLDER = (
    "--path",
    "--prefix",
    "--base-path",
    "--endpoint",
    "--url-path",
    "--message-path",
    "--messagePath",
    "--mount-path",
    "--route",
    "--basePath",
    "--stateless",
    "--sse-path",
    "--mcp-path",
    "--http-path",
)

_FOLDERS = regex.later(
    r"(?i)(?:.*[_-])?(?:DIRS?|DIRECTOR(?:Y|IES)|PATHS?|ROOTS?|WORKSPACES?|FOLDERS?|ALLOWED|BASE|MOUNTS?|VAULT)(?:[_-]?(?:PATHS?|DIRS?|ROOT))?"
)


def mounts(server: Server, launch: Launch) -> Iterator[Fact]:
    if launch.container is not None:
        for mount in launch.container.mounts():
            yield from _mount(mount)
        words: Iterable[Word] = launch.rest
    else:
        words = launch.rest if launch.word is not None else server.words
    before = ""
    for word in words:
        text = word.text
        name, equals, value = text.partition("=")
        option = (
            name if equals and name.startswith("-") else before if before.startswith("-") else ""
        )
        path = value if equals and name.startswith("-") else text
        if launch.container is None:
            yield from _folder(word, option, path)
        elif SOCKETS.search(text):
            yield _place("socket", word, path)
        before = text
    for variable, node in server.env():
        text = node.text()
        if SOCKETS.search(text) or re.match(r"tcp://[^/]{1,200}:2375\b", text):
            yield _place("socket", Word(text, node), text)
        elif _FOLDERS.fullmatch(variable):
            for part in re.split(r"[,;]|:(?!\\)", text)[:50]:
                yield from _folder(Word(text, node), variable, part.strip(), certain=True)


def _folder(word: Word, option: str, path: str, *, certain: bool = False) -> Iterator[Fact]:
    """A folder of the machine that a program is given."""
    if SOCKETS.search(path):
        yield _place("socket", word, path)
    elif option in _NO_FOLDER or (
        option and not certain and not _FOLDERS.fullmatch(option.lstrip("-"))
    ):
        return
    elif DISK.fullmatch(path):
        yield _place("disk", word, path)
    elif HOME.fullmatch(path):
        yield _place("home", word, path)
    elif _CREDENTIALS.search(path):
        yield _place("credentials", word, path)


def _mount(mount: Mount) -> Iterator[Fact]:
    source = mount.source
    if SOCKETS.search(source) or SOCKETS.search(mount.target) or _RUNTIME.fullmatch(source):
        yield _place("socket", mount.word, source)
    elif DISK.fullmatch(source):
        yield _place("disk", mount.word, source)
    elif _CREDENTIALS.search(source):
        yield _place("credentials", mount.word, source)
    elif HOME.fullmatch(source):
        yield _place("home", mount.word, source)
    elif _SYSTEM.fullmatch(source):
        yield _place("system", mount.word, source, read_only=mount.read_only)


def _place(what: str, word: Word, path: str, *, read_only: bool = False) -> Fact:
    shown = path if len(path) < 80 and "@" not in path else what
    return "mcp_mount", word.node, shown, {"what": what, "read_only": read_only}
