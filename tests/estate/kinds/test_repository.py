"""Repositories as targets."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from estate import git_http
from keymuster import pipeline
from keymuster.collect.owners.blame import TYPE as BLAME
from keymuster.errors import CollectError, Unreachable, Unreadable
from keymuster.estate import clones
from keymuster.estate.base import Outcome, Target, Task
from keymuster.estate.kinds.repository import Repository as Part
from keymuster.evaluate.comparison import compared
from keymuster.evaluate.states import State
from keymuster.inventory.build import build
from keymuster.model import Credential, FileLocation, Identity, Resource, RiskException
from keymuster.rules.schema import RuleSet
from repositories import Repository

NOW = datetime(2026, 2, 1, tzinfo=UTC)
Perform = Callable[..., Outcome]

ROLE = """\
resource "aws_iam_role" "deploy" {
  name = "deploy"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = "*" }]
  })
}
"""


@pytest.fixture
def repository(
    make_repo: Callable[..., Repository], tmp_path: Path, token: Callable[..., str]
) -> Repository:
    """A secret that is there, one that was, and a role."""
    made = make_repo(tmp_path / "api")
    made.commit({"old.py": f"k = '{token('github-pat', 'old')}'\n", "README": "hello\n"})
    made.git("rm", "-q", "old.py")
    made.commit({"new.py": f"k = '{token('github-pat', 'new')}'\n", "main.tf": ROLE})
    return made


@pytest.fixture
def perform(
    repository: Repository, tmp_path: Path, rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> Perform:
    real = pipeline.load_rules
    monkeypatch.setattr(  # a tenth of a second for each look
        pipeline, "load_rules", lambda folders=(): real(folders) if folders else rules
    )

    def run(
        left: dict[str, str] | None = None, now: datetime = NOW, config: str = "", **options: Any
    ) -> Outcome:
        chosen = {"refs": ["refs/heads/*", "refs/tags/*"], **options}
        if "path" not in chosen:
            chosen.setdefault("url", f"file://{repository.path}")
        target = Target(id="repository:api", kind="repository", name="api", options=chosen)
        task = Task(
            target=target, now=now, left=left or {}, cache=str(tmp_path / "cache"), config=config
        )
        return Part().perform(task)

    return run


def findings(outcome: Outcome) -> set[tuple[str, str]]:
    assert outcome.report is not None
    return {(one.policy, str(one.location).partition(":")[0]) for one in outcome.report.findings}


def places(outcome: Outcome) -> dict[str, set[tuple[str, bool | None]]]:
    found: dict[str, set[tuple[str, bool | None]]] = {}
    for one in outcome.observations:
        if isinstance(one, Credential) and isinstance(one.location, FileLocation):
            found.setdefault(one.id, set()).add((one.location.path, one.location.in_head))
    return found


def test_past_and_present_are_one_report(perform: Perform) -> None:
    outcome = perform()
    assert {("secret-in-tree", "new.py"), ("secret-in-history", "old.py")} <= findings(outcome)
    assert any(path == "main.tf" for _, path in findings(outcome))
    assert outcome.report is not None
    assert (outcome.report.mode, outcome.report.complete, outcome.report.troubles) == (
        "history",
        True,
        (),
    )


def test_a_secret_that_is_there_is_told_with_the_commit_that_brought_it(perform: Perform) -> None:
    assert sorted(places(perform()).values(), key=len) == [
        {("old.py", False)},
        {("new.py", True), ("new.py", None)},
    ]


def test_what_is_in_head_and_in_the_history_is_one_place(perform: Perform) -> None:
    report = perform().report
    assert report is not None
    leaks = [one for one in report.findings if one.policy.startswith("secret-in")]
    assert [[str(place) for place in one.places] for one in leaks] == [["new.py:1"], ["old.py:1"]]
    assert all(isinstance(one.location, FileLocation) and one.location.commit for one in leaks)


def test_the_report_names_the_commit_and_no_place_of_this_machine(
    perform: Perform, repository: Repository, tmp_path: Path
) -> None:
    report = perform().report
    assert report is not None
    assert report.provenance.revision == repository.git("rev-parse", "HEAD")
    assert report.provenance.branch == "main"
    assert str(tmp_path) not in msgspec.json.encode(report).decode()


def test_the_records_give_the_inventory_again(perform: Perform) -> None:
    inventory = build(perform().observations)
    assert [one.name for one in inventory.of(Identity)] == ["deploy"]
    assert len(list(inventory.of(Credential))) == 2


def test_neither_report_nor_records_nor_cache_have_the_secrets(
    perform: Perform, token: Callable[..., str], tmp_path: Path
) -> None:
    outcome = perform()
    secrets = [token("github-pat", seed).encode() for seed in ("old", "new")]
    said = msgspec.json.encode(outcome)
    assert not any(one in said for one in secrets)
    kept = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert kept
    assert not any(one in path.read_bytes() for path in kept for one in secrets)


def test_what_has_not_changed_is_not_looked_at(
    perform: Perform, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = perform()
    monkeypatch.setattr(clones, "clone", None)
    assert perform(first.left, NOW + timedelta(days=1)) == Outcome(
        target="repository:api", left=first.left, unchanged=True
    )


def test_a_look_at_what_has_not_changed_loads_nothing_heavy(
    perform: Perform, repository: Repository
) -> None:
    code = (
        "import sys, json\nfrom datetime import datetime\nfrom keymuster.estate.base import Target, Task\n"
        "from keymuster.estate.kinds.repository import Repository\n"
        "target = Target(id='repository:api', kind='repository', name='api', options=json.loads(sys.argv[1]))\n"
        "task = Task(target=target, now=datetime.fromisoformat(sys.argv[2]), left=json.loads(sys.argv[3]))\n"
        "assert Repository().perform(task).unchanged\nprint(json.dumps(sorted(sys.modules)))"
    )
    options = {"url": f"file://{repository.path}", "refs": ["refs/heads/*", "refs/tags/*"]}
    words = [json.dumps(options), NOW.isoformat(), json.dumps(perform().left)]
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, check=True, text=True
    )
    loaded = set(json.loads(done.stdout))
    heavy = {
        "keymuster.pipeline",
        "keymuster.rules",
        "keymuster.settings",
        "keymuster.detect",
        "hyperscan",
        "yaml",
        "pathspec",
        "git",
        "requests",
    }
    assert loaded & heavy == set()


@pytest.mark.parametrize("change", ["commit", "branch", "tag", "deleted branch", "HEAD"])
def test_a_ref_that_moved_is_a_change(
    change: str, perform: Perform, repository: Repository
) -> None:
    repository.git("branch", "side")
    first = perform()
    match change:
        case "commit":
            repository.commit({"b": "1\n"})
        case "branch":
            repository.git("branch", "another")
        case "tag":
            repository.git("tag", "v1")
        case "deleted branch":
            repository.git("branch", "-D", "side")
        case "HEAD":
            repository.git("symbolic-ref", "HEAD", "refs/heads/side")
    assert not perform(first.left).unchanged


def test_a_ref_that_nobody_asked_for_is_none(perform: Perform, repository: Repository) -> None:
    first = perform()
    repository.git("update-ref", "refs/pull/7/head", "HEAD")
    assert perform(first.left).unchanged


def test_other_settings_rules_or_options_are_a_change(perform: Perform, tmp_path: Path) -> None:
    (tmp_path / "team.yaml").write_text("rules: {folders: [more]}\n")
    (tmp_path / "more").mkdir()
    config = str(tmp_path / "team.yaml")
    first = perform(config=config)
    assert perform(first.left, config=config).unchanged
    assert not perform(first.left, config=config, source="worktree").unchanged
    (tmp_path / "more/note.txt").write_text("x")
    second = perform(first.left, config=config)
    assert not second.unchanged
    (tmp_path / "team.yaml").write_text("exclude: [new.py]\n")
    assert not perform(second.left, config=config).unchanged


def test_only_what_is_new_is_read_again(perform: Perform, repository: Repository) -> None:
    first = perform()
    repository.commit({"b.txt": "one more\n"})
    second = perform(first.left)
    assert second.report is not None
    assert second.report.counts["known"] >= 1
    assert second.report.counts["objects"] < 4
    assert findings(second) == findings(first)


def test_what_ends_with_time_is_looked_at_again(perform: Perform, repository: Repository) -> None:
    report = perform().report
    assert report is not None
    [secret] = [one for one in report.findings if one.policy == "secret-in-tree"]
    text = f"covers: {{finding: {secret.id}}}\nreason: a drill\nowner: ada\napprover: bo\ncreated: 2026-01-20\nexpires: 2026-02-10\nbound_to: {{secret: [{secret.subject.partition(':')[2]}]}}\n"
    repository.commit({".keymuster/exceptions/drill.yaml": text})
    second = perform()
    assert second.report is not None
    assert [one.is_accepted for one in second.report.findings if one.id == secret.id] == [True]
    assert any(isinstance(one, RiskException) for one in second.observations)
    assert perform(second.left, NOW + timedelta(days=9)).unchanged
    third = perform(second.left, NOW + timedelta(days=10))
    assert third.report is not None
    assert [one.is_accepted for one in third.report.findings if one.id == secret.id] == [False]


def test_nothing_is_believed_for_ever(perform: Perform) -> None:
    first = perform()
    assert perform(first.left, NOW + timedelta(days=29)).unchanged
    assert not perform(first.left, NOW + timedelta(days=31)).unchanged


def test_a_repository_cannot_switch_its_scan_off(perform: Perform, repository: Repository) -> None:
    before = findings(perform())
    repository.commit({".keymuster.yaml": "exclude: ['*']\nrules: {skip: ['*']}\n"})
    assert before <= findings(perform())


def test_who_may_accept_is_the_word_of_the_estate(
    perform: Perform, repository: Repository, tmp_path: Path
) -> None:
    report = perform().report
    assert report is not None
    secret = next(one for one in report.findings if one.policy == "secret-in-tree")
    bound = secret.subject.partition(":")[2]
    text = f"covers: {{finding: {secret.id}}}\nreason: a drill\nowner: ada\napprover: bo\ncreated: 2026-01-20\nexpires: 2026-02-10\nbound_to: {{secret: [{bound}]}}\n"
    repository.commit({".keymuster/exceptions/drill.yaml": text})
    for approver, holds in (("bo", True), ("cy", False)):
        (tmp_path / "team.yaml").write_text(f"exceptions: {{approvers: [{approver}]}}\n")
        judged = perform(config=str(tmp_path / "team.yaml")).report
        assert judged is not None
        assert [one.is_accepted for one in judged.findings if one.id == secret.id] == [holds]


def test_the_settings_of_the_estate_count(perform: Perform, tmp_path: Path) -> None:
    (tmp_path / "team.yaml").write_text("exclude: [old.py]\n")
    found = findings(perform(config=str(tmp_path / "team.yaml")))
    assert ("secret-in-history", "old.py") not in found
    assert ("secret-in-tree", "new.py") in found


def test_the_files_of_head_alone(perform: Perform) -> None:
    outcome = perform(source="worktree")
    assert outcome.report is not None
    assert ("secret-in-history", "old.py") not in findings(outcome)
    assert ("secret-in-tree", "new.py") in findings(outcome)
    assert outcome.report.mode == "worktree"


def test_for_the_files_of_head_one_commit_is_enough(
    perform: Perform, repository: Repository, tmp_path: Path
) -> None:
    first = perform(source="worktree")
    [clone] = (tmp_path / "cache").rglob("clone.git")
    assert clones.refs_in(str(clone)).ids.keys() == {"HEAD", "refs/heads/main"}
    assert (clone / "shallow").exists()
    repository.git("branch", "side")
    assert perform(first.left, source="worktree").unchanged
    repository.commit({"b": "1\n"})
    second = perform(first.left, source="worktree")
    assert findings(second) == findings(first)
    assert ("secret-in-history", "old.py") in findings(perform())  # then it takes all
    assert not (clone / "shallow").exists()


def test_a_repository_on_this_machine_is_read_where_it_is(
    perform: Perform, repository: Repository, tmp_path: Path
) -> None:
    (repository.path / "not committed.py").write_text("x = 1\n")
    index = (repository.path / ".git/index").read_bytes()
    outcome = perform(path=str(repository.path))
    assert findings(outcome) == findings(perform())
    assert (repository.path / ".git/index").read_bytes() == index
    assert perform(outcome.left, path=str(repository.path)).unchanged


def test_a_mirror_is_read_where_it_is(
    perform: Perform, repository: Repository, tmp_path: Path
) -> None:
    repository.git("clone", "--quiet", "--mirror", ".", str(tmp_path / "mirror.git"))
    outcome = perform(path=str(tmp_path / "mirror.git"))
    assert findings(outcome) == findings(perform())
    assert not (tmp_path / "mirror.git/index").exists()


def test_a_hostile_mirror_starts_no_program(
    perform: Perform, repository: Repository, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    for name in (
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "diff.external",
        "uploadpack.packObjectsHook",
        "core.alternateRefsCommand",
    ):
        repository.git("config", name, f"touch {ran}")
    (repository.path / ".git/hooks").mkdir(exist_ok=True)
    for name in ("post-checkout", "reference-transaction", "post-index-change", "pre-auto-gc"):
        hook = repository.path / ".git/hooks" / name
        hook.write_text(f"#!/bin/sh\ntouch {ran}\n")
        hook.chmod(0o700)
    perform()
    perform(path=str(repository.path))
    assert not ran.exists()


def test_an_empty_repository_has_nothing(
    make_repo: Callable[..., Repository], tmp_path: Path, perform: Perform
) -> None:
    empty = make_repo(tmp_path / "empty")
    for options in (
        {"url": f"file://{empty.path}"},
        {"path": str(empty.path)},
        {"path": str(empty.path), "source": "worktree"},
    ):
        outcome = perform(**options)
        assert outcome.report is not None
        assert (outcome.report.findings, outcome.report.complete) == ((), True)
        assert outcome.left


def test_a_clone_with_damage_is_made_again_and_scanned_whole(
    perform: Perform, repository: Repository, tmp_path: Path
) -> None:
    first = perform()
    [pack] = (tmp_path / "cache").rglob("clone.git/objects/pack/*.pack")
    pack.chmod(0o600)
    content = bytearray(pack.read_bytes())
    content[20:60] = bytes(40)
    pack.write_bytes(content)
    repository.git("tag", "v1")
    second = perform(first.left)
    assert second.report is not None
    assert second.report.troubles == ()
    assert findings(second) == findings(first)


def cut_off(pack: Path) -> None:
    pack.chmod(0o600)
    pack.write_bytes(pack.read_bytes()[:-8])


@pytest.mark.parametrize("source", ["history", "worktree"])
def test_a_clone_with_a_pack_that_is_cut_off_is_fetched_anew(
    source: str, perform: Perform, tmp_path: Path
) -> None:
    first = perform(source=source)
    [pack] = (tmp_path / "cache").rglob("clone.git/objects/pack/*.pack")
    cut_off(pack)
    second = perform(source=source)
    assert second.report is not None
    assert second.report.troubles == ()
    assert findings(second) == findings(first)


def test_what_can_be_read_of_a_pack_that_is_cut_off_is_told_with_advice(
    perform: Perform, repository: Repository
) -> None:
    whole = perform(path=str(repository.path))
    repository.git("repack", "-a", "-d", "-q")
    [pack] = repository.path.glob(".git/objects/pack/*.pack")
    cut_off(pack)
    outcome = perform(path=str(repository.path))
    assert outcome.report is not None
    assert {*places(outcome)} == {*places(whole)}  # every secret, though no commit says where
    told = {one.scope: one for one in outcome.report.troubles}
    assert "what can be read of it was scanned" in told[pack.name].message
    assert "clone it again" in told[pack.name].advice
    assert "HEAD" in told["."].message
    assert outcome.left == {}
    assert whole.report is not None
    states = {one.state for one in compared(whole.report, outcome.report)}
    assert State.RESOLVED not in states


def test_of_files_alone_a_damaged_repository_tells_that_it_could_not_look(
    perform: Perform, repository: Repository
) -> None:
    repository.git("repack", "-a", "-d", "-q")
    [pack] = repository.path.glob(".git/objects/pack/*.pack")
    cut_off(pack)
    outcome = perform(path=str(repository.path), source="worktree")
    assert outcome.report is not None
    [trouble] = outcome.report.troubles
    assert pack.name in trouble.message
    assert "git fsck" in trouble.advice


def test_what_is_damaged_where_it_comes_from_is_told_and_looked_at_again(
    perform: Perform, repository: Repository
) -> None:
    id = repository.git("rev-parse", "HEAD:README")
    (repository.path / ".git/objects" / id[:2] / id[2:]).unlink()
    outcome = perform(path=str(repository.path))
    assert outcome.report is not None
    assert any("missing" in one.message for one in outcome.report.troubles)
    assert outcome.left == {}


def test_a_repository_that_is_not_there(perform: Perform, tmp_path: Path) -> None:
    with pytest.raises(CollectError) as refusal:
        perform(url=f"file://{tmp_path}/gone")
    assert not isinstance(refusal.value, Unreachable)
    with pytest.raises(Unreadable):
        perform(path=str(tmp_path / "gone"))


def test_over_http_with_a_credential(
    perform: Perform, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_TOKEN", "open sesame")
    with git_http.serving(tmp_path) as door:
        door.lets_in("x-access-token", "open sesame")
        options = {
            "url": f"{door.url}/api/.git",
            "user": "x-access-token",
            "credential": {"env": "ACME_TOKEN"},
        }
        outcome = perform(**options)
        asked = len(door.asked)
        assert perform(outcome.left, **options).unchanged
        assert len(door.asked) - asked == 2  # what the server can do, and its refs
    assert findings(outcome) == findings(perform())
    assert outcome.report is not None
    assert outcome.report.provenance.repository == options["url"]


def test_who_hands_out_work_may_ask_whether_there_is_any(
    perform: Perform, repository: Repository, tmp_path: Path
) -> None:
    first = perform()
    options = {"url": f"file://{repository.path}", "refs": ["refs/heads/*", "refs/tags/*"]}
    target = Target(id="repository:api", kind="repository", name="api", options=options)
    task = Task(target=target, now=NOW, left=first.left)
    assert Part().unchanged(task) == perform(first.left)
    assert Part().unchanged(msgspec.structs.replace(task, left={})) is None
    repository.commit({"b": "1\n"})
    assert Part().unchanged(task) is None
    repository.path.rename(tmp_path / "elsewhere")
    assert Part().unchanged(task) is None


def test_git_tells_who_wrote_what_if_the_settings_ask(perform: Perform, tmp_path: Path) -> None:
    (tmp_path / "team.yaml").write_text("owners: {blame: true}\n")
    outcome = perform(config=str(tmp_path / "team.yaml"))
    [told] = [
        one for one in outcome.observations if isinstance(one, Resource) and one.type == BLAME
    ]
    assert "ada@example.org" in str(told.settings)
    assert outcome.report is not None
    assert outcome.report.troubles == ()


@pytest.mark.parametrize("seen_in", ["code", "history"])
def test_an_exception_that_covers_nothing_is_told(
    seen_in: str, perform: Perform, repository: Repository
) -> None:
    text = (
        "covers: {finding: 4be2a09c4be2a09c4be2a09c4be2a09c}\nreason: a drill\nowner: ada\napprover: bo\n"
        f"created: 2026-01-20\nexpires: 2026-02-10\nseen_in: {seen_in}\n"
    )
    repository.commit({".keymuster/exceptions/drill.yaml": text})
    assert ("exception-unused", ".keymuster/exceptions/drill.yaml") in findings(perform())


def test_what_was_learned_by_old_rules_is_forgotten(perform: Perform, tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / "team.yaml").write_text(f"exclude: [number{number}]\n")
        perform(config=str(tmp_path / "team.yaml"))
    [memory] = (tmp_path / "cache").rglob("memory")
    sorts = Counter(one.name.partition("-")[0] for one in memory.iterdir())
    assert sorts == {"clean": 2, "history": 2, "seen": 2}
