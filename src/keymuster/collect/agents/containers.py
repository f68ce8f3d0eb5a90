"""What the command line of `docker run`, or of what is like it, gives a container of the machine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from keymuster import regex
from keymuster.collect.agents.servers import Word

_VALUES = {
    "-e", "--env", "--env-file", "-v", "--volume", "--mount", "-p", "--publish", "--network", "--net", "--name",
    "-w", "--workdir", "-u", "--user", "--entrypoint", "--add-host", "--label", "-l", "--platform", "--pull",
    "--cpus", "-c", "--memory", "-m", "--device", "--cap-add", "--cap-drop", "--security-opt", "--tmpfs",
    "--restart", "--hostname", "-h", "--dns", "--log-driver", "--log-opt", "--gpus", "--ulimit", "--userns", "--pid",
    "--ipc", "--shm-size", "--expose", "--ip", "--link", "--secret", "--stop-signal", "--stop-timeout",
    "--volumes-from", "--group-add", "--cidfile", "--runtime", "--sysctl", "--uts", "--network-alias", "--isolation",
    "--memory-swap", "--pids-limit", "--annotation", "--cgroupns", "--health-cmd", "--volume-driver", "-a", "--attach",
}  # fmt: skip
_GLUED = ("-e", "-v", "-p", "-u", "-w")
"""Options whose value may stand right behind them."""
_GLOBAL = {
    "--context",
    "-c",
    "--host",
    "-H",
    "--config",
    "--log-level",
    "-l",
    "--tlscacert",
    "--url",
}

SOCKETS = regex.later(
    r"(?i)(?:docker|podman|containerd|crio|buildkitd|finch|colima|nerdctl)[\w.-]*\.sock\b|docker_engine"
)


class Mount(Struct, frozen=True, eq=False):
    """A place of the machine that is put into a container."""

    source: str
    target: str
    read_only: bool
    word: Word


class Container(Struct, kw_only=True, frozen=True, eq=False):
    """`flags` are options by name, each with its value and where it stands; `rest` is what the program
    inside is given."""

    image: Word | None
    flags: tuple[tuple[str, Word], ...]
    rest: tuple[Word, ...]

    def __repr__(self) -> str:  # values may be secrets
        return f"Container({self.image and self.image.text!r})"

    def values(self, *names: str) -> Iterator[Word]:
        for name, value in self.flags:
            if name in names:
                yield value

    def mounts(self) -> Iterator[Mount]:
        for word in self.values("-v", "--volume"):
            parts = re.split(r"(?<!\A[A-Za-z]):(?![\\/]{2})", word.text)
            source = parts[0]
            if len(parts) > 1:
                options = parts[2].split(",") if len(parts) > 2 else []
                yield Mount(source, parts[1], "ro" in options or "readonly" in options, word)
        for word in self.values("--mount"):
            options = dict(part.partition("=")[::2] for part in word.text.split(","))
            keys = {key.strip().lower(): value for key, value in options.items()}
            if keys.get("type", "bind") != "bind":
                continue
            source = keys.get("src") or keys.get("source") or ""
            target = keys.get("dst") or keys.get("target") or keys.get("destination") or ""
            yield Mount(source, target, bool({"ro", "readonly"} & keys.keys()), word)


def container(rest: Sequence[Word]) -> Container | None:
    """What is run; None if the command runs no image."""
    at = 0
    while at < len(rest) and rest[at].text.startswith("-"):
        at += 2 if rest[at].text in _GLOBAL else 1
    if at < len(rest) and rest[at].text == "container":
        at += 1
    if at >= len(rest) or rest[at].text not in ("run", "create"):
        return None
    flags: list[tuple[str, Word]] = []
    at += 1
    while at < len(rest):
        text = rest[at].text
        if not text.startswith("-") or text == "-":
            break
        name, equals, value = text.partition("=")
        if text[:2] in _GLUED and len(text) > 2:
            flags.append((text[:2], Word(text[2:], rest[at].node)))
        elif equals:
            flags.append((name, Word(value, rest[at].node)))
        elif name in _VALUES and at + 1 < len(rest):
            at += 1
            flags.append((name, rest[at]))
        else:
            flags.append((name, rest[at]))
        at += 1
    image = rest[at] if at < len(rest) else None
    return Container(image=image, flags=tuple(flags), rest=tuple(rest[at + 1 :]))
