"""The history read from the packs, against every file version read whole by git."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from keymuster import work
from keymuster.collect.base import Batch, Blob
from keymuster.collect.contents import Contents
from keymuster.collect.git import Git
from keymuster.collect.log import Log
from keymuster.collect.packs import functions
from keymuster.collect.packs.base import Damaged, Family, Unsupported
from keymuster.collect.packs.store import Store
from keymuster.collect.sources.history import History
from keymuster.collect.successions import Chain, listing
from keymuster.rules.schema import RuleSet
from repositories import Repository
from scans import Look, context, look

Token = Callable[..., str]
MakeRepo = Callable[..., Repository]

FORMATS = [
    "github-pat",
    "aws-secret-access-key",
    "stripe-secret-key",
    "gitlab-pat",
    "slack-bot-token",
]
REPACKED = {
    "loose": [],
    "shallow chains": ["repack", "-adfq", "--depth=1", "--window=5"],
    "usual": ["repack", "-adfq"],
    "long chains": ["repack", "-adfq", "--depth=400", "--window=60"],
    "by id": ["-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq", "--depth=20"],
    "in parts": ["repack", "-dq"],
}


@pytest.fixture
def by_git(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let git read every object from now on."""

    def refuse(*_: object, **__: object) -> Store:
        raise Unsupported("it is not to be read here")

    return lambda: monkeypatch.setattr(Store, "open", refuse)


def grown(repo: Repository, token: Token, chance: random.Random, versions: int) -> None:
    """Files of which most stays from version to version, with secrets everywhere."""
    texts = {
        f"f{number}.py": [f"line {n} of {number}\n" for n in range(150)] for number in range(4)
    }
    stream: list[bytes] = []
    for number in range(1, versions + 1):
        name = chance.choice(sorted(texts))
        lines = texts[name]
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(lines) + 1)
            match chance.randrange(6):
                case 0:
                    del lines[at : at + chance.randrange(20)]
                case 1:  # moved or doubled
                    lines[at:at] = lines[chance.randrange(len(lines) + 1) :][: chance.randrange(40)]
                case 2 if lines:  # in the middle of a line, be it of a secret
                    line = lines[at := min(at, len(lines) - 1)]
                    cut = chance.randrange(len(line))
                    lines[at] = line[:cut] + chance.choice(["", "x", '"']) + line[cut:]
                case 3:
                    made = token(chance.choice(FORMATS), chance.randrange(40))
                    lines.insert(at, f"{chance.choice(['key', 'aws secret', 'x'])} = '{made}'\n")
                case 4:
                    word = "".join(chance.choices("abcdefghkmnpqrstuvwxyzABCDEFGH23456789", k=20))
                    lines.insert(at, f"db_password: {word}\nuser: {word[:5]}\n")
                case _:
                    lines.insert(at, f"print('a note of {chance.randrange(99)}\\n')\n")
        data = "".join(lines).encode()
        stream.append(
            b"commit refs/heads/main\nmark :%d\ncommitter A <a@b> %d +0000\ndata 1\nx\n"
            % (number, 1_767_225_600 + 60 * number)
        )
        if number > 1:
            stream.append(b"from :%d\n" % (number - 1))
        stream.append(b"M 100644 inline %s\ndata %d\n%s\n" % (name.encode(), len(data), data))
    repo.git("fast-import", "--quiet", "--depth=0", input=b"".join(stream))


def told(seen: Look) -> tuple[set[object], set[object]]:
    credentials = {
        (one.id, one.format, one.confidence, str(one.location)) for one in seen.credentials
    }
    return set(credentials), {str(one) for one in seen.troubles}


@pytest.mark.parametrize("way", REPACKED)
@pytest.mark.parametrize("seed", range(2))
def test_versions_are_read_as_if_each_was_whole(
    tmp_path: Path, rules: RuleSet, make_repo: MakeRepo, token: Token, way: str, seed: int,
    by_git: Callable[[], None], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    repo = make_repo(tmp_path / "repo")
    grown(repo, token, random.Random(f"{way} {seed}"), 120)
    if way == "loose":
        repo.git("-c", "fastimport.unpackLimit=0", "unpack-objects", "-q", check=False)
    else:
        repo.git(*REPACKED[way])
    fast = told(look("history", rules, repo.path))
    assert len(fast[0]) > 20
    monkeypatch.setattr("keymuster.collect.packs.store.fastest", lambda: functions.PLAIN)
    assert told(look("history", rules, repo.path)) == fast
    monkeypatch.setattr("keymuster.collect.sources.history.listing", lambda *_: None)
    assert told(look("history", rules, repo.path)) == fast
    by_git()
    assert told(look("history", rules, repo.path)) == fast


def test_most_of_a_version_is_not_searched_again(
    tmp_path: Path, rules: RuleSet, make_repo: MakeRepo, token: Token
) -> None:
    repo = make_repo(tmp_path / "repo")
    grown(repo, token, random.Random(7), 120)
    repo.git("repack", "-adfq")
    source = History(context(rules, repo.path))
    blobs = [one for batch in source.batches() for one in source.read(batch)]  # type: ignore[arg-type]
    list(source.finish([]))
    kept = sum(length for one in blobs if isinstance(one, Blob) for _, _, length in one.kept)
    assert kept > 0.6 * source.counts()["bytes"]


class TestWithoutTheAccelerator:
    """git makes the texts, and what one has in common with the one before is looked for."""

    @pytest.fixture(autouse=True)
    def plain(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("keymuster.collect.packs.store.fastest", lambda: functions.PLAIN)

    def blobs(self, rules: RuleSet, repo: Repository) -> dict[str | None, Blob]:
        source = History(context(rules, repo.path))
        batches = [one for one in source.batches() if isinstance(one, Batch)]
        assert all(isinstance(item, Chain) for batch in batches for item in batch.items)
        read = [one for batch in batches for one in source.read(batch)]
        list(source.finish([]))
        assert all(isinstance(one, Blob) for one in read)
        return {one.object: one for one in read if isinstance(one, Blob)}

    def test_most_of_a_version_is_not_searched_again(
        self, tmp_path: Path, rules: RuleSet, make_repo: MakeRepo, token: Token
    ) -> None:
        repo = make_repo(tmp_path / "repo")
        grown(repo, token, random.Random(7), 120)
        every = self.blobs(rules, repo).values()
        kept = sum(length for one in every for _, _, length in one.kept)
        assert kept > 0.6 * sum(len(one.data) for one in every)

    @pytest.mark.parametrize("way", ["missing", "a tree"])
    def test_what_git_does_not_give_is_read_from_the_packs(
        self, tmp_path: Path, rules: RuleSet, make_repo: MakeRepo, token: Token, way: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        repo = make_repo(tmp_path / "repo")
        grown(repo, token, random.Random(7), 40)
        repo.git("repack", "-adfq")
        whole = {id: one.data for id, one in self.blobs(rules, repo).items()}
        found = told(look("history", rules, repo.path))

        whole_of = Contents.of

        def forgetful(
            self: Contents, ids: Sequence[str]
        ) -> Iterator[tuple[str, str, bytes | None]]:
            for number, (id, kind, content) in enumerate(whole_of(self, ids)):
                if number % 3:
                    yield id, kind, content
                else:
                    yield (id, "missing", None) if way == "missing" else (id, "tree", b"")

        monkeypatch.setattr(Contents, "of", forgetful)
        assert {id: one.data for id, one in self.blobs(rules, repo).items()} == whole
        assert told(look("history", rules, repo.path)) == found

    def test_what_neither_has_is_told_of(
        self, tmp_path: Path, rules: RuleSet, make_repo: MakeRepo, token: Token,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        repo = make_repo(tmp_path / "repo")
        grown(repo, token, random.Random(7), 10)
        repo.git("repack", "-adfq")
        lost = sorted(id for id in self.blobs(rules, repo) if id)[0]

        whole_of = Contents.of

        def without(self: Contents, ids: Sequence[str]) -> Iterator[tuple[str, str, bytes | None]]:
            for id, kind, content in whole_of(self, ids):
                yield (id, "missing", None) if id == lost else (id, kind, content)

        monkeypatch.setattr(Contents, "of", without)
        monkeypatch.setattr(Store, "families", lambda *_: iter([Damaged(lost, "it is cut off")]))
        said = look("history", rules, repo.path).trouble(f"object {lost}").message
        assert "missing or damaged; it was not scanned (it is cut off)" in said

    def test_what_takes_too_much_to_make_is_not_asked_of_git(
        self, tmp_path: Path, rules: RuleSet, make_repo: MakeRepo, token: Token
    ) -> None:
        repo = make_repo(tmp_path / "repo")
        grown(repo, token, random.Random(7), 10)
        git = Git(str(repo.path))
        repo.git("repack", "-adfq")
        with Store.open(str(repo.path / ".git/objects"), "sha1") as store:
            every = listing(git, store)
            assert every is not None
            assert len(every) == 10
            assert sum(every.values()) == sum(
                one.bytes for one in store.families(1 << 30) if isinstance(one, Family)
            )
        # 2048 bytes in all: each is larger
        with Store.open(str(repo.path / ".git/objects"), "sha1", memory=4096) as store:
            assert listing(git, store) is None
        # no version is, but deltas might be
        largest = max(every.values())
        with Store.open(str(repo.path / ".git/objects"), "sha1", memory=2 * largest) as store:
            assert listing(git, store) is None

    def test_a_listing_with_a_hole_is_none(
        self, tmp_path: Path, rules: RuleSet, make_repo: MakeRepo
    ) -> None:
        repo = make_repo(tmp_path / "repo")
        repo.commit({"a.py": "x = 1\n"})
        id = repo.git("rev-parse", "HEAD:a.py")
        file = repo.path / ".git" / "objects" / id[:2] / id[2:]
        file.chmod(0o644)
        file.write_bytes(b"no object")
        with Store.open(str(repo.path / ".git/objects"), "sha1") as store:
            assert listing(Git(str(repo.path)), store) is None
        assert look("history", rules, repo.path).trouble(f"object {id}")

    def test_a_listing_with_less_than_the_store_has_is_none(
        self, tmp_path: Path, make_repo: MakeRepo
    ) -> None:
        repo, other = make_repo(tmp_path / "repo"), make_repo(tmp_path / "other")
        repo.commit({"a.py": "x = 1\n"})
        repo.git("repack", "-adq")
        other.commit({"a.py": "x = 1\n", "b.py": "x = 2\n"})
        with Store.open(str(repo.path / ".git/objects"), "sha1") as store:
            assert listing(Git(str(repo.path)), store) is not None
            assert listing(Git(str(other.path)), store) is None

    def test_an_object_that_lies_in_two_places_is_listed_once(
        self, tmp_path: Path, make_repo: MakeRepo
    ) -> None:
        repo = make_repo(tmp_path / "repo")
        repo.commit({"a.py": "x = 1\n"})
        repo.git("repack", "-q")  # what is packed stays in files of its own
        with Store.open(str(repo.path / ".git/objects"), "sha1") as store:
            assert listing(Git(str(repo.path)), store) == {
                repo.git("rev-parse", "HEAD:a.py").encode(): 6
            }


def test_nor_is_one_that_was_made_of_none(
    tmp_path: Path, rules: RuleSet, make_repo: MakeRepo, token: Token
) -> None:
    repo = make_repo(tmp_path / "repo")
    grown(repo, token, random.Random(7), 120)
    repo.git("-c", "core.bigFileThreshold=1", "repack", "-adfFq")
    source = History(context(rules, repo.path))
    blobs = [one for batch in source.batches() for one in source.read(batch)]  # type: ignore[arg-type]
    list(source.finish([]))
    kept = sum(length for one in blobs if isinstance(one, Blob) for _, _, length in one.kept)
    assert kept > 0.4 * source.counts()["bytes"]


def test_several_processes_say_the_same_in_the_same_order(
    tmp_path: Path, rules: RuleSet, make_repo: MakeRepo, token: Token,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    repo = make_repo(tmp_path / "repo")
    grown(repo, token, random.Random(3), 60)
    repo.git("repack", "-adfq")
    monkeypatch.setattr(work, "GUARDED", 1)
    monkeypatch.setattr("keymuster.collect.sources.history.FAMILY_BYTES", 40_000)
    monkeypatch.setattr("keymuster.collect.sources.history._CHAIN_BYTES", (40_000, 40_000))
    one = look("history", rules, repo.path, jobs=1)
    three = look("history", rules, repo.path, jobs=3)
    assert [str(a) for a in one.credentials] == [str(b) for b in three.credentials]
    assert one.counts == three.counts


def test_commits_and_a_collection_of_garbage_while_it_is_read(
    tmp_path: Path, rules: RuleSet, make_repo: MakeRepo, token: Token
) -> None:
    """What stood there at the start is found, and nothing is said to be missing."""
    repo = make_repo(tmp_path / "repo")
    grown(repo, token, random.Random(5), 60)
    before = told(look("history", rules, repo.path))
    source = History(context(rules, repo.path))
    batches = source.batches()
    first = next(batches)
    repo.git("checkout", "-q", "main")
    repo.commit({"new.py": f"key = '{token('github-pat', 99)}'\n"})
    repo.git("repack", "-adfq")
    repo.git("gc", "-q", "--prune=now")
    reader = _Reader(rules, repo.path)
    observed = [
        *reader.read(source, first),
        *(x for batch in batches for x in reader.read(source, batch)),
    ]
    seen = Look(list(source.finish(observed)), [], source.counts())
    credentials, troubles = told(seen)
    assert not troubles
    assert {(a, b) for a, b, _, _ in credentials} >= {(a, b) for a, b, _, _ in before[0]}  # type: ignore[misc]


class _Reader:
    def __init__(self, rules: RuleSet, root: Path) -> None:
        from keymuster import registry

        asked = context(rules, root)
        self._readers = [part(asked) for part in registry.builtin("reader").values()]

    def read(self, source: History, batch: object) -> Iterator[object]:
        return work.observe(source, self._readers, batch)  # type: ignore[arg-type]


def test_a_store_that_cannot_be_read_here_is_read_by_git_and_the_report_says_so(
    tmp_path: Path, rules: RuleSet, make_repo: MakeRepo, token: Token
) -> None:
    repo = make_repo(tmp_path / "repo")
    repo.commit({"a.py": f"key = '{token('github-pat')}'\n"})
    repo.git("repack", "-adq")
    [index] = (repo.path / ".git" / "objects" / "pack").glob("*.idx")
    packed = index.with_suffix(".pack")
    repo.git(
        "-c", "pack.indexVersion=1", "index-pack", str(packed), "-o", str(tmp_path / "old.idx")
    )
    index.chmod(0o644)
    shutil.copy(tmp_path / "old.idx", index)
    seen = look("history", rules, repo.path)
    assert seen.paths(token("github-pat")) == ["a.py"]
    assert not seen.troubles
    assert seen.counts["read_by_git"] == 1


def test_a_family_that_a_process_died_of_is_read_by_git(
    tmp_path: Path, rules: RuleSet, make_repo: MakeRepo, token: Token
) -> None:
    repo = make_repo(tmp_path / "repo")
    grown(repo, token, random.Random(4), 30)
    repo.git("repack", "-adfq")
    source = History(context(rules, repo.path))
    [batch] = source.batches()
    assert isinstance(batch, Batch)
    [smaller] = batch.split()
    assert len(smaller.items) == source.counts()["objects"] > 1
    whole, apart = (
        {(one.object, one.data) for one in source.read(part) if isinstance(one, Blob)}
        for part in (batch, smaller)
    )
    assert whole == apart
    list(source.finish([]))


class TestNothingIsLostSilently:
    """Each of these once ended without a finding and without a word."""

    def test_a_pack_that_is_cut_off(
        self, tmp_path: Path, rules: RuleSet, make_repo: MakeRepo, token: Token
    ) -> None:
        repo = make_repo(tmp_path / "repo")
        grown(repo, token, random.Random(1), 20)
        repo.git("gc", "-q")
        [pack] = (repo.path / ".git" / "objects" / "pack").glob("*.pack")
        pack.chmod(0o644)
        pack.write_bytes(pack.read_bytes()[:-2000])
        assert look("history", rules, repo.path).troubles

    def test_a_commit_that_only_another_worktree_is_at(
        self, tmp_path: Path, rules: RuleSet, make_repo: MakeRepo, token: Token
    ) -> None:
        repo = make_repo(tmp_path / "repo")
        repo.commit({"a.py": "x = 1\n"})
        repo.git("worktree", "add", "-q", "--detach", str(tmp_path / "other"))
        other = Repository(tmp_path / "other")
        other.commit({"b.py": f"key = '{token('github-pat')}'\n"})
        for place in (repo, other):
            assert look("history", rules, place.path).paths(token("github-pat")) == ["b.py"]

    def test_a_commit_that_only_a_tag_of_a_tag_names(
        self, tmp_path: Path, rules: RuleSet, make_repo: MakeRepo, token: Token
    ) -> None:
        repo = make_repo(tmp_path / "repo")
        repo.commit({"a.py": "x = 1\n"})
        repo.git("checkout", "-q", "-b", "side")
        repo.commit({"b.py": f"key = '{token('github-pat')}'\n"})
        repo.git("tag", "-a", "-m", "x", "inner")
        repo.git("tag", "-a", "-m", "x", "outer", "inner")
        repo.git("checkout", "-q", "main")
        repo.git("tag", "-d", "inner")
        repo.git("branch", "-q", "-D", "side")
        assert look("history", rules, repo.path).paths(token("github-pat")) == ["b.py"]

    @pytest.mark.parametrize("reads", ["packs", "git"])
    def test_a_version_that_nobody_has(
        self, tmp_path: Path, rules: RuleSet, make_repo: MakeRepo, reads: str,
        by_git: Callable[[], None],
    ) -> None:  # fmt: skip
        repo = make_repo(tmp_path / "repo")
        repo.commit({"a.py": "x = 1\n"})
        id = repo.git("rev-parse", "HEAD:a.py")
        repo.commit({"a.py": "x = 2\n"})
        (repo.path / ".git" / "objects" / id[:2] / id[2:]).unlink()
        if reads == "git":
            by_git()
        seen = look("history", rules, repo.path)
        assert "missing" in seen.trouble(f"object {id}").message

    def test_an_object_that_came_too_late(
        self, tmp_path: Path, rules: RuleSet, make_repo: MakeRepo, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        repo = make_repo(tmp_path / "repo")
        repo.commit({"a.py": "x = 1\n"})
        id = repo.git("rev-parse", "HEAD:a.py")
        monkeypatch.setattr(Log, "lacking", lambda *_: {bytes.fromhex(id)})
        assert (
            "was not scanned" in look("history", rules, repo.path).trouble(f"object {id}").message
        )

    def test_a_repository_without_commits_is_whole(
        self, tmp_path: Path, rules: RuleSet, make_repo: MakeRepo
    ) -> None:
        assert look("history", rules, make_repo(tmp_path / "repo").path).troubles == []


def test_a_version_does_not_show_what_it_holds(
    tmp_path: Path, rules: RuleSet, make_repo: MakeRepo, token: Token
) -> None:
    repo = make_repo(tmp_path / "repo")
    repo.commit({"a.py": f"key = '{token('github-pat')}'\n"})
    source = History(context(rules, repo.path))
    blobs = [one for batch in source.batches() for one in source.read(batch)]  # type: ignore[arg-type]
    list(source.finish([]))
    with Store.open(str(repo.path / ".git/objects"), "sha1") as store:
        families = [one for one in store.families(1 << 20) if isinstance(one, Family)]
        versions = [one for family in families for one in store.read(family, 1)]
    assert len(blobs) == len(versions) == 1
    assert token("github-pat")[-8:] not in repr(blobs) + repr(versions) + repr(families)
