"""Real git repositories for tests, the same to the last bit on every machine."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

START = 1_767_225_600  # 2026-01-01T00:00:00Z
"""When the first commit of a repository is made; each further one comes a minute later."""

AUTHOR = "Ada Author <ada@example.org>"


class Repository:
    """A repository driven by the git program, without any settings but its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._now = START

    @classmethod
    def create(cls, path: Path, *words: str) -> Repository:
        path.mkdir(parents=True, exist_ok=True)
        made = cls(path)
        made.git("init", "--quiet", "--initial-branch=main", *words, ".")
        return made

    def git(
        self,
        *words: str,
        input: bytes | None = None,
        env: Mapping[str, str] | None = None,
        check: bool = True,
    ) -> str:
        """What git prints, without the last line end."""
        return os.fsdecode(self.raw(*words, input=input, env=env, check=check)).removesuffix("\n")

    def raw(
        self,
        *words: str,
        input: bytes | None = None,
        env: Mapping[str, str] | None = None,
        check: bool = True,
    ) -> bytes:
        done = subprocess.run(
            ["git", *words],
            cwd=self.path,
            input=b"" if input is None else input,
            capture_output=True,
            env=self.environment() | dict(env or {}),
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"git {' '.join(words)}: {done.stderr.decode()}")
        return done.stdout

    def environment(self) -> dict[str, str]:
        name, _, mail = AUTHOR.removesuffix(">").partition(" <")
        when = f"{self._now} +0100"
        return {
            **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "protocol.file.allow",
            "GIT_CONFIG_VALUE_0": "always",
            "GIT_AUTHOR_NAME": name,
            "GIT_AUTHOR_EMAIL": mail,
            "GIT_AUTHOR_DATE": when,
            "GIT_COMMITTER_NAME": name,
            "GIT_COMMITTER_EMAIL": mail,
            "GIT_COMMITTER_DATE": when,
        }

    def write(self, name: str | bytes, content: str | bytes) -> Path:
        """A file with this content, in a folder made for it."""
        path = self.path / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def stage(self, files: Mapping[str, str | bytes]) -> None:
        for name, content in files.items():
            self.write(name, content)
        self.git("add", "--force", "--", *files)

    def commit(
        self, files: Mapping[str, str | bytes] | None = None, message: str = "change"
    ) -> str:
        """Stage the files, commit the index, and give the id of the commit."""
        if files:
            self.stage(files)
        self.git("commit", "--quiet", "--allow-empty", "--no-verify", "-m", message)
        return self.tick()

    def tick(self) -> str:
        """Let a minute pass after a commit was made; its id."""
        self._now += 60
        return self.git("rev-parse", "HEAD")
