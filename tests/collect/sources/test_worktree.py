"""Files as they lie on disk."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keymuster import registry
from keymuster.collect.base import Batch, Blob
from keymuster.collect.sources import worktree
from keymuster.errors import SettingsError, Unreadable
from keymuster.model import Trouble
from keymuster.rules.schema import RuleSet
from repositories import Repository
from scans import Look, context, look

Token = Callable[..., str]
MakeRepo = Callable[..., Repository]
ANOTHER_USER = 65_534
PIECE, OVERLAP = 4096, 1024


@pytest.fixture
def secret(token: Token) -> str:
    return token("github-pat")


@pytest.fixture
def scan(rules: RuleSet, tmp_path: Path) -> Callable[..., Look]:
    def scan(*paths: Path, **selection: object) -> Look:
        return look("worktree", rules, tmp_path, *paths, **selection)

    return scan


class TestWhatIsListed:
    def test_tracked_and_untracked_files_are_scanned_but_not_ignored_ones(
        self, tmp_path: Path, make_repo: MakeRepo, secret: str, scan: Callable[..., Look]
    ) -> None:
        repo = make_repo(tmp_path)
        repo.commit({"tracked.py": secret, ".gitignore": "ignored.*\n"})
        repo.write("untracked.py", secret)
        repo.write("ignored.py", secret)

        assert scan().paths(secret) == ["tracked.py", "untracked.py"]

    def test_ignored_files_are_scanned_when_asked_for(
        self, tmp_path: Path, make_repo: MakeRepo, secret: str, scan: Callable[..., Look]
    ) -> None:
        repo = make_repo(tmp_path)
        repo.commit({".gitignore": "ignored.*\nbuild/\n"})
        repo.write("ignored.py", secret)
        repo.write("build/made.py", secret)

        seen = scan(include_ignored=True)

        assert seen.paths(secret) == ["build/made.py", "ignored.py"]

    def test_a_tracked_file_is_scanned_even_if_it_is_ignored(
        self, tmp_path: Path, make_repo: MakeRepo, secret: str, scan: Callable[..., Look]
    ) -> None:
        repo = make_repo(tmp_path)
        repo.commit({".env": secret})
        repo.commit({".gitignore": ".env\n"})

        assert scan().paths(secret) == [".env"]

    def test_outside_of_a_repository_every_file_is_scanned(
        self, tmp_path: Path, secret: str, scan: Callable[..., Look]
    ) -> None:
        (tmp_path / "a" / "b").mkdir(parents=True)
        for name in ("top.txt", "a/one.txt", "a/b/.hidden"):
            (tmp_path / name).write_text(secret)

        assert scan().paths(secret) == ["a/b/.hidden", "a/one.txt", "top.txt"]

    def test_files_are_counted_by_first_folder(
        self, tmp_path: Path, rules: RuleSet, secret: str
    ) -> None:
        (tmp_path / "a" / "b").mkdir(parents=True)
        for name in ("top.txt", "a/one.txt", "a/b/.hidden"):
            (tmp_path / name).write_text("")
        source = worktree.Worktree(context(rules, tmp_path))
        [batch] = source.batches()
        assert isinstance(batch, Batch)
        assert len(batch.items) == 3
        assert source.folders() == {".": 1, "a/": 2}

    def test_a_very_deep_folder_is_walked_to_its_end(
        self, tmp_path: Path, secret: str, scan: Callable[..., Look]
    ) -> None:
        deep = "d/" * 1200
        subprocess.run(["mkdir", "-p", deep], cwd=tmp_path, check=True)
        (tmp_path / deep / "end.txt").write_text(secret)

        seen = scan()
        subprocess.run(["rm", "-rf", "d"], cwd=tmp_path, check=True)  # too deep for pytest

        assert len(seen.places(secret)) == 1
        assert not seen.troubles

    def test_a_file_named_twice_is_scanned_once(
        self, tmp_path: Path, secret: str, scan: Callable[..., Look]
    ) -> None:
        (tmp_path / "a.txt").write_text(secret)

        assert scan(tmp_path / "a.txt", tmp_path).paths(secret) == ["a.txt"]

    def test_a_file_whose_name_starts_with_two_dots_keeps_its_relative_path(
        self, tmp_path: Path, secret: str, scan: Callable[..., Look]
    ) -> None:
        (tmp_path / "..secret").write_text(secret)

        assert scan().paths(secret) == ["..secret"]

    def test_a_folder_of_a_repository_is_scanned_alone(
        self, tmp_path: Path, make_repo: MakeRepo, secret: str, scan: Callable[..., Look]
    ) -> None:
        repo = make_repo(tmp_path)
        repo.commit({"a/one.py": secret, "b/two.py": secret})

        assert scan(tmp_path / "a").paths(secret) == ["a/one.py"]

    def test_a_repository_inside_the_repository_is_scanned_too(
        self, tmp_path: Path, make_repo: MakeRepo, secret: str, scan: Callable[..., Look]
    ) -> None:
        make_repo(tmp_path).commit({"a.py": "x"})
        inner = make_repo(tmp_path / "vendor" / "inner")
        inner.commit({"tracked.py": secret, ".gitignore": "skipped.py\n"})
        inner.write("skipped.py", secret)

        assert scan().paths(secret) == ["vendor/inner/tracked.py"]

    def test_a_repository_inside_a_plain_folder_follows_its_own_gitignore(
        self, tmp_path: Path, make_repo: MakeRepo, secret: str, scan: Callable[..., Look]
    ) -> None:
        (tmp_path / "plain.py").write_text(secret)
        inner = make_repo(tmp_path / "inner")
        inner.commit({"tracked.py": secret, ".gitignore": "skipped.py\n"})
        inner.write("skipped.py", secret)

        assert scan().paths(secret) == ["inner/tracked.py", "plain.py"]

    def test_the_files_of_a_submodule_are_scanned(
        self, tmp_path: Path, make_repo: MakeRepo, secret: str, scan: Callable[..., Look]
    ) -> None:
        library = make_repo(tmp_path / "library")
        library.commit({"deep/key.py": secret})
        repo = make_repo(tmp_path / "repo")
        repo.git("submodule", "--quiet", "add", str(library.path), "sub")
        repo.commit()

        assert scan(repo.path).paths(secret) == ["repo/sub/deep/key.py"]

    def test_a_submodule_that_was_not_checked_out_gives_no_trouble(
        self, tmp_path: Path, make_repo: MakeRepo, scan: Callable[..., Look]
    ) -> None:
        library = make_repo(tmp_path / "library")
        library.commit({"a.py": "x"})
        repo = make_repo(tmp_path / "repo")
        repo.git("submodule", "--quiet", "add", str(library.path), "sub")
        repo.commit()
        repo.git("submodule", "--quiet", "deinit", "--force", "sub")

        assert not scan(repo.path).troubles

    def test_a_linked_worktree_is_scanned(
        self, tmp_path: Path, make_repo: MakeRepo, secret: str, scan: Callable[..., Look]
    ) -> None:
        repo = make_repo(tmp_path / "repo")
        repo.commit({"key.py": secret})
        repo.git("worktree", "add", "--quiet", str(tmp_path / "linked"))

        seen = scan(tmp_path / "linked")

        assert seen.paths(secret) == ["linked/key.py"]
        assert not seen.troubles

    def test_files_outside_of_a_sparse_checkout_give_no_trouble(
        self, tmp_path: Path, make_repo: MakeRepo, secret: str, scan: Callable[..., Look]
    ) -> None:
        repo = make_repo(tmp_path)
        repo.commit({"in/a.py": secret, "out/b.py": "x"})
        repo.git("sparse-checkout", "set", "--sparse-index", "in")

        seen = scan()

        assert seen.paths(secret) == ["in/a.py"]
        assert not seen.troubles

    def test_a_skip_worktree_file_that_lies_there_is_scanned(
        self, tmp_path: Path, make_repo: MakeRepo, secret: str, scan: Callable[..., Look]
    ) -> None:
        repo = make_repo(tmp_path)
        repo.commit({"local.py": "x"})
        repo.git("update-index", "--skip-worktree", "local.py")
        repo.write("local.py", secret)

        assert scan().paths(secret) == ["local.py"]

    def test_a_deleted_tracked_file_gives_no_trouble(
        self, tmp_path: Path, make_repo: MakeRepo, secret: str, scan: Callable[..., Look]
    ) -> None:
        repo = make_repo(tmp_path)
        repo.commit({"gone.py": secret, "folder/gone.py": secret})
        (tmp_path / "gone.py").unlink()
        shutil.rmtree(tmp_path / "folder")

        seen = scan()

        assert not seen.credentials
        assert not seen.troubles

    def test_an_empty_repository_holds_nothing(
        self, tmp_path: Path, make_repo: MakeRepo, scan: Callable[..., Look]
    ) -> None:
        make_repo(tmp_path)

        seen = scan()

        assert seen.counts["files"] == 0
        assert not seen.troubles

    def test_excluded_globs_are_those_of_gitignore(
        self, tmp_path: Path, secret: str, scan: Callable[..., Look]
    ) -> None:
        for name in ("a/x.min.js", "docs/a.md", "a/docs/b.md", "keep.py", "a/keep.py"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(secret)

        seen = scan(exclude=("*.min.js", "/docs/", "*.py", "!/keep.py"))

        assert seen.paths(secret) == ["a/docs/b.md", "keep.py"]
        assert seen.counts["excluded"] == 3

    def test_a_glob_that_is_none_is_refused(self, scan: Callable[..., Look]) -> None:
        with pytest.raises(SettingsError, match="exclude"):
            scan(exclude=("!",))

    def test_names_that_are_not_utf8_or_hold_line_ends_are_kept(
        self, tmp_path: Path, make_repo: MakeRepo, secret: str, scan: Callable[..., Look]
    ) -> None:
        repo = make_repo(tmp_path)
        names = [b"caf\xe9.py", b"two\nlines.py", b"\nfirst.py", b"tab\t\x01.py", "ü.py".encode()]
        for name in names:
            repo.write(name, secret)
        repo.git("add", "--", *(os.fsdecode(name) for name in names[:3]))

        seen = scan()

        assert {os.fsencode(path) for path in seen.paths(secret)} == set(names)
        assert not seen.troubles


class TestLinks:
    def test_links_are_not_followed_and_counted(
        self, tmp_path: Path, secret: str, scan: Callable[..., Look]
    ) -> None:
        root, outside = tmp_path / "root", tmp_path / "outside"
        root.mkdir()
        outside.mkdir()
        (outside / "key.py").write_text(secret)
        (root / "loop").symlink_to(root)
        (root / "out").symlink_to(outside)
        (root / "file").symlink_to(outside / "key.py")
        (root / "dangling").symlink_to("nowhere")

        seen = scan(root)

        assert not seen.credentials
        assert not seen.troubles
        assert seen.counts["links_not_followed"] == 4

    def test_links_in_a_repository_are_not_followed(
        self, tmp_path: Path, make_repo: MakeRepo, secret: str, scan: Callable[..., Look]
    ) -> None:
        repo = make_repo(tmp_path / "repo")
        (tmp_path / "key.py").write_text(secret)
        (repo.path / "out.py").symlink_to(tmp_path / "key.py")
        (repo.path / "loop").symlink_to(".")
        repo.git("add", "out.py")

        seen = scan(repo.path)

        assert not seen.credentials
        assert seen.counts["links_not_followed"] == 2

    def test_a_tracked_folder_that_became_a_link_does_not_lead_out_of_the_tree(
        self, tmp_path: Path, make_repo: MakeRepo, secret: str, scan: Callable[..., Look]
    ) -> None:
        repo = make_repo(tmp_path / "repo")
        repo.commit({"conf/deep/key.py": "x"})
        shutil.rmtree(repo.path / "conf")
        (tmp_path / "outside" / "deep").mkdir(parents=True)
        (tmp_path / "outside" / "deep" / "key.py").write_text(secret)
        (repo.path / "conf").symlink_to(tmp_path / "outside")

        seen = scan(repo.path)

        assert not seen.credentials
        assert not seen.troubles

    def test_a_link_that_is_named_is_followed(
        self, tmp_path: Path, secret: str, scan: Callable[..., Look]
    ) -> None:
        (tmp_path / "target.py").write_text(secret)
        (tmp_path / "link").symlink_to("target.py")

        assert scan(tmp_path / "link").paths(secret) == ["target.py"]

    def test_a_linked_folder_that_is_named_is_scanned(
        self, tmp_path: Path, secret: str, scan: Callable[..., Look]
    ) -> None:
        (tmp_path / "real").mkdir()
        (tmp_path / "real" / "key.py").write_text(secret)
        (tmp_path / "link").symlink_to("real")

        assert scan(tmp_path / "link").paths(secret) == ["link/key.py"]

    def test_a_file_below_a_linked_root_keeps_its_relative_path(
        self, tmp_path: Path, rules: RuleSet, secret: str
    ) -> None:
        (tmp_path / "real").mkdir()
        (tmp_path / "real" / "key.py").write_text(secret)
        root = tmp_path / "link"
        root.symlink_to("real")

        assert look("worktree", rules, root, root / "key.py").paths(secret) == ["key.py"]


class TestWhatCannotBeRead:
    def test_a_pipe_and_a_socket_are_troubles(
        self,
        tmp_path: Path,
        make_repo: MakeRepo,
        scan: Callable[..., Look],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        os.mkfifo(tmp_path / "pipe")
        monkeypatch.chdir(tmp_path)
        with socket.socket(socket.AF_UNIX) as one:
            one.bind("socket")
            seen = scan()

        assert seen.trouble("pipe").message == "is a named pipe; it was not read"
        assert seen.trouble("socket").message == "is a socket; it was not read"

    def test_a_pipe_that_is_named_is_a_trouble(
        self, tmp_path: Path, scan: Callable[..., Look]
    ) -> None:
        os.mkfifo(tmp_path / "pipe")

        assert "named pipe" in scan(tmp_path / "pipe").trouble("pipe").message

    def test_a_file_that_becomes_a_pipe_before_it_is_read_is_a_trouble(
        self, tmp_path: Path, rules: RuleSet
    ) -> None:
        source = _source(rules, tmp_path)
        file = tmp_path / "a"
        file.write_text("x")
        [batch] = source.batches()
        file.unlink()
        os.mkfifo(file)

        [trouble] = source.read(batch)

        assert "no longer a regular file" in trouble.message

    def test_a_file_that_vanishes_is_a_trouble_and_the_others_are_read(
        self, tmp_path: Path, rules: RuleSet
    ) -> None:
        for name in ("a", "b", "c"):
            (tmp_path / name).write_text(name)
        source = _source(rules, tmp_path)
        [batch] = source.batches()
        (tmp_path / "b").unlink()

        first, trouble, last = source.read(batch)

        assert (first.path, last.path) == ("a", "c")
        assert isinstance(trouble, Trouble)
        assert trouble.scope == "b"
        assert "No such file" in trouble.message

    def test_a_path_that_vanishes_before_the_listing_is_a_trouble(
        self, tmp_path: Path, scan: Callable[..., Look]
    ) -> None:
        assert "No such file" in scan(tmp_path / "gone").trouble("gone").message

    def test_a_file_above_the_limit_is_a_trouble(
        self, tmp_path: Path, secret: str, scan: Callable[..., Look]
    ) -> None:
        (tmp_path / "large").write_text(secret + "x" * 1000)

        seen = scan(max_file_bytes=100)

        assert not seen.credentials
        assert seen.trouble("large").message.startswith("is 1,040 bytes, more than the limit")

    def test_a_huge_sparse_file_costs_no_time(
        self, tmp_path: Path, scan: Callable[..., Look]
    ) -> None:
        with open(tmp_path / "sparse", "wb") as file:
            file.truncate(4 * 1024**3)
        start = time.process_time()

        seen = scan()

        assert "4,294,967,296 bytes" in seen.trouble("sparse").message
        assert time.process_time() - start < 2

    def test_a_file_that_grows_while_it_is_read_is_a_trouble(
        self, tmp_path: Path, rules: RuleSet
    ) -> None:
        file = tmp_path / "log"
        file.write_text("first\n" * 200_000)
        source = _source(rules, tmp_path)
        [batch] = source.batches()
        reading = source.read(batch)

        blob = next(reading)
        with open(file, "a") as log:
            log.write("second\n")

        assert isinstance(blob, Blob)
        assert [one.message for one in reading if isinstance(one, Trouble)] == [
            "changed while it was read"
        ]

    @pytest.mark.parametrize("changes", [1, 2])
    def test_a_small_file_that_changes_is_read_once_more(
        self, changes: int, tmp_path: Path, rules: RuleSet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = tmp_path / "log"
        file.write_text("first\n")
        source = _source(rules, tmp_path)
        [batch] = source.batches()
        read, left = os.read, [*range(changes)]

        def and_change(handle: int, size: int) -> bytes:
            content = read(handle, size)
            if left:
                file.write_text("first\n" + "more\n" * (3 - len(left)))
                left.pop()
            return content

        monkeypatch.setattr(os, "read", and_change)
        seen = [*source.read(batch)]

        troubles = [one.message for one in seen if isinstance(one, Trouble)]
        assert troubles == ["changed while it was read"] * (changes - 1)
        assert [one.data for one in seen if isinstance(one, Blob)] == [b"first\nmore\nmore\n"]

    def test_what_another_user_keeps_closed_is_a_trouble_each(
        self, make_repo: MakeRepo, rules: RuleSet, secret: str, open_folder: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        if os.getuid() != 0:
            pytest.skip("only root can become another user")
        repo = make_repo(open_folder / "repo")
        repo.commit({"closed-file": secret, "closed/tracked": secret, "open": secret})
        repo.write("untracked/key", secret)
        plain = open_folder / "plain"
        (plain / "closed").mkdir(parents=True)
        (plain / "closed-file").write_text(secret)
        _give_away(open_folder)
        for closed in ("closed-file", "closed", "untracked"):
            (repo.path / closed).chmod(0)
        (plain / "closed").chmod(0)
        (plain / "closed-file").chmod(0)

        monkeypatch.setenv("HOME", str(open_folder))
        look("worktree", rules, plain)  # loads what another user may not load

        with _as_another_user():
            in_repo = look("worktree", rules, repo.path)
            in_plain = look("worktree", rules, plain)

        assert in_repo.paths(secret) == ["open"]
        assert "Permission denied" in in_repo.trouble("closed-file").message
        assert "Permission denied" in in_repo.trouble("closed/tracked").message
        assert "Permission denied" in in_repo.trouble("untracked").message
        assert not in_plain.credentials
        assert "Permission denied" in in_plain.trouble("closed-file").message
        assert "Permission denied" in in_plain.trouble("closed").message


class TestRepositoriesThatAreNotWhatTheySeem:
    def test_a_bare_repository_is_a_clear_error(
        self, tmp_path: Path, make_repo: MakeRepo, scan: Callable[..., Look]
    ) -> None:
        make_repo(tmp_path / "bare.git", "--bare")

        with pytest.raises(Unreadable, match="bare repository") as caught:
            scan(tmp_path / "bare.git")

        assert "--history" in caught.value.advice()

    @pytest.mark.parametrize("damage", [b"rubbish", b""])
    def test_with_a_corrupt_index_every_file_is_scanned_and_the_report_says_so(
        self,
        tmp_path: Path,
        make_repo: MakeRepo,
        secret: str,
        scan: Callable[..., Look],
        damage: bytes,
    ) -> None:
        repo = make_repo(tmp_path)
        repo.commit({"key.py": secret, "folder/key.py": secret})
        (tmp_path / ".git" / "index").write_bytes(damage or b"DIRC" + b"\xff" * 40)

        seen = scan()

        assert seen.paths(secret) == ["folder/key.py", "key.py"]
        assert "every file in it was scanned instead" in seen.trouble(".").message

    def test_with_broken_settings_every_file_is_scanned_and_the_report_says_so(
        self, tmp_path: Path, make_repo: MakeRepo, secret: str, scan: Callable[..., Look]
    ) -> None:
        repo = make_repo(tmp_path)
        repo.commit({"key.py": secret})
        repo.write(".git/config", "[core\n")

        seen = scan()

        assert seen.paths(secret) == ["key.py"]
        assert "bad config" in seen.trouble(".").message

    def test_a_repository_of_another_user_is_scanned_without_git(
        self, tmp_path: Path, make_repo: MakeRepo, secret: str, scan: Callable[..., Look]
    ) -> None:
        if os.getuid() != 0:
            pytest.skip("only root can give a repository away")
        repo = make_repo(tmp_path / "theirs")
        repo.commit({"key.py": secret})
        _give_away(repo.path)

        seen = scan(repo.path)

        assert seen.paths(secret) == ["theirs/key.py"]
        trouble = seen.trouble("theirs")
        assert "belongs to another user" in trouble.message
        assert "safe.directory" in trouble.advice

    @pytest.mark.parametrize("elsewhere", ["../outside", "..", "/"])
    def test_a_configured_worktree_does_not_lead_out_of_the_root(
        self,
        tmp_path: Path,
        make_repo: MakeRepo,
        secret: str,
        token: Token,
        scan: Callable[..., Look],
        elsewhere: str,
    ) -> None:
        inside = token("gitlab-pat")
        repo = make_repo(tmp_path / "repo")
        repo.commit({"a.py": inside, ".gitignore": "a.py\n"})
        (tmp_path / "outside").mkdir()
        for name in ("a.py", "outside/a.py"):
            (tmp_path / name).write_text(secret)
        repo.git("config", "core.worktree", f"../{elsewhere}" if elsewhere != "/" else elsewhere)

        seen = scan(repo.path)

        assert not seen.places(secret)
        assert seen.paths(inside) == ["repo/a.py"]

    def test_a_repository_that_calls_itself_bare_is_scanned_all_the_same(
        self, tmp_path: Path, make_repo: MakeRepo, secret: str, scan: Callable[..., Look]
    ) -> None:
        repo = make_repo(tmp_path)
        repo.commit({"key.py": secret})
        repo.git("config", "core.bare", "true")

        assert scan().paths(secret) == ["key.py"]


class TestFilesReadInPieces:
    """A file too large to hold is scanned like one that is not."""

    @pytest.fixture(autouse=True)
    def _small_pieces(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(worktree, "_PIECE", PIECE)
        monkeypatch.setattr(worktree, "_OVERLAP", OVERLAP)

    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
        derandomize=True,
    )
    @given(data=st.data())
    def test_the_findings_are_those_of_an_unsplit_scan(
        self,
        tmp_path: Path,
        rules: RuleSet,
        token: Token,
        readers: list[object],
        data: st.DataObject,
    ) -> None:
        content = data.draw(_contents(token))
        (tmp_path / "large").write_bytes(content)
        source = _source(rules, tmp_path)

        pieces = [blob for batch in source.batches() for blob in source.read(batch)]
        whole = Blob(path="large", data=content, storage=pieces[0].storage)

        assert _observed(readers, pieces) == _observed(readers, [whole])

    def test_it_really_comes_in_pieces(self, tmp_path: Path, rules: RuleSet) -> None:
        (tmp_path / "large").write_bytes(b"x" * (3 * PIECE))
        source = _source(rules, tmp_path)

        pieces = [blob for batch in source.batches() for blob in source.read(batch)]

        assert len(pieces) > 2
        assert max(len(piece.data) for piece in pieces) < 2 * PIECE

    @pytest.mark.parametrize("size", range(PIECE - 3, PIECE + 2 * OVERLAP + 3, 47))
    def test_any_size_comes_to_an_end(
        self, tmp_path: Path, rules: RuleSet, secret: str, readers: list[object], size: int
    ) -> None:
        content = b"x" * (size - len(secret) - 1) + b" " + secret.encode()
        (tmp_path / "large").write_bytes(content)
        source = _source(rules, tmp_path)

        pieces = [blob for batch in source.batches() for blob in source.read(batch)]

        assert [column for _, column, _ in _observed(readers, pieces)] == [size - len(secret) + 1]

    @pytest.mark.parametrize("shift", range(4))
    def test_a_border_inside_of_a_character_moves_no_column(
        self, tmp_path: Path, rules: RuleSet, secret: str, readers: list[object], shift: int
    ) -> None:
        lead = "x" * shift + "\N{KEY}" * PIECE
        (tmp_path / "large").write_text(f"{lead} {secret}")
        source = _source(rules, tmp_path)

        pieces = [blob for batch in source.batches() for blob in source.read(batch)]

        assert [column for _, column, _ in _observed(readers, pieces)] == [len(lead) + 2]

    def test_a_piece_does_not_claim_to_know_the_hash_of_its_lines(
        self, tmp_path: Path, rules: RuleSet, secret: str, readers: list[object]
    ) -> None:
        (tmp_path / "large").write_bytes(b"x\n" * PIECE + secret.encode())

        seen = look("worktree", rules, tmp_path)

        assert seen.places(secret)[0].line_hash == ""


@pytest.fixture
def readers(rules: RuleSet, tmp_path: Path) -> list[object]:
    asked = context(rules, tmp_path)
    parts = (part(asked) for part in registry.builtin("reader").values())
    return [one for one in parts if one.reads("large")]


@st.composite
def _contents(draw: st.DrawFn, token: Token) -> bytes:
    """Text of several pieces with tokens anywhere, most of them near the borders."""
    filler = draw(
        st.sampled_from(["x \n", "lorem ipsum ", "né\n", "日本 ", "\U0001f511", "\r\n ", "a"])
    )
    strange = draw(st.sampled_from([b"", b"\xe9\x80", b"\0\0\0\0", b"\xf0\x9f"]))
    content = bytearray((filler.encode() + strange) * (3 * PIECE // len(filler.encode())))
    if b"\0" in content[:8192]:
        content[:8192] = b"y" * 8192
    borders = [PIECE, 2 * PIECE, 2 * PIECE - OVERLAP, PIECE + OVERLAP, PIECE - OVERLAP]
    near = st.sampled_from(borders).flatmap(lambda one: st.integers(one - 120, one + 60))
    comment = "key" + "muster: allow[secret-in-tree] until=2030-01-01 reason=a test"
    for number in range(draw(st.integers(1, 5))):
        at = draw(st.one_of(near, st.integers(0, len(content))))
        what = draw(st.sampled_from(["github-pat", "gitlab-pat", "comment"]))
        text = f" # {comment}\n" if what == "comment" else f" k={token(what, number)} "
        content[at : at + len(text)] = text.encode()
    return bytes(content)


def _observed(readers: list[object], blobs: list[Blob]) -> list[tuple[int, int, str]]:
    """(line, column, what) of everything the readers say."""
    said = [one for blob in blobs for reader in readers for one in reader.read(blob)]
    return sorted((one.location.line, one.location.column, one.id) for one in said)


def _source(rules: RuleSet, root: Path) -> worktree.Worktree:
    return worktree.Worktree(context(rules, root))


@pytest.fixture
def open_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that another user may enter, which those of pytest are not."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def _give_away(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, ANOTHER_USER, ANOTHER_USER, follow_symlinks=False)


@contextlib.contextmanager
def _as_another_user() -> Iterator[None]:
    """To the file system, and to git, this process is somebody who may not read everything."""
    os.setegid(ANOTHER_USER)
    os.seteuid(ANOTHER_USER)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
