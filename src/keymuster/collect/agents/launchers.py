"""What a command line starts: a package, an image, a script from the network, a program of the machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Sequence
from ntpath import basename
from typing import TypeAlias

from msgspec import Struct

from keymuster import regex
from keymuster.collect.agents import containers
from keymuster.collect.agents.servers import Word, is_url, split
from keymuster.model.unknown import is_unknown

Starter: TypeAlias = Callable[[list[Word]], "Launch | None"]

LOCAL = "local"
"""A program of the machine or of the project."""


class Launch(Struct, kw_only=True, frozen=True, eq=False):
    """What is started. `kind` is npm, pypi, image, git, script, go, nuget or local; `word` is the one that
    names it. `pinned` says whether it is always the same: `yes`, `no` (then `because`), `built` on the machine, or `unknown`.
    `rest` is what it is given itself."""

    kind: str
    name: str = ""
    version: str = ""
    pinned: str = "yes"
    because: str = ""
    word: Word | None = None
    rest: tuple[Word, ...] = ()
    container: containers.Container | None = None

    def __repr__(self) -> str:  # what it is given may be secrets
        return f"Launch({self.kind}, {self.name!r}, {self.version!r}, {self.pinned})"


_EXACT = regex.later(r"v?\d+(?:\.\d+){2,3}(?:[-+.]?[A-Za-z][\w.+-]*)?|v?\d+\.\d+\.\d+[-+][\w.+-]+")
_PYTHON_EXACT = regex.later(
    r"v?\d+(?:\.\d+)*(?:[-_.]?(?:a|b|rc|post|dev|alpha|beta)\.?\d*)*(?:\+[\w.]+)?"
)
_COMMIT = regex.later(r"[0-9a-f]{7,64}")
_TAG = regex.later(r"v?\d+(?:[._-]\w+)*|[\w.-]*\d+\.\d+[\w.-]*")
_DIGEST = regex.later(r"@sha256:[0-9a-f]{64}\Z")
_ASSIGNED = regex.later(r"[A-Za-z_]\w*=.*", re.DOTALL)
_PIPED = regex.later(
    r"(?i)\b(?:curl|wget|iwr|irm|invoke-webrequest|invoke-restmethod)\b[^\n]{0,400}?"
    r"(?:\|\s{0,8}(?:sudo\s{1,8}(?:-\S{1,20}\s{1,8}){0,4})?(?:env\s{1,8})?(?:\S{0,80}/)?(?:ba|z|da|k|fi)?sh\b|\|\s{0,8}(?:sudo\s{1,8})?(?:python|node|perl|ruby|iex|bun|deno)|\biex\b)"
    r"|\biex\b[^\n]{0,200}?\b(?:irm|iwr|downloadstring)\b"
    r"|(?:ba|z|da)?sh\s{1,8}(?:-c\s{1,8})?[\"']?(?:<\(|\$\()\s{0,8}(?:curl|wget)\b"
)
_NAME = r"(?:@[A-Za-z0-9~_][\w.~-]{0,213}/)?[A-Za-z0-9~_][\w.~-]{0,213}"
_NPM = regex.later(rf"(?P<name>{_NAME})(?:@(?P<version>.{{1,200}}))?")
_PYPI = regex.later(
    r"(?P<name>[A-Za-z0-9][\w.-]{0,213})(?:\[[\w,. -]{0,200}\])?\s*(?:(?P<sign>===?|@|~=|!=|[<>]=?)\s*(?P<version>.{1,200}))?"
)
_GIT = regex.later(
    r"(?i)\A(?:git\+|git://|github:|gitlab:|bitbucket:|git@|[\w-]+ @ git\+)|\.git(?:[@#]|\Z)"
)
_SHORT_GIT = regex.later(r"[\w.-]{1,100}/[\w.-]{1,100}(?:#.{1,200})?")
_LOCAL_PATH = regex.later(
    r"(?:[.~]{1,2}|[A-Za-z]:)?[/\\]|\.{1,2}\Z|file:|link:|\$\{(?:workspaceFolder|extensionPath|CLAUDE_PLUGIN_ROOT)"
)

_NPX_VALUES = {
    "-p",
    "--package",
    "-c",
    "--call",
    "--registry",
    "-w",
    "--workspace",
    "--cache",
    "--userconfig",
    "--prefix",
    "--loglevel",
}
_UV_VALUES = {
    "--from", "--with", "--with-editable", "--with-requirements", "--python", "-p", "--index-url", "-i",
    "--index", "--default-index", "--extra-index-url", "--find-links", "-f", "--env-file", "--directory",
    "--project", "--refresh-package", "--extra", "--group", "--only-group", "--cache-dir", "--config-file",
    "--constraints", "-c", "--overrides", "--prerelease", "--resolution", "--link-mode", "--index-strategy",
    "--keyring-provider", "--exclude-newer", "--package", "--color", "--native-tls", "-w", "--no-group",
}  # fmt: skip
_UV_FLAGS = {"--native-tls"}
_PIPX_VALUES = {
    "--spec",
    "--python",
    "--index-url",
    "-i",
    "--pip-args",
    "--with",
    "--fetch-missing-python",
}
_LOCAL_RUNNERS = {
    "tsx",
    "ts-node",
    "nodemon",
    "node",
    "tsc",
    "vite-node",
    "esno",
    "dotenv",
    "dotenvx",
    "cross-env",
}
"""Packages that run a program of the project."""

_RUNTIMES = {"docker", "podman", "nerdctl", "finch", "container"}
_SHELLS = {"sh", "bash", "zsh", "dash", "ksh", "fish", "ash"}
_PREFIXES = {"sudo", "env", "exec", "time", "nice", "nohup", "command", "caffeinate"}
"""Programs that start what follows, with other rights or variables."""
_KEEPERS = {
    "op", "doppler", "direnv", "dotenv", "dotenvx", "mise", "infisical", "aws-vault", "chamber", "teller",
}  # fmt: skip
"""Keepers of secrets, which start what follows `--`."""
_LONGEST = 10_000
"""Characters of a line that is looked at."""
_DEEPEST = 6


def launch(words: Sequence[Word], depth: int = 0) -> Launch:
    """What the words start, behind wrappers and shells."""
    words = _unwrapped(words)
    if not words or depth > _DEEPEST:
        return Launch(kind=LOCAL)
    program, rest = _program(words[0].text), list(words[1:])
    if program in _SHELLS and (at := _index(rest, ("-c", "-lc", "-ic", "-cl", "-lic"))) is not None:
        return _line(rest[at + 1 : at + 2], depth)
    if (
        program == "cmd"
        and (at := _index([Word(w.text.lower(), w.node) for w in rest], ("/c", "/k", "//c")))
        is not None
    ):
        return (
            _line(rest[at + 1 :], depth)
            if len(rest) == at + 2
            else launch(rest[at + 1 :], depth + 1)
        )
    if program in ("powershell", "pwsh"):
        at = _index([Word(w.text.lower(), w.node) for w in rest], ("-command", "-c"))
        return _line(rest[at + 1 :], depth) if at is not None else Launch(kind=LOCAL, name=program)
    if program in _RUNTIMES:
        return _image(rest)
    starter = _STARTERS.get(program)
    if starter is not None and (found := starter(rest)) is not None:
        return found
    if is_piped(" ".join(word.text for word in words)):
        return Launch(
            kind="script",
            name="a script",
            pinned="no",
            because="whatever its address gives",
            word=words[0],
        )
    return Launch(kind=LOCAL, name=program, word=words[0], rest=tuple(rest))


def _line(words: Sequence[Word], depth: int) -> Launch:
    """Of a line for a shell, the first command that fetches something; else what it starts last."""
    if not words:
        return Launch(kind=LOCAL)
    text, node = " ".join(word.text for word in words), words[0].node
    if is_piped(text):
        return Launch(
            kind="script",
            name="a script",
            pinned="no",
            because="whatever its address gives",
            word=words[0],
        )
    last = Launch(kind=LOCAL)
    for part in re.split(r"&&|\|\||[;|\n]", text[:20_000])[:50]:
        last = launch([Word(word, node) for word in split(part)], depth + 1)
        if last.pinned == "no":
            return last
    return last


def is_piped(line: str) -> bool:
    """Whether a line runs what it has just fetched."""
    return _PIPED.search(line[:_LONGEST]) is not None


def _program(text: str) -> str:
    name = basename(text.strip().rstrip("/\\")).lower()
    for ending in (".exe", ".cmd", ".bat", ".ps1"):
        name = name.removesuffix(ending)
    return name


def _unwrapped(words: Sequence[Word]) -> list[Word]:
    """Without assignments and programs that only start another one."""
    at = 0
    for _ in range(20):
        if at >= len(words):
            break
        program = _program(words[at].text)
        if _ASSIGNED.fullmatch(words[at].text):
            at += 1
        elif program in _PREFIXES:
            at += 1
            while at < len(words) and words[at].text.startswith("-"):
                at += 2 if words[at].text in ("-u", "-n", "-C") else 1
        elif program in _KEEPERS and (dashes := _index(words[at:], ("--",))) is not None:
            at += dashes + 1
        else:
            break
    return list(words[at:])


def _index(words: Sequence[Word], wanted: Sequence[str]) -> int | None:
    return next((at for at, word in enumerate(words) if word.text in wanted), None)


def _options(
    rest: Sequence[Word], values: set[str], flags: Container[str] = ()
) -> tuple[list[tuple[str, Word]], int]:
    """(option, its value) of those before the first word that is none, and where that is."""
    found: list[tuple[str, Word]] = []
    at = 0
    while at < len(rest):
        text = rest[at].text
        if text == "--":
            return found, at + 1
        if not text.startswith("-") or text == "-":
            break
        name, equals, value = text.partition("=")
        if equals:
            found.append((name, Word(value, rest[at].node)))
        elif name in values and name not in flags and at + 1 < len(rest):
            found.append((name, rest[at + 1]))
            at += 1
        else:
            found.append((name, Word("", rest[at].node)))
        at += 1
    return found, at


def _npx(rest: list[Word]) -> Launch | None:
    options, at = _options(rest, _NPX_VALUES)
    named = [value for name, value in options if name in ("-p", "--package")]
    for name, value in options:
        if name in ("-c", "--call") and not named:
            return _line([value], 1)
    if named:
        packages = [_npm(one, tuple(rest[at + 1 :])) for one in named]
        return next((one for one in packages if one.pinned == "no"), packages[0])
    if at >= len(rest):
        return None
    asked = any(name in ("-y", "--yes") for name, _ in options)
    if rest[at].text in _LOCAL_RUNNERS and not asked:
        return Launch(kind=LOCAL, name=rest[at].text, word=rest[at], rest=tuple(rest[at + 1 :]))
    if any(name == "--no-install" or name == "--no" for name, _ in options):
        return Launch(kind=LOCAL, name=rest[at].text, word=rest[at], rest=tuple(rest[at + 1 :]))
    return _npm(rest[at], tuple(rest[at + 1 :]))


def _npm(word: Word, rest: tuple[Word, ...]) -> Launch:
    text = word.text.removeprefix("npm:").strip()
    if _LOCAL_PATH.match(text):
        return Launch(kind=LOCAL, name=text, word=word, rest=rest)
    if _GIT.search(text) or (_SHORT_GIT.fullmatch(text) and not text.startswith("@")):
        return _git(word, text, rest)
    if is_url(text):
        return Launch(
            kind="script",
            name="a package",
            pinned="no",
            because="whatever its address gives",
            word=word,
            rest=rest,
        )
    found = _NPM.fullmatch(text)
    if found is None:
        return Launch(kind="npm", name=text, pinned="unknown", word=word, rest=rest)
    return _package("npm", found["name"], found["version"] or "", word, rest, _EXACT)


def _package(
    kind: str, name: str, version: str, word: Word, rest: tuple[Word, ...], exact: re.Pattern[str]
) -> Launch:
    pinned, because = _judged(version, exact)
    return Launch(
        kind=kind, name=name, version=version, pinned=pinned, because=because, word=word, rest=rest
    )


def _judged(version: str, exact: re.Pattern[str]) -> tuple[str, str]:
    if not version:
        return "no", "no version"
    if is_unknown(version) or "<" in version[:1] or version.startswith(("$", "%")):
        return "unknown", ""
    if exact.fullmatch(version):
        return "yes", ""
    if version.strip().lower() in ("latest", "next", "main", "master", "canary", "beta", "*", "x"):
        return "no", f"`{version.strip()[:40]}`, which moves"
    return "no", "a range of versions"


def _git(word: Word, text: str, rest: tuple[Word, ...]) -> Launch:
    """A repository: pinned by a commit or by the tag of a version."""
    base, hash, reference = text.partition("#")
    if not hash:
        head, _, tail = text.rpartition("@")
        path = re.sub(r"\A(?:[\w.\[\],-]+ ?@ ?)?(?:git\+)?\w+://(?:[^/@]*@)?", "", text)
        reference = tail if head and "@" in path else ""
    else:
        reference = next(
            (
                part.split("=", 1)[-1]
                for part in reference.split("&")
                if not part.startswith(("egg=", "subdirectory="))
            ),
            "",
        )
    name = re.sub(r"://[^/@]*@", "://", base)[:200]
    if reference.startswith("semver:"):
        reference = reference.removeprefix("semver:")
    if not reference:
        return Launch(
            kind="git", name=name, pinned="no", because="the head of a branch", word=word, rest=rest
        )
    if is_unknown(reference):
        return Launch(kind="git", name=name, pinned="unknown", word=word, rest=rest)
    fixed = _COMMIT.fullmatch(reference) or _TAG.fullmatch(reference.rpartition("/")[2])
    return Launch(
        kind="git", name=name, version=reference, pinned="yes" if fixed else "no",
        because="" if fixed else f"the branch `{reference[:40]}`", word=word, rest=rest,
    )  # fmt: skip


def _pypi(word: Word, rest: tuple[Word, ...]) -> Launch:
    text = word.text.strip()
    if _LOCAL_PATH.match(text):
        return Launch(kind=LOCAL, name=text, word=word, rest=rest)
    if _GIT.search(text):
        return _git(word, text, rest)
    if is_url(text) or " @ http" in text:
        wheel = text.split("#")[0].endswith((".whl", ".tar.gz")) and "#sha256=" in text
        return Launch(kind="script", name="a package", pinned="yes" if wheel else "no",
                      because="" if wheel else "whatever its address gives", word=word, rest=rest)  # fmt: skip
    found = _PYPI.fullmatch(text)
    if found is None:
        return Launch(kind="pypi", name=text[:200], pinned="unknown", word=word, rest=rest)
    version = found["version"] or ""
    if found["sign"] not in (None, "==", "===", "@"):
        return Launch(
            kind="pypi",
            name=found["name"],
            version=version,
            pinned="no",
            because="a range of versions",
            word=word,
            rest=rest,
        )
    if version.endswith(".*"):
        return Launch(
            kind="pypi",
            name=found["name"],
            version=version,
            pinned="no",
            because="a range of versions",
            word=word,
            rest=rest,
        )
    return _package("pypi", found["name"], version, word, rest, _PYTHON_EXACT)


def _uvx(rest: list[Word]) -> Launch | None:
    options, at = _options(rest, _UV_VALUES, _UV_FLAGS)
    named = [value for name, value in options if name == "--from"]
    added = [_pypi(value, ()) for name, value in options if name in ("--with", "-w") and value.text]
    if at >= len(rest) and not named:
        return None
    main = (
        _pypi(named[-1], tuple(rest[at + 1 :])) if named else _pypi(rest[at], tuple(rest[at + 1 :]))
    )
    return main if main.pinned == "no" else next((one for one in added if one.pinned == "no"), main)


def _uv(rest: list[Word]) -> Launch | None:
    _, at = _options(rest, _UV_VALUES, _UV_FLAGS)
    command, left = (rest[at].text, rest[at + 1 :]) if at < len(rest) else ("", [])
    if command == "tool" and left and left[0].text == "run":
        return _uvx(left[1:])
    if command == "x":
        return _uvx(left)
    if command != "run":
        return None
    options, at = _options(left, _UV_VALUES, _UV_FLAGS)
    behind = left[at:]
    for name, value in options:
        if name in ("--with", "-w") and value.text:
            for one in value.text.split(","):
                found = _pypi(Word(one, value.node), tuple(behind))
                if found.pinned == "no":
                    return found
    if behind and is_url(behind[0].text):
        return Launch(
            kind="script",
            name="a script",
            pinned="no",
            because="whatever its address gives",
            word=behind[0],
            rest=tuple(behind[1:]),
        )
    return launch(behind, 1) if behind and _program(behind[0].text) in _STARTERS else Launch(
        kind=LOCAL, name=behind[0].text if behind else "uv", word=behind[0] if behind else None, rest=tuple(behind[1:])
    )  # fmt: skip


def _pipx(rest: list[Word]) -> Launch | None:
    if not rest or rest[0].text != "run":
        return None
    options, at = _options(rest[1:], _PIPX_VALUES)
    left = rest[1 + at :]
    named = [value for name, value in options if name == "--spec"]
    if named:
        return _pypi(named[0], tuple(left[1:]))
    return _pypi(left[0], tuple(left[1:])) if left else None


def _pip(rest: list[Word]) -> Launch | None:
    if not rest or rest[0].text != "install":
        return None
    _, at = _options(rest[1:], {"-r", "-i", "--index-url", "-t", "--target", "-c"})
    names = [word for word in rest[1 + at :] if not word.text.startswith("-")]
    found = [_pypi(word, ()) for word in names]
    return next((one for one in found if one.pinned == "no"), None)


def _subcommand(*commands: tuple[str, ...]) -> Starter:
    def run(rest: list[Word]) -> Launch | None:
        _, at = _options(rest, {"--dir", "-C", "--cwd", "--prefix", "--filter"})
        for words in commands:
            if tuple(word.text for word in rest[at : at + len(words)]) == words:
                return _npx(rest[at + len(words) :])
        if (
            rest
            and rest[0].text in ("install", "i", "add")
            and any(w.text in ("-g", "--global", "global") for w in rest)
        ):
            names = [
                _npm(w, ()) for w in rest[1:] if not w.text.startswith("-") and w.text != "global"
            ]
            return next((one for one in names if one.pinned == "no"), None)
        return None

    return run


def _python(rest: list[Word]) -> Launch | None:
    if len(rest) > 1 and rest[0].text == "-m":
        if rest[1].text == "pip":
            return _pip(rest[2:])
        if rest[1].text == "pipx":
            return _pipx(rest[2:])
        if rest[1].text == "uv":
            return _uv(rest[2:])
        return Launch(kind=LOCAL, name=rest[1].text, word=rest[1], rest=tuple(rest[2:]))
    return None


def _deno(rest: list[Word]) -> Launch | None:
    if not rest or rest[0].text not in ("run", "x", "serve"):
        return None
    for at, word in enumerate(rest[1:], 1):
        text = word.text
        if text.startswith(("npm:", "jsr:")):
            return _npm(
                Word(text.removeprefix("jsr:").removeprefix("npm:").lstrip("/"), word.node),
                tuple(rest[at + 1 :]),
            )
        if is_url(text):
            fixed = re.search(r"@v?\d+\.\d+\.\d+", text)
            return Launch(kind="script", name="a script", pinned="yes" if fixed else "no",
                          because="" if fixed else "whatever its address gives", word=word, rest=tuple(rest[at + 1 :]))  # fmt: skip
        if not text.startswith("-"):
            return None
    return None


def _go(rest: list[Word]) -> Launch | None:
    if not rest or rest[0].text not in ("run", "install"):
        return None
    for at, word in enumerate(rest[1:], 1):
        if word.text.startswith("-"):
            continue
        name, sign, version = word.text.partition("@")
        if not sign or _LOCAL_PATH.match(name):
            return None
        return _package("go", name, version, word, tuple(rest[at + 1 :]), _EXACT)
    return None


def _dnx(rest: list[Word]) -> Launch | None:
    options, at = _options(rest, {"--version", "--source", "--add-source", "--configfile"})
    if at >= len(rest):
        return None
    name, _, version = rest[at].text.partition("@")
    version = version or next(
        (value.text for option, value in options if option == "--version"), ""
    )
    later, _ = _options(rest[at + 1 :], {"--version", "--source", "--add-source"})
    version = version or next((value.text for option, value in later if option == "--version"), "")
    return _package("nuget", name, version, rest[at], tuple(rest[at + 1 :]), _EXACT)


def _dotnet(rest: list[Word]) -> Launch | None:
    words = [word.text for word in rest[:2]]
    if words == ["tool", "exec"]:
        return _dnx(rest[2:])
    return _dnx(rest[1:]) if words[:1] == ["dnx"] else None


def _image(rest: list[Word]) -> Launch:
    """The image that a runtime of containers runs."""
    found = containers.container(rest)
    if found is None or found.image is None:
        return Launch(kind=LOCAL, name="a container", container=found)
    text = found.image.text
    name = text.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        head, tag = name, ""
    pinned, because = _tagged(text, head, tag)
    return Launch(
        kind="image", name=head, version=tag, pinned=pinned, because=because, word=found.image,
        rest=found.rest, container=found,
    )  # fmt: skip


def _tagged(text: str, name: str, tag: str) -> tuple[str, str]:
    if _DIGEST.search(text):
        return "yes", ""
    if is_unknown(text) or "$" in text or "<" in text:
        return "unknown", ""
    if not tag:
        if "/" not in name:  # not of a publisher: built on the machine, as often as not
            return "built", ""
        return "no", "no tag"
    if _TAG.fullmatch(tag) or _COMMIT.fullmatch(tag) or re.search(r"\d+\.\d+|[0-9a-f]{7,}", tag):
        return "yes", ""
    return "no", f"the tag `{tag[:40]}`, which moves"


_STARTERS: dict[str, Starter] = {
    "npx": _npx, "bunx": _npx, "pnpx": _npx, "pnpm": _subcommand(("dlx",), ("exec", "--package")),
    "yarn": _subcommand(("dlx",)), "npm": _subcommand(("exec",), ("x",)), "bun": _subcommand(("x",)),
    "uvx": _uvx, "uv": _uv, "pipx": _pipx, "pip": _pip, "pip3": _pip, "python": _python, "python3": _python,
    "py": _python, "deno": _deno, "go": _go, "dnx": _dnx, "dotnet": _dotnet,
}  # fmt: skip
"""Programs that fetch what they start."""
