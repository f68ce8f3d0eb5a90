"""Repositories that try to make git start a program or open a connection."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from keymuster.collect import git
from keymuster.collect.provenance import provenance
from keymuster.rules.schema import RuleSet
from repositories import Repository
from scans import Look, look

SETTINGS = (
    "core.fsmonitor",
    "core.sshCommand",
    "core.askPass",
    "core.pager",
    "core.editor",
    "core.gitProxy",
    "core.alternateRefsCommand",
    "pager.log",
    "pager.diff",
    "pager.ls-files",
    "diff.external",
    "diff.evil.command",
    "diff.evil.textconv",
    "filter.evil.clean",
    "filter.evil.smudge",
    "filter.evil.process",
    "merge.evil.driver",
    "gpg.program",
    "gpg.ssh.program",
    "gpg.x509.program",
    "uploadpack.packObjectsHook",
    "sequence.editor",
    "interactive.diffFilter",
    "remote.origin.uploadpack",
    "remote.origin.receivepack",
)
"""What names a program in a repository's own settings."""

COMMANDS = (
    *("cat-file", "config", "diff", "log", "ls-files", "ls-tree", "rev-list", "rev-parse"),
    *("for-each-ref", "symbolic-ref", "fetch"),
)


@pytest.fixture
def secret(token: Callable[..., str]) -> str:
    return token("github-pat")


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """A file that exists as soon as the script beside it has been started."""
    return tmp_path / "started"


@pytest.fixture
def script(tmp_path: Path, marker: Path) -> str:
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\necho $0 $* >> {marker}\nexit 1\n")
    script.chmod(0o755)
    return str(script)


@pytest.fixture
def hostile(
    tmp_path: Path, make_repo: Callable[..., Repository], script: str, secret: str
) -> Repository:
    """A repository whose every setting starts the script, with something to find for all sources."""
    repo = make_repo(tmp_path / "hostile")
    repo.commit({"old.py": f"{secret}\n", "sub/old.py": "x\n"})
    unsigned = repo.git("cat-file", "commit", "HEAD")
    repo.commit({".gitattributes": "* diff=evil filter=evil merge=evil\n"})
    repo.write("staged.py", f"x\n{secret}\n")
    repo.git("add", "staged.py")
    repo.write("sub/old.py", "changed, and of another size\n")
    head, _, body = unsigned.partition("\n\n")
    signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----"
    signed = repo.git(
        "hash-object",
        "-t",
        "commit",
        "-w",
        "--stdin",
        input=f"{head}\n{signature}\n\n{body}".encode(),
    )
    repo.git("update-ref", "refs/heads/signed", signed)
    for name in SETTINGS:
        repo.git("config", name, script)
    for name in COMMANDS:
        repo.git("config", f"alias.{name}", f"!{script}")
    repo.git("config", "credential.helper", f"!{script}")
    repo.git("config", "log.showSignature", "true")
    repo.git("config", "log.mailmap", "true")
    repo.git("config", "core.hooksPath", str(tmp_path / "hooks"))
    (tmp_path / "hooks").mkdir()
    for name in ("post-index-change", "reference-transaction", "post-checkout", "pre-auto-gc"):
        for folder in (tmp_path / "hooks", repo.path / ".git" / "hooks"):
            (folder / name).symlink_to(script)
    return repo


def test_the_trap_works(hostile: Repository, marker: Path) -> None:
    hostile.git("log", "-p", check=False)

    assert marker.exists()


def test_a_worktree_scan_starts_nothing(
    hostile: Repository, rules: RuleSet, secret: str, marker: Path
) -> None:
    seen = look("worktree", rules, hostile.path)

    assert seen.paths(secret) == ["old.py", "staged.py"]
    assert not seen.troubles
    assert not marker.exists()


def test_a_scan_of_the_staged_change_starts_nothing(
    hostile: Repository, rules: RuleSet, secret: str, marker: Path
) -> None:
    seen = look("staged", rules, hostile.path)

    assert [(place.path, place.line) for place in seen.places(secret)] == [("staged.py", 2)]
    assert not seen.troubles
    assert not marker.exists()


@pytest.mark.parametrize("selection", [{}, {"unreachable": True}, {"range": ("HEAD~1..HEAD",)}])
def test_a_history_scan_starts_nothing(
    hostile: Repository, rules: RuleSet, secret: str, marker: Path, selection: dict[str, object]
) -> None:
    seen = look("history", rules, hostile.path, **selection)

    assert ("old.py" in seen.paths(secret)) == ("range" not in selection)
    assert not seen.troubles
    assert not marker.exists()


def test_looking_for_provenance_starts_nothing(hostile: Repository, marker: Path) -> None:
    assert provenance(str(hostile.path)).branch == "main"
    assert not marker.exists()


def test_nothing_is_written_into_the_repository(hostile: Repository, rules: RuleSet) -> None:
    def state() -> dict[Path, tuple[int, int]]:
        return {
            path: (path.lstat().st_mtime_ns, path.lstat().st_size)
            for path in hostile.path.rglob("*")
        }

    before = state()
    for source in ("worktree", "staged", "history"):
        look(source, rules, hostile.path)

    assert state() == before


class TestPartialClones:
    @pytest.fixture
    def clone(
        self, tmp_path: Path, make_repo: Callable[..., Repository], secret: str
    ) -> Repository:
        """A clone without file versions but those of HEAD, whose origin is gone."""
        origin = make_repo(tmp_path / "origin")
        origin.git("config", "uploadpack.allowFilter", "true")
        origin.commit({"old.py": f"missing {secret}\n"})
        origin.commit({"old.py": "clean\n", "new.py": secret})
        origin.git(
            "clone", "--quiet", "--no-local", "--filter=blob:none",
            origin.path.as_uri(), str(tmp_path / "clone"),
        )  # fmt: skip
        origin.path.rename(tmp_path / "moved")
        return Repository(tmp_path / "clone")

    def test_what_is_missing_is_not_fetched_and_the_report_says_so(
        self, clone: Repository, rules: RuleSet, secret: str
    ) -> None:
        seen = look("history", rules, clone.path)

        assert seen.paths(secret) == ["new.py"]
        assert "partial clone" in seen.trouble("history").message

    def test_a_range_names_each_file_version_it_could_not_see(
        self, clone: Repository, rules: RuleSet
    ) -> None:
        missing = clone.git("rev-parse", "HEAD~1:old.py")

        seen = look("history", rules, clone.path, range=("HEAD~1",))

        assert "is missing" in seen.trouble(f"object {missing}").message

    @pytest.mark.parametrize("source", ["worktree", "staged", "history"])
    def test_a_remote_that_is_a_command_is_not_asked(
        self, clone: Repository, rules: RuleSet, source: str, script: str, marker: Path
    ) -> None:
        clone.stage({"new.py": "another"})
        clone.git("config", "remote.origin.url", f"ext::{script} %S")
        clone.git("config", "protocol.allow", "always")
        clone.git("config", "protocol.ext.allow", "always")
        clone.git("fetch", check=False)
        assert marker.exists()
        marker.unlink()

        look(source, rules, clone.path)
        look("history", rules, clone.path, range=("HEAD~1",))

        assert not marker.exists()

    def test_a_git_that_knows_no_way_to_forbid_fetching_starts_nothing_either(
        self, clone: Repository, rules: RuleSet, script: str, marker: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        clone.git("config", "remote.origin.url", f"ext::{script} %S")
        clone.git("config", "protocol.ext.allow", "always")
        ours = git.environment
        monkeypatch.setattr(
            git,
            "environment",
            lambda *given, **how: ours(*given, **how) | {"GIT_NO_LAZY_FETCH": "0"},
        )

        look("history", rules, clone.path, range=("HEAD~1",))

        assert not marker.exists()

    def test_a_remote_that_is_a_folder_is_not_asked(
        self, clone: Repository, rules: RuleSet, tmp_path: Path, secret: str
    ) -> None:
        clone.git("config", "protocol.file.allow", "always")
        (tmp_path / "moved").rename(tmp_path / "origin")

        seen = look("history", rules, clone.path, range=("HEAD~1",))

        assert not seen.places(secret)
        assert len(seen.troubles) == 2


class TestSettingsThatChangeALog:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("log.date", "relative"),
            ("log.abbrevCommit", "true"),
            ("log.decorate", "full"),
            ("log.follow", "true"),
            ("log.showRoot", "false"),
            ("log.diffMerges", "first-parent"),
            ("log.initialDecorationSet", "all"),
            ("format.pretty", "oneline"),
            ("format.notes", "true"),
            ("notes.displayRef", "refs/notes/*"),
            ("core.abbrev", "8"),
            ("core.quotePath", "true"),
            ("core.commentChar", ";"),
            ("diff.renames", "copies"),
            ("diff.noprefix", "true"),
            ("diff.relative", "true"),
            ("color.ui", "always"),
            ("i18n.logOutputEncoding", "UTF-16"),
            ("core.bare", "true"),
            ("core.worktree", "/"),
        ],
    )
    def test_the_history_is_the_same_whatever_the_settings_say(
        self, tmp_path: Path, make_repo: Callable[..., Repository], rules: RuleSet, secret: str,
        name: str, value: str,
    ) -> None:  # fmt: skip
        repo = make_repo(tmp_path)
        first = repo.commit({"ü.py": f"x\n{secret}\n"})
        repo.git("notes", "add", "-m", "a note")
        repo.commit({"ü.py": "clean\n"})
        repo.git("config", name, value)

        [place] = look("history", rules, tmp_path).places(secret)

        assert (place.path, place.line) == ("ü.py", 2)
        assert place.commit is not None
        assert place.commit.id == first


def test_grafts_and_replacements_hide_nothing(
    tmp_path: Path, make_repo: Callable[..., Repository], rules: RuleSet, secret: str
) -> None:
    repo = make_repo(tmp_path)
    repo.commit({"a.py": secret})
    middle = repo.commit({"a.py": "clean"})
    last = repo.commit({"b.py": "x"})
    repo.write(".git/info/grafts", f"{last}\n")
    repo.git("replace", "--graft", middle)

    assert _paths(look("history", rules, tmp_path), secret) == ["a.py"]


def _paths(seen: Look, secret: str) -> list[str]:
    assert not seen.troubles
    return seen.paths(secret)
