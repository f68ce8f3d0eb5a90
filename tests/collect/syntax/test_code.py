"""Calls in programs, and what their arguments are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keymuster.collect.syntax.code import Call, Code
from keymuster.collect.syntax.node import Broken, File, Node

WORDS = frozenset({"Agent", "Server"})


def _calls(text: str, language: str = "python") -> list[Call]:
    code = Code(text, File(path="a"), language)
    return [*code.calls(lambda name: name.rpartition(".")[2] in WORDS, WORDS)]


def _said(node: Node) -> Any:
    """A value as plain data; a call with its name."""
    if node.tag:
        return {node.tag: {key: _said(one) for key, one in node.entries()}}
    match node.value:
        case dict():
            return {key: _said(one) for key, one in node.entries()}
        case list():
            return [_said(one) for one in node.value]
        case _:
            return node.value


def _argument(text: str, language: str = "python") -> Any:
    [call] = _calls(text, language)
    return _said(call.arguments)[f"{call.function}()"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("from crewai import Agent\nAgent()", "crewai.Agent"),
        ("from crewai import Agent as A\nA()", "crewai.Agent"),
        ("import crewai\ncrewai.Agent()", "crewai.Agent"),
        ("import google.adk.agents as g\ng.Agent()", "google.adk.agents.Agent"),
        ("Agent()", "Agent"),
    ],
)
def test_a_function_has_its_full_name_in_python(text: str, name: str) -> None:
    assert [one.function for one in _calls(text)] == [name]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("import { Agent } from '@openai/agents'; new Agent()", "@openai/agents.Agent"),
        ("import { Agent as A } from 'x'; new A()", "x.Agent"),
        ("import * as x from 'x'; x.Agent()", "x.Agent"),
        ("const { Agent } = require('x'); Agent()", "x.Agent"),
        ("const x = require('x'); new x.Agent()", "x.Agent"),
    ],
)
@pytest.mark.parametrize("language", ["typescript", "tsx"])
def test_a_function_has_its_full_name_in_scripts(language: str, text: str, name: str) -> None:
    assert [one.function for one in _calls(text, language)] == [name]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("'a' 'b'", "ab"),
        ("'a' + \"b\"", "ab"),
        ("f'a{b}c'", "a${(b)}c"),
        (r"'a\n\'b'", "a\n'b"),
        ("12_000", 12000),
        ("True", True),
        ("None", None),
        ("['a', b]", ["a", "${(b)}"]),
        ("{'a': 1, **{'b': 2}}", {"a": 1, "b": 2}),
        ("os.environ['K']", "${env:K}"),
        ("os.getenv('K', 'x')", "${env:K}"),
        ("os.environ.get('K') or 'x'", "${env:K}"),
        ("lambda: f(1)", {"f()": {"0": 1}}),
        ("a if b else c", "${(a if b else c)}"),
        ("await f(x='y')", {"f()": {"x": "y"}}),
    ],
)
def test_values_of_python(written: str, value: Any) -> None:
    assert _argument(f"import os\nAgent(k={written})") == {"k": value}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("`a${b}`", "a${(b)}"),
        ("`a${process.env.K}`", "a${env:K}"),
        ("process.env['K'] ?? 'x'", "${env:K}"),
        ("process.env.K!", "${env:K}"),
        ("x as any", "${(x)}"),
        ("['a', 'b']", ["a", "b"]),
        ("() => f('a')", {"f()": {"0": "a"}}),
        ("new URL('a')", {"URL()": {"0": "a"}}),
    ],
)
def test_values_of_scripts(written: str, value: Any) -> None:
    assert _argument(f"Agent({{ k: {written} }})", "typescript") == {"0": {"k": value}}


def test_a_name_stands_for_what_it_is_assigned_once() -> None:
    assert _argument("A = 'x'\nB = A\nAgent(k=B)") == {"k": "x"}
    assert _argument("A = 'x'\nA = 'y'\nAgent(k=A)") == {"k": "${(A)}"}
    assert _argument("with f() as a:\n    Agent(k=a)") == {"k": {"f()": {}}}
    assert _argument("A = B\nB = A\nAgent(k=A)") == {"k": "${(A)}"}


def test_a_call_knows_where_it_stands_and_what_it_is_bound_to() -> None:
    [call] = _calls("x = 1\nä = Agent(\n  k='é', l='b')\n")
    node = call.arguments
    assert (call.bound, node.line, node.column, node.end_line) == ("ä", 2, 5, 3)
    last = node.get("l")
    assert last is not None
    assert (last.line, last.column, last.end_column) == (3, 10, 15)


def test_names_that_stand_for_more_and_more_come_to_an_end() -> None:
    lines = [f"a{n} = [a{n - 1}, a{n - 1}]" for n in range(1, 60)]
    assert _argument("\n".join(["a0 = 'x'", *lines, "Agent(k=a59)"]))["k"]


@pytest.mark.parametrize("language", ["python", "typescript", "tsx"])
@pytest.mark.parametrize("text", ["(" * 100_000, "[{" * 100_000, "`${" * 100_000])
def test_too_many_brackets_are_broken(language: str, text: str) -> None:
    with pytest.raises(Broken):
        _calls(f"\n{text}", language)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["Agent(", ")", "a", "=", "'", '"', "`", "${", "}", "{", "[", "]", ",", ":", "\n", " ", "**", "...",
             "import ", "from ", "f'", "lambda", "=>", "new ", "await ", "os.environ[", "with ", " as ", "ä", "\\"]
        ),
        max_size=60,
    ),
    st.sampled_from(["python", "typescript", "tsx"]),
)  # fmt: skip
def test_nothing_that_may_stand_in_a_program_is_too_odd(parts: list[str], language: str) -> None:
    for call in _calls("".join(parts), language):
        _said(call.arguments)
