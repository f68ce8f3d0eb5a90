"""The commands of scripts, as far as one can see without running them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from msgspec import Struct

from keymuster import regex

_SPLIT = regex.later(r"&&|\|\||[;|]")
_ASSIGNMENT = regex.later(r"[A-Za-z_]\w*=.*")
_PREFIXES = {
    "&",
    "sudo",
    "time",
    "exec",
    "env",
    "then",
    "do",
    "else",
    "if",
    "!",
    "(",
    "{",
    "command",
    "nice",
}
_PYTHON = regex.later(r"(?:python|py)[0-9.]*(?:\.exe)?")
_VERSION = regex.later(r"(?:[=~<>!]=|@).*|\[.*")

_RUNNERS = (
    ("bundle", "exec"), ("npx",), ("bunx",), ("pnpm", "dlx"), ("yarn", "dlx"), ("pnpx",),
    ("pipx", "run"), ("uvx",), ("uv", "tool", "run"), ("uv", "run"), ("poetry", "run"),
    ("pdm", "run"), ("rye", "run"), ("hatch", "run"), ("npm", "exec"), ("deno", "run"),
)  # fmt: skip
"""What runs another command."""

PUBLISHERS: dict[tuple[str, ...], str] = {
    ("twine", "upload"): "PyPI",
    ("uv", "publish"): "PyPI",
    ("hatch", "publish"): "PyPI",
    ("pdm", "publish"): "PyPI",
    ("poetry", "publish"): "PyPI",
    ("flit", "publish"): "PyPI",
    ("rye", "publish"): "PyPI",
    ("maturin", "publish"): "PyPI",
    ("maturin", "upload"): "PyPI",
    ("gem", "push"): "RubyGems",
    ("cargo", "publish"): "the registry of Cargo",
    ("npm", "publish"): "npm",
    ("pnpm", "publish"): "npm",
    ("yarn", "publish"): "npm",
    ("yarn", "npm", "publish"): "npm",
    ("bun", "publish"): "npm",
    ("lerna", "publish"): "npm",
    ("nuget", "push"): "NuGet",
    ("dotnet", "nuget", "push"): "NuGet",
}
"""Commands that send a package to a registry that knows trusted publishing."""

_LAST_WORDS = {command[-1] for command in PUBLISHERS}
_REGISTRY_OPTIONS = {
    "--registry", "--source", "--index-url", "--repository-url", "--repository", "--host", "--index",
    "--publish-url", "-Source",
}  # fmt: skip
_SHORT_OPTIONS = {
    "twine": {"-r"},
    "dotnet": {"-s"},
    "poetry": {"-r"},
    "pdm": {"-r"},
    "hatch": {"-r"},
}
_PUBLIC = regex.later(
    r"(?:https?://)?(?:[\w-]{1,20}\.)?(?:pypi\.org|nuget\.org|npmjs\.(?:org|com)|rubygems\.org|crates\.io)(?:/.*)?"
    r"|pypi|testpypi|crates-io|nuget"
)
_DRY = ("--dry-run", "--no-publish")
_LONGEST = 20_000
"""Characters of one line."""


class Command(Struct, frozen=True):
    """A command and the line it begins on, counted from 0."""

    words: tuple[str, ...]
    line: int


@lru_cache(maxsize=64)
def commands(script: str) -> tuple[Command, ...]:
    """The simple commands of a script in the shells of Unix, PowerShell or Windows."""
    return tuple(_commands(script))


def _commands(script: str) -> Iterator[Command]:
    for line, text in _logical(script):
        for part in _SPLIT.split(text[:_LONGEST]):
            words = [word.strip("\"'") for word in part.split()]
            while words and (words[0] in _PREFIXES or _ASSIGNMENT.fullmatch(words[0])):
                del words[0]
            if words:
                yield Command(tuple(words), line)


def _logical(script: str) -> Iterator[tuple[int, str]]:
    """Lines, with those that are continued put together, and the number of the first."""
    start, held = 0, ""
    for number, raw in enumerate(script.splitlines()):
        text = raw.strip()
        if not held:
            start = number
        if text.startswith("#") and not held:
            continue
        if text.endswith(("\\", "`", "^")) and len(held) < _LONGEST:
            held += text[:-1] + " "
            continue
        yield start, held + text
        held = ""
    if held:
        yield start, held


def registry(words: Sequence[str]) -> str:
    """The public registry that a command sends a package to; empty if it does no such thing, or only
    for show, or to somewhere else."""
    if _LAST_WORDS.isdisjoint(words):
        return ""
    words = _run(words)
    plain = [word for word in words if not word.startswith(("-", "+"))]
    if plain:
        plain[0] = plain[0].rpartition("/")[2].removesuffix(".exe").lower()
        plain[0] = _VERSION.sub("", plain[0])
    name = _publisher(plain)
    if not name:
        return ""
    if any(word.startswith(_DRY) for word in words) or (plain[0] == "cargo" and "-n" in words):
        return ""
    return "" if _goes_elsewhere(plain[0], words) else name


def _publisher(plain: Sequence[str]) -> str:
    """The registry of a tool and its command; between them may stand values of options."""
    for (tool, *command), name in PUBLISHERS.items():
        if plain[:1] != [tool] or command[-1] not in plain[1:]:
            continue
        between = plain[1 : plain.index(command[-1])]
        if all(word in between for word in command[:-1]) and _OTHER_COMMANDS.isdisjoint(between):
            return name
    return ""


_OTHER_COMMANDS = {
    "run", "run-script", "exec", "dlx", "install", "i", "add", "ci", "test", "build", "help", "config",
    "view", "info", "search", "remove", "version",
}  # fmt: skip
"""Commands of such tools; what follows one of them is its argument."""


def _goes_elsewhere(tool: str, words: Sequence[str]) -> bool:
    options = _REGISTRY_OPTIONS | _SHORT_OPTIONS.get(tool, set())
    for at, word in enumerate(words):
        option, _, value = word.partition("=")
        if option in options:
            value = value or (words[at + 1] if at + 1 < len(words) else "")
            if not is_public(value):
                return True
    return False


def is_public(registry: str) -> bool:
    """Whether the name or the address of a registry is that of a public one."""
    return bool(_PUBLIC.fullmatch(registry.strip("\"'")))


def _run(words: Sequence[str]) -> Sequence[str]:
    """The command that a runner of commands runs."""
    for _ in range(3):
        for runner in _RUNNERS:
            if tuple(words[: len(runner)]) == runner:
                rest = list(words[len(runner) :])
                while rest and rest[0].startswith("-"):
                    del rest[0]
                words = rest
                break
        else:
            if len(words) > 2 and _PYTHON.fullmatch(words[0]) and words[1] == "-m":
                words = words[2:]
            else:
                return words
    return words


_WRITE = regex.later(
    r"(?:>>?|\btee\b(?:\s+-a|\s+--append)?|-FilePath|-Path|-LiteralPath|Add-Content|Out-File|Set-Content)\s*"
    r"[\"']?(?:\$\{?(?:env:)?(?P<unix>GITHUB_(?:ENV|PATH))\b\}?|%(?P<dos>GITHUB_(?:ENV|PATH))%)",
    re.IGNORECASE,
)
_DYNAMIC = regex.later(r"\$(?!\{?(?:HOME|env:HOME)\b)[\w({]|`|%\w{1,60}%|\$\{\{|<<")


def environment_writes(script: str) -> Iterator[tuple[int, str]]:
    """The lines, counted from 0, that add something the script does not say itself to the environment
    of later steps, and the file they add it to. Of a command over several lines, the last is given."""
    lines = script.splitlines()
    for number, text in enumerate(lines):
        text = text[:_LONGEST]
        if text.lstrip().startswith("#"):
            continue
        for found in _WRITE.finditer(text):
            rest = text[: found.start()] + text[found.end() :]
            if text.lstrip().startswith(("}", ")", "EOF")):  # the end of a group
                group = "\n".join(lines[max(0, number - _LARGEST_GROUP) : number])
                static = not _DYNAMIC.search(group)
            else:
                static = bool(_SAYS.match(rest)) and not _DYNAMIC.search(rest)
            if not static:
                yield number, (found["unix"] or found["dos"]).upper()
                break


_LARGEST_GROUP = 50
_SAYS = regex.later(
    r"\s*(?:[{(]\s*)?(?:@?echo\b|printf\b|write-\w+|[\"']|[\w-]*-value\b|-\w+\s)", re.IGNORECASE
)
"""How a line begins that writes what it says itself, and not what another program prints."""
