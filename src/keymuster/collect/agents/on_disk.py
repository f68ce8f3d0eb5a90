"""Where on a machine the files of clients lie, as far as no link leads elsewhere."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from fnmatch import translate
from typing import NamedTuple

from keymuster.collect.base import Host
from keymuster.rules.schema import AgentClient, AgentFile

_LEFT = "it was not followed"


class Place(NamedTuple):
    """A file, or a folder that cannot be looked into for the reason that `problem` says. It is `called`
    what a person calls it, and lies below the folder `within`, both without links. The user's own are
    `personal`."""

    path: str
    called: str
    within: str
    holds: str
    personal: bool
    problem: str = ""


def places(host: Host, clients: Sequence[AgentClient]) -> Iterator[Place]:
    """What there is of the files of all clients, each once."""
    seen: set[str] = set()
    for client in clients:
        for file in client.files:
            for pattern in _patterns(file, host):
                for place in _matching(pattern, file.holds, host):
                    if place.path not in seen:
                        seen.add(place.path)
                        yield place


def _patterns(file: AgentFile, host: Host) -> Iterator[str]:
    yield from (f"~/{one}" for one in file.home)
    yield from getattr(file, host.system)


def _matching(pattern: str, holds: str, host: Host) -> Iterator[Place]:
    words = pattern.split("/")
    if words[0] == "~":
        start, called, words = host.home, "~", words[1:]
    else:  # the folder that a system has at the top is where it is, wherever that is
        size = 2 if words[0] == "" or words[0].endswith(":") else 1
        called, words = "/".join(words[:size]), words[size:]
        start = f"{host.root}/{called.lstrip('/')}" if host.root else called
    within = os.path.realpath(start)
    here = _Here(within, holds, called == "~")
    yield from here.matching(within, called, words)


class _Here(NamedTuple):
    """One folder to stay in."""

    within: str
    holds: str
    personal: bool

    def matching(self, folder: str, called: str, words: Sequence[str]) -> Iterator[Place]:
        """What fits the words of a path below a folder."""
        word, rest = words[0], words[1:]
        if word == "**":
            for below, name in self._folders(folder, called):
                if isinstance(name, Place):
                    yield name
                else:
                    yield from self.matching(below, name, rest)
            return
        if "*" not in word:
            yield from self._entered(os.path.join(folder, word), f"{called}/{word}", rest)
            return
        fits = re.compile(translate(word)).match
        names = self._names(folder, called)
        if isinstance(names, Place):
            yield names
            return
        for one in names:
            if fits(one):
                yield from self._entered(os.path.join(folder, one), f"{called}/{one}", rest)

    def _entered(self, path: str, called: str, rest: Sequence[str]) -> Iterator[Place]:
        """What is at a path: a file, or a folder with more words to look for in it."""
        try:
            kind = os.lstat(path).st_mode
            if stat.S_ISLNK(kind):
                path = os.path.realpath(path)
                if not self._is_inside(path):
                    yield self._place(path, called, f"is a link out of {self._top}; {_LEFT}")
                    return
                kind = os.lstat(path).st_mode
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            above, _, _ = called.rpartition("/")
            yield self._place(os.path.dirname(path), above, f"could not be read: {error.strerror}")
            return
        if rest and stat.S_ISDIR(kind):
            yield from self.matching(path, called, rest)
        elif not rest and not stat.S_ISDIR(kind):
            yield self._place(path, called)

    def _folders(self, folder: str, called: str) -> Iterator[tuple[str, str | Place]]:
        """A folder and all below it that are no links."""
        waiting = [(folder, called)]
        while waiting:
            here, name = waiting.pop()
            names = self._names(here, name)
            if isinstance(names, Place):
                yield here, names
                continue
            yield here, name
            paths = [(os.path.join(here, one), f"{name}/{one}") for one in reversed(names)]
            waiting += [
                one for one in paths if os.path.isdir(one[0]) and not os.path.islink(one[0])
            ]

    def _names(self, folder: str, called: str) -> list[str] | Place:
        try:
            return sorted(os.listdir(folder))
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            return self._place(folder, called, f"could not be read: {error.strerror}")

    @property
    def _top(self) -> str:
        return "the home folder" if self.personal else self.within

    def _is_inside(self, path: str) -> bool:
        return path.startswith(os.path.join(self.within, ""))

    def _place(self, path: str, called: str, problem: str = "") -> Place:
        return Place(path, called, self.within, self.holds, self.personal, problem)
