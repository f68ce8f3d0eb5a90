"""How much work a scan is: bounds that hold on any machine, so that doing more is noticed without a
clock. They are relative to the size of what is scanned, and about twice what is needed today. Who
finds a way to do with less may lower them; who needs more should know why."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from keymuster import pipeline
from keymuster.collect.base import Context, Selection
from keymuster.profile import measuring
from keymuster.rules.schema import RuleSet

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"

if not BENCHMARKS.is_dir():
    pytest.skip("the benchmarks make what is scanned here", allow_module_level=True)

sys.path.insert(0, str(BENCHMARKS))
import samples  # noqa: E402


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small repository of real text, with a staged change of five files."""
    folder = samples.repository(tmp_path_factory.mktemp("counts") / "made", files=120, commits=80)
    samples.stage(folder)
    return folder


def spent(rules: RuleSet, root: Path, source: str, jobs: int = 1) -> Counter[str]:
    paths = (str(root),) if source == "worktree" else ()
    context = Context(selection=Selection(root=str(root), paths=paths), rules=rules)
    with measuring() as profile:
        report = pipeline.scan(context, source, jobs=jobs)
    assert report.complete
    assert not report.troubles
    return profile.counts


def check(counts: Counter[str], size: int) -> None:
    """What holds for any text."""
    assert counts["bytes decoded"] <= size / 20
    # a gate that hits ordinary text costs more than the search: one in 2,700 bytes today
    assert counts["hits"] <= size / 1000
    # what Python looks at: one in 4,000 bytes today
    assert counts["candidates"] <= size / 2000
    assert counts["values weighed"] <= size / 5000
    # what has the form of a credential is rare; what is planted and what tests hold
    assert counts["candidates confirmed"] <= 10 + size / 100_000


def test_the_tree_is_read_once(repository: Path, rules: RuleSet) -> None:
    files = [repository / name for name in samples.listed(repository)]
    size = sum(file.stat().st_size for file in files)
    counts = spent(rules, repository, "worktree")
    assert counts["blobs read"] == len(files)
    assert counts["bytes read"] == size
    assert counts["objects inflated"] == 0  # the files are here
    assert counts["git started"] <= 2  # for the list of files, and for what it may need to know
    # once for names, once for formats, once for what is encoded; then what was decoded, which is little
    assert counts["bytes searched"] <= 3.2 * size
    check(counts, size)


@pytest.mark.parametrize("jobs", [1, 2])
def test_each_version_in_history_is_read_once(
    jobs: int, repository: Path, rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    if jobs > 1:
        if not hasattr(os, "fork"):
            pytest.skip("one process does all")
        monkeypatch.setattr("keymuster.work.GUARDED", 1)
    sizes = _blob_sizes(repository)
    counts = spent(rules, repository, "history", jobs)
    assert counts["blobs read"] <= len(sizes)
    assert counts["objects inflated"] <= 1.1 * len(sizes)  # some are made again
    # as above for half of the versions, which are the first of their files; of the others, only where
    # they differ
    assert counts["bytes searched"] <= 2 * sum(sizes)
    assert counts["bytes read"] <= sum(sizes)
    # each is some milliseconds: questions about the repository, the objects, the commits, HEAD
    assert counts["git started"] <= 20
    check(counts, sum(sizes))


def test_a_staged_change_is_all_that_a_hook_looks_at(repository: Path, rules: RuleSet) -> None:
    words = ["git", "diff", "--cached", "--name-only"]
    said = subprocess.run(words, cwd=repository, capture_output=True, check=True).stdout.split()
    size = sum(repository.joinpath(os.fsdecode(name)).stat().st_size for name in said)
    counts = spent(rules, repository, "staged")
    assert counts["blobs read"] == len(said) == 5
    assert counts["objects inflated"] == 5
    assert counts["bytes read"] == size
    assert counts["git started"] <= 2  # the change, and what is in it
    # here each text is small, so single hits weigh more
    assert counts["bytes searched"] <= 3.2 * size + 1000
    assert counts["candidates"] <= 5
    assert counts["candidates confirmed"] == 0


def _blob_sizes(repository: Path) -> list[int]:
    form = "--batch-check=%(objecttype) %(objectsize)"
    words = ["git", "cat-file", form, "--batch-all-objects"]
    said = subprocess.run(words, cwd=repository, capture_output=True, check=True).stdout
    return [int(line[5:]) for line in said.splitlines() if line.startswith(b"blob ")]
