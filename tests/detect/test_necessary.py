"""What the engine finds, a glance never takes for clean."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keymuster.detect import examples
from keymuster.detect.glance import Glance
from keymuster.detect.nested import Nested
from keymuster.detect.values.languages import is_code
from keymuster.detect.version import Version
from keymuster.model import Confidence
from keymuster.rules.schema import RuleSet

Missed = Callable[[str, str], list[str]]


@pytest.fixture(scope="session")
def missed(rules: RuleSet, glance: Glance) -> Missed:
    """The formats of what is found in a text, although a glance at its lines alone sees nothing."""
    engine = Nested(rules)

    def formats(text: str, path: str) -> list[str]:
        content = text.encode() + b"\n"
        return [
            match.format.id
            for match in engine.scan(content, path=path).matches
            if match.confidence.rank >= Confidence.MEDIUM.rank
            and glance.is_clean(_changed(content, match.start, match.end, path))
        ]

    return formats


def _changed(content: bytes, begin: int, end: int, path: str) -> Version:
    """A version in which only the lines of a span are new."""
    first = content.rfind(b"\n", 0, begin) + 1
    last = content.index(b"\n", end - 1) + 1
    parts = ((False, content[:first]), (True, content[first:last]), (False, content[last:]))
    return Version([(is_new, part) for is_new, part in parts if part], is_code(path))


def _examples(rules: RuleSet) -> Iterator[str]:
    formats = {token.id: token for token in rules.tokens}
    for token in rules.tokens:
        for text in (*token.examples, *token.counter_examples):
            yield examples.expand(text, token, formats)


@pytest.mark.parametrize("path", ["", "a.py", "a.env"])
def test_nothing_in_the_examples_of_the_rules_is_missed(
    path: str, rules: RuleSet, missed: Missed
) -> None:
    assert [(text, one) for text in _examples(rules) for one in missed(text, path)] == []


def test_nothing_is_missed_that_is_escaped(rules: RuleSet, missed: Missed) -> None:
    for number, text in enumerate(_examples(rules)):
        if number % 5 == 0:
            once = json.dumps({"text": text}, ensure_ascii=False)
            assert missed(once, "a.json") == []
            assert missed(json.dumps([once], ensure_ascii=False), "a.js") == []


NAMES = [
    "password",
    "DB_PASSWORD",
    "apiKey",
    "author",
    "AuthToken",
    "to_ken",
    "x.secret",
    "auth-to_ken",
]
JOINS = [
    " = ", "=", ": ", '": ', " := ", ", ", "(", " ", ">", "->", " -> ", "?: string = ", " => ", "' value='",
    ": |\n  ", ":\n  ", " = new String(", " = os.environ['A'] or ", " = [", " = !vault ", " = f", "%3D",
]  # fmt: skip
VALUES = [
    "hunter{base62:8}",
    "{base62:20}",
    "{lower:12}",
    "correct-horse",
    "a.b.c",
    "call(x)",
    "x->y",
    "${A}",
]
LEADS = ["", "  ", "f(", "{", "--", "'", '"', "- ", "<", "export ", "http://me:", "bearer ", "# "]


@given(
    st.sampled_from(LEADS), st.sampled_from(NAMES), st.sampled_from(JOINS), st.sampled_from(VALUES),
    st.sampled_from(["", "'", '"', "`", '\\"']), st.sampled_from(["", ")", ";", ",", "]", "\n  next", "</a>"]),
    st.sampled_from(["", "a.py", "a.c", "a.yml", "a.md"]),
)  # fmt: skip
@settings(max_examples=1500, deadline=None)
def test_nothing_is_missed_of_what_can_be_written(
    missed: Missed, lead: str, name: str, join: str, value: str, quote: str, rest: str, path: str
) -> None:
    text = f"{lead}{name}{join}{quote}{examples.expand(value, None, {})}{quote}{rest}"
    assert missed(text, path) == []


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("x = compute(1)\ntoken = get_token(request)\n", "a.py"),
        ("key = value;\nif (key->next == NULL) return;\n", "a.c"),
        ("The author says: it is tokenized.\n", "a.md"),
        ('printf("%d keys\\n", count);\n', "a.c"),
        ("from flask import session, current_app\n", "a.py"),
        ("git checkout main && modify --all\n", "a.sh"),
    ],
)
def test_ordinary_text_is_clean(text: str, path: str, glance: Glance) -> None:
    assert glance.is_clean(Version([(True, text.encode())], is_code(path)))
    assert not glance.is_clean(
        Version([(True, text.encode() + b"password: 'hunter{x}'\n")], is_code(path))
    )


def test_what_stands_far_from_a_change_is_let_be(glance: Glance) -> None:
    secret, plain = b"password = " + b"'hunter-9214'\n", b"x = 1\n" * 4000
    assert not glance.is_clean(Version([(False, secret), (True, plain[:60])], True))
    assert glance.is_clean(Version([(False, secret + plain), (True, plain[:60])], True))
    assert glance.is_clean(Version([(True, plain[:60]), (False, secret)], True))
