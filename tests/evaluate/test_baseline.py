"""What is known stays known when files are moved, renamed or put in another order, and nothing else is."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keymuster import pipeline
from keymuster.collect.base import Context, Selection
from keymuster.errors import SettingsError
from keymuster.evaluate.baseline import compared, parse, text
from keymuster.model import Finding
from keymuster.rules.schema import RuleSet

KEY = b"a key of the tests"

Scan = Callable[[dict[str, str]], tuple[Finding, ...]]


@pytest.fixture(scope="module")
def scan(rules: RuleSet, tmp_path_factory: pytest.TempPathFactory) -> Scan:
    def run(files: dict[str, str]) -> tuple[Finding, ...]:
        root = tmp_path_factory.mktemp("estate")
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        selection = Selection(root=str(root), paths=(str(root),))
        return pipeline.scan(Context(selection=selection, rules=rules), "worktree").findings

    return run


def statement(actions: tuple[str, ...], resource: str) -> str:
    return json.dumps({"Effect": "Allow", "Action": list(actions), "Resource": resource})


def policy(name: str, statements: list[str], indent: int | None = None) -> str:
    document = json.dumps(
        {"Version": "2012-10-17", "Statement": [json.loads(one) for one in statements]},
        indent=indent,
    )
    return f'resource "aws_iam_policy" "{name}" {{\n  policy = <<EOT\n{document}\nEOT\n}}\n'


STATEMENTS = st.lists(
    st.builds(
        statement,
        st.sampled_from([("*",), ("s3:*",), ("iam:PassRole",), ("sts:AssumeRole",), ("iam:*", "sqs:*")]),
        st.just("*"),
    ),
    min_size=1, max_size=3, unique=True,
)  # fmt: skip


def new(found: tuple[Finding, ...], known: tuple[Finding, ...]) -> list[str]:
    baseline = parse(text(known, KEY), "baseline", KEY)
    return [one.subject for one in compared(found, baseline).new]


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    statements=STATEMENTS,
    folder=st.sampled_from(["", "infra/", "infra/prod/", "a/b/c/"]),
    file=st.sampled_from(["main.tf", "iam.tf"]),
    indent=st.sampled_from([None, 2]),
    above=st.integers(0, 3),
    seed=st.integers(0, 9),
)
def test_moves_renames_and_order_make_nothing_new(
    scan: Scan, statements: list[str], folder: str, file: str, indent: int | None, above: int, seed: int
) -> None:  # fmt: skip
    before = scan({"infra/main.tf": policy("ci", statements)})
    again = random.Random(seed).sample(statements, len(statements))
    after = scan({f"{folder}{file}": "# a comment\n" * above + policy("ci", again, indent)})
    assert before
    assert new(after, before) == []


def test_another_statement_is_new_wherever_it_stands(scan: Scan) -> None:
    known = [statement(("s3:*",), "*")]
    before = scan({"main.tf": policy("ci", known)})
    for now in (
        [statement(("iam:PassRole",), "*"), *known],
        [*known, statement(("iam:PassRole",), "*")],
    ):
        after = scan({"main.tf": policy("ci", now)})
        baseline = parse(text(before, KEY), "baseline", KEY)
        found = compared(after, baseline).new
        assert {one.policy for one in found} == {"aws-pass-any-role"}


def test_a_copy_is_new(scan: Scan) -> None:
    one = policy("ci", [statement(("*",), "*")])
    before = scan({"a/main.tf": one})
    after = scan({"a/main.tf": one, "b/main.tf": one})
    assert {subject.split(":")[1] for subject in new(after, before)} == {"b"}


def test_another_secret_on_a_known_line_is_new(scan: Scan, token: Callable[..., str]) -> None:
    first, second = token("aws-access-key-id", "one"), token("aws-access-key-id", "two")
    before = scan({"a.env": f"KEY={first}\n"})
    after = scan({"a.env": f"KEY={second}\n"})
    assert before
    assert new(before, before) == []
    assert new(after, before) == [one.subject for one in after]


def test_a_secret_that_moves_is_known(scan: Scan, token: Callable[..., str]) -> None:
    one = token("aws-access-key-id", "one")
    before = scan({"a.env": f"KEY={one}\n"})
    after = scan({"deep/er/b.yaml": f"# moved\nkey:   '{one}'\n"})
    assert new(after, before) == []


def test_lines_are_sorted_and_hold_no_place(scan: Scan, token: Callable[..., str]) -> None:
    value = token("aws-access-key-id", "one")
    found = scan({"main.tf": policy("ci", [statement(("*",), "*")]), "a.env": f"KEY={value}\n"})
    title, *lines = text(found, KEY).splitlines()
    assert lines == sorted(lines)
    assert len(lines) == len(found) > 1
    assert "a.env" not in text(found, KEY)
    assert value not in text(found, KEY)
    assert KEY.decode() not in title


def test_what_is_gone_is_counted(scan: Scan) -> None:
    before = scan({"main.tf": policy("ci", [statement(("s3:*",), "*")])})
    result = compared((), parse(text(before, KEY), "baseline", KEY))
    assert (result.new, result.known, result.gone) == ((), 0, len(before))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "not a baseline"),
        ("# keymuster baseline 1, fingerprint key 00000000\n", "another key"),
        (text((), KEY) + "<<<<<<< ours\n", ":2: not a line"),
    ],
)
def test_what_is_no_baseline_is_refused(content: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        parse(content, "baseline", KEY)


def test_findings_of_one_key_are_not_held_against_another(scan: Scan, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="fingerprint_key_env"):
        raise_advice(text((), KEY))


def raise_advice(content: str) -> None:
    try:
        parse(content, "baseline", b"another")
    except SettingsError as error:
        raise SettingsError(error.advice()) from None
