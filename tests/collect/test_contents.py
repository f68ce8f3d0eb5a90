"""Contents of objects, of one git for many of them."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from keymuster.collect.contents import Contents
from keymuster.collect.git import Git, cat_file
from repositories import Repository

MakeRepo = Callable[..., Repository]


@pytest.fixture
def repo(tmp_path: Path, make_repo: MakeRepo) -> Repository:
    """Of empty files, small ones, and such as no pipe holds."""
    repo = make_repo(tmp_path / "repo")
    chance = random.Random(11)
    for number in range(90):
        size = (0, 40, 5000, 300_000)[number % 4]
        (repo.path / f"{number}").write_bytes(chance.randbytes(size) + b"%d" % number)
    (repo.path / "empty").write_bytes(b"")
    repo.git("add", ".")
    return repo


@pytest.fixture
def contents(repo: Repository) -> Iterator[Contents]:
    made = Contents(Git(str(repo.path)))
    yield made
    made.close()


def ids(repo: Repository) -> list[str]:
    return [line.split()[1] for line in repo.git("ls-files", "-s").splitlines()]


class TestContents:
    def test_are_those_that_git_has_in_the_order_asked(
        self, repo: Repository, contents: Contents
    ) -> None:
        asked = ids(repo)
        asked[30:30] = ["0" * 40, "f" * 40]
        whole = [*cat_file(Git(str(repo.path)), asked)]
        assert [one for _, _, one in whole].count(None) == 2
        for _ in range(2):
            assert [*contents.of(asked)] == whole
        assert [*contents.of([])] == []
        assert [*contents.of(asked[:1])] == whole[:1]

    def test_one_git_gives_them_all(
        self, repo: Repository, contents: Contents, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        started = counted(monkeypatch)
        for id in ids(repo):
            assert [one for one, _, _ in contents.of([id])] == [id]
        assert started == [None]

    def test_nobody_is_given_what_another_asked_for_and_left(
        self, repo: Repository, contents: Contents
    ) -> None:
        asked = ids(repo)
        for one in contents.of(asked):
            assert one[0] == asked[0]
            break
        last = [*contents.of(asked[5:6])]
        assert last == [*cat_file(Git(str(repo.path)), asked[5:6])]

    @pytest.mark.parametrize("times", [1, 3])
    def test_who_asks_while_another_has_not_heard_all_is_told_the_right_thing(
        self, repo: Repository, contents: Contents, times: int
    ) -> None:
        asked = ids(repo)
        whole = [*cat_file(Git(str(repo.path)), asked)]
        first = contents.of(asked)
        heard = [next(first)]
        for number in range(times):
            assert [*contents.of(asked[5:8])] == whole[5:8]
            second = contents.of(asked[7:])
            assert next(second) == whole[7]
            if number:
                second.close()
            heard.append(next(first))
            assert [*second] == ([] if number else whole[8:])
        assert [*heard, *first] == whole

    def test_closed_while_somebody_listens_it_begins_anew(
        self, repo: Repository, contents: Contents
    ) -> None:
        asked = ids(repo)
        whole = [*cat_file(Git(str(repo.path)), asked)]
        first = contents.of(asked)
        heard = [next(first), next(first)]
        contents.close()
        assert [*heard, *first] == whole

    @pytest.mark.parametrize("after", [0, 1, 60])
    def test_a_git_that_died_is_started_again(
        self, repo: Repository, contents: Contents, after: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = ids(repo)
        started = counted(monkeypatch)
        found = {}
        for number, (id, _, content) in enumerate(contents.of(asked)):
            found[id] = content
            if number == after and contents._process is not None:
                contents._process.kill()
        assert len(started) == 2
        whole = {id: content for id, _, content in cat_file(Git(str(repo.path)), asked)}
        lost = [id for id in whole if found[id] is None]
        assert len(lost) <= 1
        assert all(found[id] == whole[id] for id in whole if id not in lost)

    def test_of_a_damaged_object_is_none_and_the_next_are_there(
        self, repo: Repository, contents: Contents
    ) -> None:
        asked = ids(repo)
        file = repo.path / ".git/objects" / asked[4][:2] / asked[4][2:]
        file.chmod(0o600)
        file.write_bytes(file.read_bytes()[:10])
        found = {id: content for id, _, content in contents.of(asked)}
        assert [id for id, content in found.items() if content is None] == [asked[4]]

    def test_a_forked_process_asks_a_git_of_its_own(
        self, repo: Repository, contents: Contents, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = ids(repo)
        whole = [*cat_file(Git(str(repo.path)), asked)]
        reading = contents.of(asked)
        assert next(reading) == whole[0]
        pid = os.fork()
        if not pid:
            status = 1
            try:
                status = 0 if [*contents.of(asked)] == whole else 1
                contents.close()
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert [*reading] == whole[1:]


def counted(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Grows with each git that is started."""
    found: list[None] = []
    start = Git.started

    def started(*words: object, **given: object) -> object:
        found.append(None)
        return start(*words, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(Git, "started", started)
    return found
