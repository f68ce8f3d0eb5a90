"""git as one that asks servers: what refs they have, and the objects behind them.

The credential is in the environment of that one process (`GIT_CONFIG_VALUE_n`), never on its command line, in a
repository's settings or in what is told when it fails. No program is started but git's own and ssh, nobody is prompted,
and no redirect is followed: the credential is for the place that it was given for.
"""

from __future__ import annotations

import base64
import contextlib
import os
import re
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from typing import IO, Any

from msgspec import Struct

from keymuster.collect.repository import environment, prefix
from keymuster.errors import CollectError, Unreachable
from keymuster.estate.addresses import Address, address
from keymuster.estate.credentials import Reference, read
from keymuster.estate.surroundings import surroundings

_SETTINGS = {
    "http.followRedirects": "false",
    "http.sslVerify": "true",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
    "http.emptyAuth": "false",
    "http.delegation": "none",
    "http.cookieFile": "",
    "http.saveCookies": "false",
    "fetch.uriProtocols": "",
    "fetch.bundleURI": "",
    "transfer.bundleURI": "false",
    "fetch.recurseSubmodules": "false",
    "fetch.writeCommitGraph": "false",
    "fetch.showForcedUpdates": "false",
    "fetch.unpackLimit": "1",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "protocol.version": "2",
    "core.gitProxy": "",
}  # fmt: skip

_SSH = (
    "ssh", "-oBatchMode=yes", "-oStrictHostKeyChecking=yes", "-oConnectTimeout=30", "-oServerAliveInterval=30",
    "-oForwardAgent=no", "-oForwardX11=no", "-oPermitLocalCommand=no", "-oClearAllForwardings=yes",
)  # fmt: skip

_CERTIFICATES = ("GIT_SSL_CAINFO", "GIT_SSL_CAPATH")

_MOST_SAID = 128 * 1024 * 1024
"""Bytes of refs: those of a million."""

_REFUSED = re.compile(
    r"authentication failed|could not read (?:username|password)|terminal prompts disabled|permission denied"
    r"|error: 40[13]|access denied|not authorized|host key verification failed|unauthorized",
    re.IGNORECASE,
)
_WANTS = re.compile(r"could not read username|terminal prompts disabled|error: 401", re.IGNORECASE)
_ABSENT = re.compile(
    r"not found|error: 404|does not (?:appear to be a git repository|exist)", re.IGNORECASE
)
_TOO_LARGE = re.compile(
    r"died of signal 25|invalid index-pack output|file too large", re.IGNORECASE
)
_MOVED = re.compile(r"error: 30[1278]|unable to update url base from redirection", re.IGNORECASE)


class Refs(Struct, frozen=True, kw_only=True):
    """What a repository says that it has: refs with the ids of what they name, and the branch that HEAD is, if it is one."""

    ids: dict[str, str]
    head: str = ""

    def of(self, patterns: Sequence[str]) -> dict[str, str]:
        """Those that refspecs such as `refs/heads/*` are for, and HEAD."""
        wanted = [_pattern(one) for one in patterns]
        return {
            name: id
            for name, id in sorted(self.ids.items())
            if name == "HEAD" or any(one.fullmatch(name) for one in wanted)
        }


class Remote:
    """One repository by its URL; SettingsError if nobody may fetch from there, CollectError if the credential is not
    there. Whatever takes longer than `seconds`, if that is given, is Unreachable."""

    def __init__(self, options: dict[str, Any], seconds: float | None = None) -> None:
        self._seconds = seconds
        self.address: Address = address(str(options["url"]))
        self._secrets: list[str] = []
        given = surroundings((), os.environ)
        certificates = {name: given[name] for name in _CERTIFICATES if name in given}
        self._environment = (
            environment(given)  # it may be asked where credentials of all targets are
            | certificates
            | {
                "GIT_ALLOW_PROTOCOL": self.address.scheme,
                "GIT_SSH_COMMAND": shlex.join(_SSH),
                "GIT_SSH_VARIANT": "ssh",
            }
        )
        self._signed = bool(options.get("credential"))
        if said := options.get("credential"):
            self._sign(Reference(**said), str(options.get("user") or ""))

    def refs(self) -> Refs:
        """One call of git. CollectError where no other try helps, else Unreachable."""
        said = self._run("", "ls-remote", "--symref", "--", self.address.url)
        ids: dict[str, str] = {}
        head = ""
        for line in os.fsdecode(said).splitlines():
            id, tab, name = line.partition("\t")
            if id.startswith("ref: ") and name == "HEAD":
                head = id.removeprefix("ref: ")
            elif tab and _ID.fullmatch(id) and not name.endswith("^{}"):
                ids[name] = id
        return Refs(ids=ids, head=head)

    def fetch(
        self, folder: str, specs: Sequence[str], most_bytes: int, *, shallow: bool = False
    ) -> None:
        """Into a bare repository of ours, so that it has just these refs; without what came before them, if it is to be
        `shallow`. A pack of more bytes is not taken."""
        depth = ["--depth=1"] if shallow else []
        self._run(
            folder, "fetch", "--quiet", "--prune", "--force", "--no-tags", "--no-write-fetch-head",
            "--no-recurse-submodules", "--no-auto-maintenance", *depth, "--", self.address.url, *specs,
            most_bytes=most_bytes,
        )  # fmt: skip

    def _sign(self, reference: Reference, user: str) -> None:
        if self.address.scheme == "ssh":
            read(reference)  # says so if it is not there; ssh reads it itself
            words = (*_SSH, "-oIdentitiesOnly=yes", "-i", reference.file)
            self._environment["GIT_SSH_COMMAND"] = shlex.join(words)
            return
        text = read(reference).reveal().decode("utf-8", "replace")
        header = base64.b64encode(f"{user}:{text}".encode()).decode()
        self._secrets = [text, header]
        place = re.match(r"https?://[^/]+/", f"{self.address.url}/")
        assert place is not None
        self._environment |= {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{place[0]}.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {header}",
        }

    def _run(self, folder: str, *words: str, most_bytes: int = _MOST_SAID) -> bytes:
        """In a repository of ours, or in none: settings of one that we happen to be in could lead elsewhere."""
        settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
        nowhere = {} if folder else {"GIT_DIR": os.devnull}
        with _sink() as out, _sink() as said:
            try:
                process = subprocess.Popen(
                    [*prefix(folder or os.curdir), *settings, *words], stdin=subprocess.DEVNULL, stdout=out, stderr=said,
                    env=self._environment | nowhere,
                )  # fmt: skip
            except OSError as error:
                raise CollectError(
                    f"git could not be started: {error.strerror}", "Install git."
                ) from None
            try:
                _bound(process.pid, most_bytes)
                process.wait(self._seconds)
            except BaseException as error:
                process.kill()
                process.wait()
                if isinstance(error, subprocess.TimeoutExpired):
                    raise Unreachable(
                        f"no answer in {self._seconds:g} seconds",
                        "Try again later.",
                    ) from None
                raise
            if process.returncode:
                raise self._failure(_content(said).decode("utf-8", "replace"))
            return _content(out)

    def _failure(self, said: str) -> CollectError:
        """In git's words, as far as they are git's."""
        for secret in self._secrets:
            said = said.replace(secret, "****")
        lines = [line for line in said.splitlines() if line.startswith(("fatal:", "error:"))]
        words = next((line.partition(": ")[2] for line in lines), "") or next(
            iter(said.splitlines()), ""
        )
        words = "".join(one for one in words if one.isprintable())[:300]
        if "dubious ownership" in said:
            return CollectError(
                "git refuses a repository that belongs to another user",
                "If you trust it: git config --global --add safe.directory FOLDER",
            )
        if _MOVED.search(said):
            return CollectError(
                "the server sends us elsewhere, where the credential is not for",
                "Write down the address that the repository has now.",
            )
        if not self._signed and _WANTS.search(said):
            return CollectError(
                "it is not told to everybody, and this target names no credential",
                "Name one: `credential: {env: NAME}`.",
            )
        if _REFUSED.search(said):
            return CollectError(
                f"reading it was refused ({words})",
                "Grant reading of the repository to the credential of this target.",
            )
        if _ABSENT.search(said):
            return CollectError(
                f"there is no such repository, or not for this credential ({words})",
                "See its address, and what the credential of this target may read.",
            )
        if _TOO_LARGE.search(said):
            return CollectError(
                "it is larger than all that the cache may hold",
                "Raise `cache.size` in the estate's file.",
            )
        return Unreachable(
            f"it could not be fetched ({words or 'no reason given'})", "Try again later."
        )


_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def _pattern(spec: str) -> re.Pattern[str]:
    start, star, end = spec.partition("*")
    return re.compile(f"{re.escape(start)}{'.+' if star else ''}{re.escape(end)}")


@contextlib.contextmanager
def _sink() -> Iterator[IO[bytes]]:
    """Where a git writes to, which is limited as its files are: servers may say anything, without end."""
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("said"), "w+b") as made:
            yield made
        return
    import tempfile  # slow to import

    with tempfile.TemporaryFile() as made:
        yield made


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _bound(process: int, most_bytes: int) -> None:
    """Limit the size of the files that a git writes: a server may send without end."""
    try:
        import resource
    except ImportError:  # Windows
        return
    if hasattr(resource, "prlimit"):
        with contextlib.suppress(OSError, ValueError):
            resource.prlimit(process, resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
