"""Pipelines of GitLab that are made of several files, and of jobs that extend each other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ci_files import of, reading_all
from keymuster.collect.base import Observed
from keymuster.collect.readers.gitlab_ci import GitlabCi
from keymuster.model import Credential, FileLocation, Identity, Resource, Trouble, Use
from keymuster.rules.schema import RuleSet

ReadAll = Callable[[dict[str, str]], list[Observed]]

MAIN = ".gitlab-ci.yml"
ROLE = "arn:aws:iam::123456789012:role/deploy"
BUILD = f"""\
.aws:
  variables:
    AWS_ROLE_ARN: {ROLE}
build:
  extends: .aws
  script: make $BUILD_TOKEN
"""


@pytest.fixture
def read(rules: RuleSet, tmp_path: Path) -> ReadAll:
    return reading_all(GitlabCi, rules, tmp_path)


def jobs(observed: list[Observed]) -> dict[str, str]:
    """Job -> its file and line."""
    return {
        one.name: f"{one.location.path}:{one.location.line}"
        for one in of(Identity, observed)
        if isinstance(one.location, FileLocation)
    }


def uses(job: str, observed: list[Observed]) -> set[str]:
    return {one.subject for one in of(Use, observed) if one.by == f"gitlab-ci:{job}"}


@pytest.mark.parametrize(
    "include",
    [
        "ci/build.yml", "/ci/build.yml", "{local: ci/build.yml}", "[{local: /ci/build.yml}]",
        "[{local: 'ci/*.yml'}]", "[{local: '/**/build.yml'}]",
    ],
)  # fmt: skip
def test_a_local_include_is_read(read: ReadAll, include: str) -> None:
    observed = read({MAIN: f"include: {include}\ntest:\n  script: x\n", "ci/build.yml": BUILD})
    assert jobs(observed) == {"test": f"{MAIN}:2", "build": "ci/build.yml:4"}
    assert uses("ci/build.yml:build", observed) == {"aws:role/deploy", "gitlab:secret/BUILD_TOKEN"}


def test_a_file_that_nobody_includes_is_not_looked_at(read: ReadAll) -> None:
    observed = read({MAIN: "test:\n  script: x\n", "ci/build.yml": BUILD})
    assert list(jobs(observed)) == ["test"]


def test_an_include_of_an_include_starts_at_the_root(read: ReadAll) -> None:
    files = {
        MAIN: "include: ci/all.yml\n",
        "ci/all.yml": "include: ci/build.yml\n",
        "ci/build.yml": BUILD,
    }
    assert list(jobs(read(files))) == ["build"]


def test_files_that_include_each_other_end(read: ReadAll) -> None:
    files = {MAIN: "include: ci/a.yml\nx:\n  script: a\n", "ci/a.yml": f"include: {MAIN}\n{BUILD}"}
    assert set(jobs(read(files))) == {"x", "build"}


def test_an_includer_changes_what_it_includes(read: ReadAll) -> None:
    main = (
        "include: ci/build.yml\nbuild:\n  variables:\n    AWS_ROLE_ARN: arn:aws:iam::1:role/other\n"
    )
    observed = read({MAIN: main, "ci/build.yml": BUILD})
    assert jobs(observed) == {"build": f"{MAIN}:2"}
    assert "aws:role/other" in uses(f"{MAIN}:build", observed)


def test_a_variable_of_the_includer_is_no_secret(read: ReadAll) -> None:
    main = "include: ci/build.yml\nvariables:\n  BUILD_TOKEN: $X\n"
    assert not of(Credential, read({MAIN: main, "ci/build.yml": BUILD}))


def test_jobs_extend_several_and_in_turn(read: ReadAll) -> None:
    text = (
        ".a:\n  script: [x]\n.b:\n  extends: .a\n  variables:\n    ROLE_ARN: arn:aws:iam::1:role/b\n"
        "job:\n  extends: [.a, .b]\n"
    )
    assert uses(f"{MAIN}:job", read({MAIN: text})) == {"aws:role/b"}


def test_jobs_that_extend_each_other_end(read: ReadAll) -> None:
    assert set(jobs(read({MAIN: "a:\n  extends: b\n  script: x\nb:\n  extends: a\n"}))) == {
        "a",
        "b",
    }


def test_references_and_anchors_are_followed(read: ReadAll) -> None:
    text = (
        ".login:\n  script:\n    - aws sts assume-role --role-arn arn:aws:iam::1:role/r\n"
        ".more: &more\n  variables:\n    ROLE_ARN: arn:aws:iam::1:role/m\n"
        "one:\n  script:\n    - !reference [.login, script]\n    - make\n"
        "two:\n  <<: *more\n  script: make\n"
    )
    observed = read({MAIN: text})
    assert uses(f"{MAIN}:one", observed) == {"aws:role/r"}
    assert uses(f"{MAIN}:two", observed) == {"aws:role/m"}


@pytest.mark.parametrize(
    ("inherit", "secrets"),
    [("", {"REGISTRY_TOKEN"}), ("inherit: {default: false}", set()),
     ("inherit: {default: [image]}", set()), ("before_script: []", set())],
)  # fmt: skip
def test_defaults_hold_unless_a_job_refuses_them(
    read: ReadAll, inherit: str, secrets: set[str]
) -> None:
    text = (
        f"default:\n  before_script: [login $REGISTRY_TOKEN]\njob:\n  script: make\n  {inherit}\n"
    )
    assert {one.name for one in of(Credential, read({MAIN: text}))} == secrets


def test_inputs_are_put_in(read: ReadAll) -> None:
    part = (
        "spec:\n  inputs:\n    role:\n      default: none\n---\n'$[[ inputs.role ]]-job':\n"
        "  script: aws sts assume-role --role-arn arn:aws:iam::1:role/$[[ inputs.role ]]\n"
    )
    main = "include:\n  - local: part.yml\n    inputs: {role: live}\n"
    observed = read({MAIN: main, "part.yml": part})
    assert uses("part.yml:live-job", observed) == {"aws:role/live"}


def test_a_pipeline_that_a_job_starts_is_one_of_its_own(read: ReadAll) -> None:
    main = "variables:\n  BUILD_TOKEN: $X\nstart:\n  trigger:\n    include: ci/build.yml\n"
    observed = read({MAIN: main, "ci/build.yml": BUILD})
    assert [one.name for one in of(Credential, observed)] == ["BUILD_TOKEN"]


def test_what_lies_elsewhere_is_named_as_not_looked_at(read: ReadAll) -> None:
    text = (
        "include:\n  - template: Jobs/SAST.gitlab-ci.yml\n  - project: acme/ci\n    file: x.yml\n    ref: main\n"
        "  - remote: https://example.com/x.yml\n  - component: gitlab.com/acme/c@1.2.3\njob:\n  script: x\n"
    )
    observed = read({MAIN: text})
    found = [one for one in of(Resource, observed) if one.type == "GitLab::CI::Include"]
    assert [one.settings["looked_at"] for one in found] == ["no"] * 4
    assert not of(Trouble, observed)


def test_what_a_hidden_job_says_is_reported_once_and_there(read: ReadAll) -> None:
    text = ".base:\n  image: acme/x\na:\n  extends: .base\n  script: x\nb:\n  extends: .base\n  script: x\n"
    images = [one for one in of(Resource, read({MAIN: text})) if one.type == "GitLab::CI::Image"]
    assert [one.location.line for one in images] == [2]


def test_a_broken_include_is_told_of(read: ReadAll) -> None:
    observed = read({MAIN: "include: x.yml\na:\n  script: x\n", "x.yml": ".a: [\n"})
    assert [one.scope for one in of(Trouble, observed)] == ["x.yml"]


def test_references_that_double_end_in_a_trouble(read: ReadAll) -> None:
    lines = [".r0: [x, x, x, x]"]
    lines += [f".r{n}: [{', '.join([f'!reference [.r{n - 1}]'] * 8)}]" for n in range(1, 10)]
    text = "\n".join([*lines, "job:", "  script: !reference [.r9]", ""])
    assert [one.scope for one in of(Trouble, read({MAIN: text}))] == [MAIN]
