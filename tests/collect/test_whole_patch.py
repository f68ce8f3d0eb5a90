"""A staged change that is taken from one patch is what git says of it file by file, or nothing at all."""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from keymuster.collect import whole_patch
from keymuster.collect.base import Batch, Blob, Context, Selection
from keymuster.collect.patch import Patch, Refused
from keymuster.collect.sources.staged import Staged
from keymuster.rules.schema import RuleSet
from repositories import Repository

if not hasattr(os, "posix_spawnp"):
    pytest.skip("a hook takes no glance here", allow_module_level=True)


@pytest.fixture
def repository(
    make_repo: Callable[..., Repository], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Repository:
    monkeypatch.setattr(whole_patch, "_kept", [])
    made: Repository = make_repo(tmp_path / "repo")
    before = {f"{name}.py": f"{name}\ntwo\nthree\nfour\n" for name in "abcd"}
    made.commit(before | {"e f.md": "plain", "g.txt": "", "h.bin": "x\0y"})
    return made


def said(repository: Repository) -> bytes:
    with Patch(str(repository.path)) as patch:
        with contextlib.suppress(Refused):
            [*patch.versions()]
        return patch.said


def seen(repository: Repository, rules: RuleSet) -> list[tuple[object, ...]]:
    """What the source says of each file, with the lines that count."""
    staged = Staged(Context(selection=Selection(root=str(repository.path)), rules=rules))
    found: list[tuple[object, ...]] = []
    for batch in staged.batches():
        assert isinstance(batch, Batch)
        for blob in staged.read(batch):
            assert isinstance(blob, Blob)
            lines = blob.data.count(b"\n") + 1
            count = [blob.counts(line, line) for line in range(1, lines + 1)]
            found.append((blob.path, blob.object, blob.data, blob.storage, count))
    return [*found, staged.counts()]


def same(repository: Repository, rules: RuleSet, *, told: bool = True) -> None:
    whole_patch._kept.clear()
    patch = said(repository)
    asked = seen(repository, rules)
    whole_patch.keep(str(repository.path), patch)
    assert (whole_patch.kept(str(repository.path)) is not None) is told
    assert seen(repository, rules) == asked


def test_whatever_is_staged_is_seen_as_by_git(repository: Repository, rules: RuleSet) -> None:
    repository.stage(
        {
            "a.py": "a\n2\nthree\nfour",  # without the last line end
            "b.py": "b\ntwo\ntwo\nthree\n@@ -1 +1 @@\n+++ b/x\ndiff --git a/x b/x\n\\ no\n\r\n \n\n",
            "e f.md": "plain\nand more\n",
            "g.txt": "no longer empty",
            "empty.txt": "",
            "new/\u00e9 name.py": "x = 1\n",
        }
    )
    repository.git("rm", "-q", "c.py")
    repository.git("mv", "d.py", "moved.py")
    same(repository, rules)


def test_lines_are_numbered_as_by_git(repository: Repository, rules: RuleSet) -> None:
    chance = random.Random(7)
    text = [chance.choice("xyz\t ") * chance.randint(0, 3) + "\n" for _ in range(60)]
    repository.commit({"a.py": "".join(text)})
    for _ in range(12):
        new = [line for line in text if chance.random() > 0.1]
        for _ in range(chance.randint(0, 6)):
            at = chance.randint(0, len(new))
            new[at:at] = new[at - 3 : at] if chance.random() < 0.5 else ["+ new\n"]
        repository.stage({"a.py": "".join(new) + chance.choice(["", "end"])})
        same(repository, rules)


@pytest.mark.parametrize(
    "odd",
    ['quote".py', "tab\t.py", "line\n.py", "mode", "binary", "link", "prefix"],
)
def test_what_is_odd_is_left_to_git(odd: str, repository: Repository, rules: RuleSet) -> None:
    repository.stage({"a.py": "new\n"})
    match odd:
        case "mode":
            repository.git("update-index", "--chmod=+x", "b.py")
        case "binary":
            repository.stage({"h.bin": "x\0z"})
        case "link":
            os.symlink("a.py", repository.path / "link")
            repository.git("add", "link")
        case "prefix":
            repository.git("config", "diff.dstPrefix", "new/")
        case _:
            repository.stage({odd: "x = 1\n"})
    same(repository, rules, told=odd == "link" or _is_plain(repository, odd))


def _is_plain(repository: Repository, odd: str) -> bool:
    return odd == "prefix" and b" new/" not in said(repository)


def test_a_patch_that_was_tampered_with_is_none(repository: Repository) -> None:
    repository.stage({"a.py": "a\n2\nthree\nfour\n", "new.py": "x = 1\ny = 2\n"})
    patch = said(repository)
    assert whole_patch.staged_files(patch) is not None
    for at in range(0, len(patch), 3):
        for other in (patch[:at], patch[:at] + b"?" + patch[at + 1 :]):
            files = whole_patch.staged_files(other)
            for one in files or ():
                assert whole_patch.is_gone(one) or whole_patch._id(one.content, 40) == one.after
    assert whole_patch.staged_files(patch + b"* Unmerged path b.py\n") is None
    assert whole_patch.staged_files(b"* Unmerged path b.py\n" + patch) is None
    assert whole_patch.staged_files(patch.replace(b"+x = 1", b"+x = 2")) is None


def test_a_patch_of_another_repository_is_not_taken(
    repository: Repository, rules: RuleSet, tmp_path: Path
) -> None:
    repository.stage({"a.py": "new\n"})
    whole_patch.keep(str(tmp_path), said(repository))
    assert whole_patch.kept(str(repository.path)) is None
    whole_patch.keep(str(repository.path), b"")  # git failed
    assert whole_patch.kept(str(repository.path)) is None
