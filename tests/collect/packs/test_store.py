"""Object stores as git makes them: every blob comes out, whole and once."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from keymuster.collect.packs.base import Damaged, Family, TooLarge, Unsupported, Version
from keymuster.collect.packs.functions import PLAIN, Functions, accelerated
from keymuster.collect.packs.store import Store
from repositories import Repository
from stores import blobs, created, look, same_as_git, see


def grown(repo: Repository, versions: int = 12, seed: int = 1) -> None:
    """Files that change from commit to commit, and files with nothing, zeros or noise in them; each
    object in a file of its own."""
    noise = random.Random(seed)
    lines = [f"line {noise.random()} of {seed}" for _ in range(120)]
    stream = []
    for version in range(versions):
        for _ in range(4):
            lines[noise.randrange(len(lines))] = f"changed {noise.random()}"
        if version % 5 == 4:
            lines = lines[60:] + lines[:60]
        files = {
            "a": "\n".join(lines).encode(),
            "b": "\n".join(lines[:40]).encode() + b"\n%d" % version,
            "noise": noise.randbytes(3000) + bytes(500),
            "empty": b"",
        }
        stream.append(b"commit refs/heads/%d\ncommitter A <a@b.c> %d +0000\n" % (seed, version))
        stream.append(b"data 0\n")
        for name, data in files.items():
            stream.append(
                b"M 644 inline %s%d\ndata %d\n%s\n" % (name.encode(), seed, len(data), data)
            )
    words = ("-c", "fastimport.unpackLimit=100000", "fast-import", "--quiet")
    repo.git(*words, input=b"".join(stream))


def objects(repo: Repository) -> Path:
    return repo.path / ".git" / "objects"


def pack(repo: Repository, *words: str) -> None:
    repo.git("repack", "-a", "-d", "-q", *words)


class TestEveryBlobComesOutOnce:
    @pytest.fixture(params=["sha1", "sha256"])
    def repo(self, request: pytest.FixtureRequest, tmp_path: Path) -> Repository:
        return created(tmp_path / "repo", request.param)

    def test_of_an_empty_store(self, repo: Repository, functions: Functions) -> None:
        assert not same_as_git(repo, functions).versions

    def test_of_files_of_their_own(self, repo: Repository, functions: Functions) -> None:
        grown(repo, 3)

        assert len(same_as_git(repo, functions).versions) == 10

    @pytest.mark.parametrize("depth", [0, 1, 50])
    def test_of_chains(self, repo: Repository, functions: Functions, depth: int) -> None:
        grown(repo)
        pack(repo, "-f", f"--depth={depth}", "--window=30")

        seen = same_as_git(repo, functions)

        assert any(one.base for one in seen.versions.values()) == bool(depth)

    def test_of_bases_that_are_named_by_their_ids(
        self, repo: Repository, functions: Functions
    ) -> None:
        grown(repo)
        repo.git("config", "repack.useDeltaBaseOffset", "false")
        pack(repo, "-f")

        seen = same_as_git(repo, functions)

        assert any(one.base for one in seen.versions.values())

    def test_of_several_packs_and_files(self, repo: Repository, functions: Functions) -> None:
        for seed in range(3):
            grown(repo, 6, seed)
            repo.git("repack", "-d", "-q")
        grown(repo, 2, 9)

        assert len(list((objects(repo) / "pack").glob("*.pack"))) == 3
        same_as_git(repo, functions)

    def test_that_lies_in_several_places(self, repo: Repository, functions: Functions) -> None:
        grown(repo, 4)
        repo.git("repack", "-q")  # the files stay
        shutil.copytree(objects(repo), repo.path / "copy")
        grown(repo, 4, 2)
        repo.git("repack", "-a", "-q", "-f")  # and so does the first pack
        shutil.copytree(repo.path / "copy", objects(repo), dirs_exist_ok=True)

        assert len(list((objects(repo) / "pack").glob("*.pack"))) == 2
        same_as_git(repo, functions)

    def test_that_is_borrowed(self, repo: Repository, functions: Functions, tmp_path: Path) -> None:
        grown(repo, 5)
        pack(repo)
        grown(repo, 1, 2)
        repo.git("clone", "-q", "--shared", "--bare", ".", "../second")
        repo.git("clone", "-q", "--shared", "../second", "../third")
        second, third = Repository(tmp_path / "second"), Repository(tmp_path / "third")
        (second.path / "objects/info/alternates").write_text("../../repo/.git/objects\n# said\n\n")
        grown(third, 3, 3)
        cycle = objects(repo) / "info" / "alternates"
        cycle.write_text(f"{third.path}/.git/objects\n")

        seen = same_as_git(third, functions)

        assert len(seen.versions) > len(blobs(repo)) / 2

    @pytest.mark.parametrize("kept", ["none", "first"])
    def test_that_only_a_multi_pack_index_knows(
        self, repo: Repository, functions: Functions, kept: str
    ) -> None:
        for seed in range(3):
            grown(repo, 6, seed)
            repo.git("repack", "-d", "-q")
        repo.git("repack", "-a", "-q", "-f")  # a fourth pack with all that the others have
        repo.git("multi-pack-index", "write")
        want = blobs(repo)
        indexes = sorted((objects(repo) / "pack").glob("*.idx"))
        for index in indexes[kept == "first" :]:
            index.unlink()

        seen = see(objects(repo), functions, repo.git("rev-parse", "--show-object-format"))

        assert not seen.damaged
        assert seen.ids == want

    def test_in_small_families(self, repo: Repository, functions: Functions) -> None:
        grown(repo, 24)
        pack(repo, "-f", "--depth=4000", "--window=50")

        seen = same_as_git(repo, functions, most=12_000)

        assert len(seen.families) > 10

    def test_in_the_same_families_in_both(self, repo: Repository) -> None:
        grown(repo, 24)
        pack(repo, "-f", "--depth=4000", "--window=50")
        grown(repo, 6, 2)
        repo.git("repack", "-d", "-q")
        grown(repo, 2, 3)
        fast = accelerated()
        if fast is None:
            pytest.skip("the C accelerator was not built")
        for most in (0, 9_000, 30_000, 1 << 30):
            said = []
            for functions in (PLAIN, fast):
                with Store.open(
                    str(objects(repo)), {40: "sha1", 64: "sha256"}[len(min(blobs(repo)))],
                    functions=functions,
                ) as store:  # fmt: skip
                    said.append([*store.families(3000, most)])
            assert said[0] == said[1]
            assert any(isinstance(one, TooLarge) for one in said[0])

    def test_with_memory_for_a_few(self, repo: Repository, functions: Functions) -> None:
        grown(repo, 24)
        pack(repo, "-f", "--window=50")
        plenty = same_as_git(repo, functions)

        seen = same_as_git(repo, functions, memory=8_000)

        assert seen.versions == plenty.versions

    def test_of_a_partial_clone(
        self, repo: Repository, functions: Functions, tmp_path: Path
    ) -> None:
        grown(repo, 5)
        repo.git("config", "uploadpack.allowFilter", "true")
        repo.git(
            "clone",
            "-q",
            "--filter=blob:limit=2k",
            "--no-checkout",
            f"file://{repo.path}",
            "../part",
        )

        seen = same_as_git(Repository(tmp_path / "part"), functions)

        assert 0 < len(seen.versions) < len(blobs(repo))


class TestWhatIsSaidOfAVersion:
    def test_stretches_from_the_base_that_are_long_enough(
        self, repo: Repository, functions: Functions
    ) -> None:
        grown(repo)
        pack(repo, "-f")

        all = same_as_git(repo, functions).versions.values()
        long = same_as_git(repo, functions, least=100).versions.values()

        assert [[one for one in version.kept if one[2] >= 100] for version in all] == [
            list(version.kept) for version in long
        ]
        assert any(version.kept for version in long)

    def test_families_count_and_weigh(self, repo: Repository, functions: Functions) -> None:
        grown(repo)
        pack(repo)

        seen = same_as_git(repo, functions)

        assert sum(one.count for one in seen.families) == len(blobs(repo))
        assert sum(one.bytes for one in seen.families) == sum(
            len(one.data) for one in seen.versions.values()
        )

    def test_too_large_ones_are_named_and_serve_as_bases(
        self, repo: Repository, functions: Functions
    ) -> None:
        grown(repo)
        pack(repo, "-f")
        sizes = {id: len(one.data) for id, one in same_as_git(repo, functions).versions.items()}
        base = max(one.base for one in same_as_git(repo, functions).versions.values() if one.base)
        limit = sizes[base] - 1

        seen = same_as_git(repo, functions, largest=limit)

        assert seen.large == {id: size for id, size in sizes.items() if size > limit}
        assert base in seen.large
        assert seen.versions


class TestGitMovesObjects:
    def test_packs_are_read_after_they_were_deleted(
        self, repo: Repository, functions: Functions
    ) -> None:
        grown(repo)
        pack(repo)
        want = blobs(repo)
        with Store.open(str(objects(repo)), "sha1", functions=functions) as store:
            shutil.rmtree(objects(repo))

            seen = look(store)

        assert seen.ids == want
        assert not seen.damaged

    def test_a_file_that_is_gone_is_named(self, repo: Repository, functions: Functions) -> None:
        grown(repo, 2)
        want = blobs(repo)
        with Store.open(str(objects(repo)), "sha1", functions=functions) as store:
            families = list(store.families(1 << 20))
            pack(repo)

            said = [
                one
                for family in families
                if isinstance(family, Family)
                for one in store.read(family, 1)
            ]
            again = look(store)

        assert {one.id for one in said} == want
        assert all(isinstance(one, Damaged) and "is gone" in one.reason for one in said)
        assert want < set(again.damaged)

    def test_garbage_collection_in_between_loses_nothing(
        self, repo: Repository, functions: Functions
    ) -> None:
        for seed in range(4):
            grown(repo, 4, seed)
            repo.git("repack", "-d", "-q")
        want = blobs(repo)
        with Store.open(str(objects(repo)), "sha1", functions=functions) as store:
            said: Iterator[Family | Damaged | TooLarge] = store.families(1 << 20, 5000)
            ids = set()
            for number, family in enumerate(said):
                assert isinstance(family, Family)
                if number == 1:
                    repo.git("gc", "-q", "--prune=now")
                ids.update(one.id for one in store.read(family, 1) if isinstance(one, Version))

        assert ids == want


class TestProcesses:
    @pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked here")
    def test_forked_ones_read_with_the_same_store(self, repo: Repository) -> None:
        grown(repo, 30)
        pack(repo, "-f")
        with Store.open(str(objects(repo)), "sha1") as store:
            families = [one for one in store.families(1 << 20, 20_000) if isinstance(one, Family)]
            shutil.rmtree(objects(repo))
            here = [[one.id for one in store.read(family, 1)] for family in families]
            _store.append(store)
            with multiprocessing.get_context("fork").Pool(2) as pool:
                there = pool.map(_ids, families)
            _store.clear()

        assert there == here

    def test_families_are_small_and_can_be_sent(self, repo: Repository) -> None:
        grown(repo)
        with Store.open(str(objects(repo)), "sha1") as store:
            [family] = store.families(1 << 20)

        assert pickle.loads(pickle.dumps(family)) == family
        assert len(pickle.dumps(family)) < 200 * family.count + 500


_store: list[Store] = []


def _ids(family: Family) -> list[str]:
    return [one.id for one in _store[0].read(family, 1)]


class TestStoresThatAreNotUnderstood:
    """Ask git: never is what could not be looked at as good as nothing."""

    @pytest.fixture
    def repo(self, tmp_path: Path) -> Repository:
        repo = Repository.create(tmp_path / "repo")
        grown(repo, 3)
        pack(repo)
        return repo

    def refused(self, repo: Repository) -> str:
        with pytest.raises(Unsupported) as caught:
            see(objects(repo), PLAIN)
        return caught.value.message

    def file(self, repo: Repository, kind: str) -> Path:
        [found] = (objects(repo) / "pack").glob(f"*.{kind}")
        found.chmod(0o600)
        return found

    def test_another_algorithm(self, repo: Repository) -> None:
        with pytest.raises(Unsupported):
            Store.open(str(objects(repo)), "md5")

    def test_ids_of_another_length(self, repo: Repository) -> None:
        with pytest.raises(Unsupported):
            see(objects(repo), PLAIN, "sha256")

    def test_files_with_ids_of_another_length(self, tmp_path: Path) -> None:
        other = Repository.create(tmp_path / "other", "--object-format=sha256")
        grown(other, 1)

        with pytest.raises(Unsupported, match="another kind"):
            see(objects(other), PLAIN)

    def test_a_pack_without_an_index(self, repo: Repository) -> None:
        self.file(repo, "idx").unlink()

        assert ".idx" in self.refused(repo)

    def test_an_index_without_a_pack(self, repo: Repository) -> None:
        self.file(repo, "pack").unlink()

        assert ".pack" in self.refused(repo)

    def test_an_index_that_leads_nowhere(self, repo: Repository) -> None:
        file = self.file(repo, "idx")
        file.unlink()
        file.symlink_to("gone")

        assert "No such file" in self.refused(repo)

    def test_an_old_index(self, repo: Repository) -> None:
        name = self.file(repo, "pack").name
        repo.git("index-pack", "--index-version=1", "-o", "old", f".git/objects/pack/{name}")
        shutil.copy(repo.path / "old", self.file(repo, "idx"))

        assert "version 1" in self.refused(repo)

    @pytest.mark.parametrize("kind", ["pack", "idx"])
    @pytest.mark.parametrize("place", [0, 7, 11, 600, 1100, -30, -1])
    def test_changed_bytes(self, repo: Repository, kind: str, place: int) -> None:
        file = self.file(repo, kind)
        data = bytearray(file.read_bytes())
        data[place] ^= 0x41
        file.write_bytes(data)
        if kind == "pack" and place in (600, 1100, -30):
            assert see(objects(repo), PLAIN).damaged or place == 1100
            return

        self.refused(repo)

    @pytest.mark.parametrize("kind", ["pack", "idx"])
    @pytest.mark.parametrize("size", [0, 3, 20, 1000, 1200])
    def test_files_that_are_cut_off(self, repo: Repository, kind: str, size: int) -> None:
        file = self.file(repo, kind)
        file.write_bytes(file.read_bytes()[:size])

        self.refused(repo)

    def test_a_pipe_in_place_of_a_pack(self, repo: Repository) -> None:
        file = self.file(repo, "pack")
        file.unlink()
        os.mkfifo(file)

        assert "no regular file" in self.refused(repo)

    @pytest.mark.parametrize("line", ["../gone", '"quoted"', "a\0b"])
    def test_alternates_that_lead_nowhere(self, repo: Repository, line: str) -> None:
        (objects(repo) / "info" / "alternates").write_text(f"{line}\n")

        self.refused(repo)
