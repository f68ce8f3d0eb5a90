"""The join as a target, over a real store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

pytest.importorskip("sqlalchemy")

from keymuster import gathering, pipeline
from keymuster.collect.base import Context, Selection
from keymuster.estate.base import Failure, Outcome, Target, Task
from keymuster.estate.kinds.join import Join
from keymuster.estate.store.rows import Standing
from keymuster.estate.store.store import Store
from keymuster.evaluate.choice import Choice
from keymuster.model import Severity, Trouble
from keymuster.model.secret import PUBLIC_KEY
from keymuster.redaction import Redactor
from keymuster.rules.schema import RuleSet

NOW = datetime(2026, 3, 1, tzinfo=UTC)
JOIN = "join"


class Estate:
    """A store into which folders are looked as repositories, and the join over them."""

    def __init__(self, rules: RuleSet, folder: Path) -> None:
        self.rules, self.folder = rules, folder
        self.url = f"sqlite:///{folder / 'estate.db'}"
        self.store = Store.open(self.url)
        self.left: dict[str, str] = {}
        self.now = NOW

    def look(
        self, name: str, troubles: tuple[Trouble, ...] = (), *, named: str = "", **files: str
    ) -> None:  # fmt: skip
        root = self.folder / name
        root.mkdir(exist_ok=True)
        for path, text in files.items():
            (root / path.replace("_", ".")).write_text(text)
        context = Context(selection=Selection(root=str(root), paths=(str(root),)), rules=self.rules)
        seen = gathering.gather(context, "worktree", now=self.now)
        report = pipeline.judged(seen, context, "worktree", choice=Choice(), now=self.now)
        report = replace(report, troubles=troubles)
        kept = tuple(Redactor(self.rules, PUBLIC_KEY).observations(seen.observations))
        target = Target(id=f"repository:{name}", kind="repository", name=named or f"acme/{name}")
        self.keep(target, Outcome(target=target.id, report=report, observations=kept))

    def join(self) -> Outcome:
        target = Target(id=JOIN, kind="join", name="join", options={"store": self.url})
        made = Join().perform(Task(target=target, now=self.now, left=self.left))
        self.left = made.left
        self.keep(target, made)
        return made

    def keep(self, target: Target, outcome: Outcome) -> None:
        self.now += timedelta(hours=1)
        run = self.store.start_run([target], self.now)
        attempt = self.store.begin(run, target.id, "w", self.now)
        assert attempt is not None
        self.store.finish(attempt, outcome, self.now)
        self.store.end_run(run, self.now)


@pytest.fixture
def estate(rules: RuleSet, tmp_path: Path) -> Iterator[Estate]:
    made = Estate(rules, tmp_path)
    yield made
    made.store.close()


STATE = """{{"version": 4, "terraform_version": "1.9.0", "resources": [
  {{"mode": "managed", "type": "aws_iam_user", "name": "ci", "provider": "provider[\\"registry.terraform.io/hashicorp/aws\\"]",
    "instances": [{{"attributes": {{"name": "ci", "arn": "arn:aws:iam::111122223333:user/ci"}}}}]}},
  {{"mode": "managed", "type": "aws_iam_user_policy_attachment", "name": "ci", "provider": "provider[\\"registry.terraform.io/hashicorp/aws\\"]",
    "instances": [{{"attributes": {{"user": "ci", "policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess"}}}}]}},
  {{"mode": "managed", "type": "aws_iam_access_key", "name": "ci", "provider": "provider[\\"registry.terraform.io/hashicorp/aws\\"]",
    "instances": [{{"attributes": {{"id": "{key}", "user": "ci", "status": "Active"}}}}]}}
]}}
"""


def test_a_key_in_one_repository_is_that_of_the_administrator_in_another(
    estate: Estate, token: Callable[..., str]
) -> None:
    key = token("aws-access-key-id", "ci")
    estate.look("app", app_env=f"AWS_ACCESS_KEY_ID={key}\n")
    estate.look("infra", terraform_tfstate=STATE.format(key=key))
    made = estate.join()
    assert made.report is not None
    found = {one.rule: one for one in made.report.findings}
    leak = found["leaked-credential-reaches-administrator/aws-access-key-id"]
    assert leak.severity is Severity.CRITICAL
    assert str(leak.location) == "acme/app/app.env:1"
    assert "acme/infra/terraform.tfstate" in str(leak.places)


def test_what_nobody_tells_of_another_is_nothing_new(
    estate: Estate, token: Callable[..., str]
) -> None:
    estate.look("app", app_env=f"TOKEN={token('github-pat', 'a')}\n")
    estate.look("web", app_env=f"TOKEN={token('github-pat', 'b')}\n")
    made = estate.join()
    assert made.report is not None
    assert made.report.findings == ()


def test_what_a_target_cannot_read_any_more_is_not_resolved(
    estate: Estate, token: Callable[..., str]
) -> None:
    key = token("aws-access-key-id", "ci")
    estate.look("app", app_env=f"AWS_ACCESS_KEY_ID={key}\n")
    estate.look("infra", terraform_tfstate=STATE.format(key=key))
    estate.join()
    estate.look(
        "app", app_env="", troubles=(Trouble(part="tree", scope="app.env", message="gone"),)
    )
    estate.join()
    assert [one.state for one in estate.store.findings(target=JOIN)] == [Standing.NOT_OBSERVED]
    assert len(estate.store.report(estate.now).troubles) == 1
    estate.look("app", app_env="")
    estate.join()
    assert [one.state for one in estate.store.findings(target=JOIN)] == [Standing.RESOLVED]


def test_without_a_change_nothing_is_read(estate: Estate, token: Callable[..., str]) -> None:
    estate.look("app", app_env=f"TOKEN={token('github-pat', 'a')}\n")
    assert not estate.join().unchanged
    assert estate.join().unchanged
    estate.look("app", app_env=f"TOKEN={token('github-pat', 'b')}\n")
    assert not estate.join().unchanged


def test_what_was_said_is_not_believed_for_ever(estate: Estate, token: Callable[..., str]) -> None:
    estate.look("app", app_env=f"TOKEN={token('github-pat', 'a')}\n")
    estate.join()
    assert estate.join().unchanged
    estate.now += timedelta(days=31)
    assert not estate.join().unchanged


def test_what_could_be_read_again_is_held_anew(estate: Estate) -> None:
    estate.look("app", troubles=(Trouble(part="tree", scope="app.env", message="gone"),))
    estate.join()
    estate.look("app")
    assert not estate.join().unchanged


def test_a_target_that_failed_is_unread_as_a_whole(
    estate: Estate, token: Callable[..., str]
) -> None:
    estate.look("app", app_env=f"TOKEN={token('github-pat', 'a')}\n")
    run = estate.store.start_run(
        [Target(id="repository:app", kind="repository", name="acme/app")], estate.now
    )
    attempt = estate.store.begin(run, "repository:app", "w", estate.now)
    assert attempt is not None
    trouble = Trouble(part="repository", scope="acme/app", message="killed")
    estate.store.fail(attempt, Failure(trouble=trouble), estate.now, None)
    made = estate.join()
    assert made.report is not None
    assert [one.scope for one in made.report.troubles] == ["acme/app"]


def test_no_secret_is_kept(estate: Estate, token: Callable[..., str]) -> None:
    key = token("aws-access-key-id", "ci")
    estate.look("app", app_env=f"AWS_ACCESS_KEY_ID={key}\n")
    estate.look("infra", terraform_tfstate=STATE.format(key=key))
    estate.join()
    text: Any = b"".join(one.read_bytes() for one in estate.folder.glob("estate.db*"))
    assert len(text) > 1000
    assert key.encode() not in text


ROLE = """resource "aws_iam_role" "ci" {{
  name = "ci"
  assume_role_policy = jsonencode({{Statement = [{{Effect = "Allow", Action = "sts:AssumeRole", Principal = {{{principal}}}}}]}})
}}
"""


def test_a_name_that_went_over_to_another_target_makes_the_two_not_one(estate: Estate) -> None:
    role = ROLE.format
    estate.look("old", named="acme/infra", main_tf=role(principal='AWS = "*"'))
    estate.look("new", named="acme/infra", main_tf=role(principal='Service = "ec2.amazonaws.com"'))
    made = estate.join()
    assert made.report is not None
    assert made.report.roll is not None
    found = {
        one.places: [trust.principal for trust in one.trusts] for one in made.report.roll.identities
    }
    assert found == {
        ("acme/infra/main.tf:1",): ["ec2.amazonaws.com"], ("repository/old/main.tf:1",): ["*"],
    }  # fmt: skip
    shown = estate.store.report(estate.now).findings
    assert {str(one.location).partition("/main.tf")[0] for one in shown} == {"repository/old"}


def test_what_a_target_has_found_is_about_the_identity_that_the_join_knows(
    estate: Estate, token: Callable[..., str]
) -> None:
    for name in ("one", "two"):
        estate.look(name, terraform_tfstate=STATE.format(key=token("aws-access-key-id", name)))
    roll = estate.join().report.roll  # type: ignore[union-attr]
    [found] = [
        one for one in estate.store.report(estate.now).findings if one.rule == "aws-user-declared"
    ]
    declared = {f"resource:{one.id}" for one in roll.identities}
    assert found.subject not in declared
    assert {*roll.about[found.id]} == declared
    assert len(declared) == 2
