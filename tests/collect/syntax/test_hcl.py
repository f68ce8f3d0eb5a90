"""HCL: blocks, expressions, templates, their places, and what is no HCL."""

from __future__ import annotations

import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keymuster.collect.syntax import hcl
from keymuster.collect.syntax.hcl_tree import (
    Block,
    Call,
    Conditional,
    Entries,
    Expression,
    For,
    Items,
    Literal,
    Operation,
    Reference,
    Splat,
    Template,
)


def expression(text: str) -> Expression:
    block, mistakes = hcl.parse(f"a = {text}\n")
    assert not mistakes
    return block.attributes["a"].value


def test_blocks_have_types_labels_and_places() -> None:
    text = '# é\nresource "aws_x" "y" {\n  name = "n"\n  inner {\n    b = 1\n  }\n}\n'
    block, mistakes = hcl.parse(text)
    assert not mistakes
    (resource,) = block.blocks
    assert (resource.type, resource.labels) == ("resource", ["aws_x", "y"])
    assert text[resource.begin : resource.end] == text[4:-1]
    name = resource.attributes["name"]
    assert text[name.begin : name.end] == 'name = "n"'
    assert resource.blocks[0].attributes["b"].value == Literal(name.end + 19, name.end + 20, 1)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-1.5", -1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("null", None),
        ('"a\\n\\"\\u00e9"', 'a\n"é'),
        ('"$${a} %%{b} $ % $"', "${a} %{b} $ % $"),
        ('(\n "x"\n)', "x"),
    ],
)
def test_constants(text: str, value: object) -> None:
    one = expression(text)
    parts = one.parts if isinstance(one, Template) else [one]
    found = [part.value for part in parts if isinstance(part, Literal)]
    assert (found[0] if len(found) == 1 else "".join(map(str, found))) == value


def test_operators_bind_as_in_terraform() -> None:
    one = expression('a || b && c == 1 + 2 * 3 ? x : y ? "p" : q')
    assert isinstance(one, Conditional)
    assert isinstance(one.otherwise, Conditional)
    either = one.condition
    assert isinstance(either, Operation)
    assert either.operator == "||"
    both = either.right
    assert isinstance(both, Operation)
    assert both.operator == "&&"
    equal = both.right
    assert isinstance(equal, Operation)
    assert isinstance(equal.right, Operation)
    assert equal.right.operator == "+"


def test_references_keep_attributes_and_keys() -> None:
    one = expression('aws_x.y["k"].a[0].b.1')
    assert isinstance(one, Reference)
    assert one.root == "aws_x"
    assert [step if isinstance(step, str) else getattr(step, "value", "") for step in one.steps] == [
        "y", "k", "a", 0, "b", 1,
    ]  # fmt: skip


def test_what_follows_a_splat_is_asked_of_each_element() -> None:
    one = expression("a.b[*].c[0]")
    assert isinstance(one, Splat)
    assert len(one.steps) == 2
    legacy = expression("a.b.*.c[0]")
    assert not isinstance(legacy, Splat)


def test_collections_and_calls_may_span_lines() -> None:
    one = expression('f([\n1,\n2,\n], {\na = 1\n"b" : 2, (c) = 3\n}, d...)')
    assert isinstance(one, Call)
    assert one.spread
    items, entries, _ = one.arguments
    assert isinstance(items, Items)
    assert len(items.items) == 2
    assert isinstance(entries, Entries)
    assert [type(key) for key, _ in entries.entries] == [Literal, Literal, Reference]


def test_for_makes_lists_and_maps() -> None:
    one = expression("[for x in y : x.a if x.b]")
    assert isinstance(one, For)
    assert one.key is None
    assert one.condition is not None
    grouped = expression("{for k, v in y : k => v...}")
    assert isinstance(grouped, For)
    assert (grouped.key_name, grouped.value_name, grouped.grouped) == ("k", "v", True)


def test_heredocs_lose_the_blanks_that_all_lines_begin_with() -> None:
    one = expression("<<-EOT\n    a\n      ${b}\n    EOT")
    assert isinstance(one, Template)
    first = one.parts[0]
    assert isinstance(first, Literal)
    assert (first.value, first.begin) == ("a\n", len("a = <<-EOT\n    "))


def test_directives_of_templates() -> None:
    one = expression('"%{ if a ~} x %{ else }y%{ endif }%{ for i in l }${i}%{ endfor }"')
    assert isinstance(one, Template)
    assert [type(part) for part in one.parts] == [Conditional, For]


@pytest.mark.parametrize(
    "text",
    ["a = \n", "a = 1 2\n", 'a = "x\n', "a = <<E\nx\n", "a = [1 2]\n", 'a = "${x"\n', "a = f(\n"],
)
def test_what_stands_around_a_mistake_is_there(text: str) -> None:
    block, mistakes = hcl.parse(f'b "x" {{\n  p = 1\n}}\n{text}c "x" {{\n  p = 1\n}}\n')
    assert mistakes
    assert [one.type for one in block.blocks][:1] == ["b"]
    assert [one.type for one in block.blocks][-1] == "c" or "<<" in text


def test_a_mistake_in_a_block_costs_a_line_of_it() -> None:
    block, mistakes = hcl.parse("b {\n  p = = 1\n  q = 2\n}\nc {\n}\n")
    assert len(mistakes) == 1
    assert list(block.blocks[0].attributes) == ["q"]
    assert block.blocks[1].type == "c"


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 50_000,
        "a = " + "(" * 50_000,
        "a {\n" * 20_000,
        'a = "' + '${"' * 20_000,
        "a = <<E\n" * 10_000,
        "a = " + "-" * 100_000 + "1\n",
        "a = " + "1 + " * 50_000 + "1\n",
        "a = x" + ".y" * 50_000,
        'a = "' + "\\" * 100_000,
        "/*" * 50_000,
        "a = [for " * 50_000,
        "a = " + "x ? " * 50_000,
        ('a = 1 a = 1 }{"$\n') * 5_000,
        "a = <<E\n" + "%{ if x }" * 20_000 + "\nE\n",
    ],
)
def test_nonsense_ends_soon(text: str) -> None:
    begin = time.process_time()
    _, mistakes = hcl.parse(text)
    assert mistakes
    assert time.process_time() - begin < 2


@given(st.text(alphabet='ab1 ={}[]()"$%<>E\n\\.,:?!-*&|#/~', max_size=60))
def test_any_text_is_parsed_or_a_mistake(text: str) -> None:
    block, _ = hcl.parse(text)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(block), type=Block) == block


_PIECES = (
    "a", " = ", "=", ":", "::", "b.c", ".", '"x"', '"', "${", "}", " {", "{", "\n", "\n", " ", "[", "]", ", ", "(", ")", "f(", "1", "1.5",
    "true", "# x\n", "/* */", "//", " ? ", "-", "*", "...", "for ", "é", "\r\n",
)  # fmt: skip


@given(st.lists(st.sampled_from(_PIECES), max_size=30).map("".join), st.integers(0, 51))
def test_what_is_seen_at_a_glance_is_what_is_there(text: str, depth: int) -> None:
    text = f"a = {'[' * depth}{text}"
    block, mistakes = hcl.parse(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hcl, "_NEARLY_DEEPEST", 0)
        slowly, found = hcl.parse(text)
    assert block == slowly
    assert [str(one) for one in mistakes] == [str(one) for one in found]


@pytest.mark.parametrize("value", ["true.a", "null.a.b", "(false.a)", "[true.a, null]", "true"])
def test_a_word_that_is_a_value_is_no_name(value: str) -> None:
    at_a_glance = hcl.parse(f"a = {value}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hcl, "_NEARLY_DEEPEST", 0)
        slowly = hcl.parse(f"a = {value}\n")
    assert at_a_glance == slowly
    assert not at_a_glance[1]


@pytest.mark.parametrize("value", ["1", "a.b", '"x"', '"x${a}"'])
def test_a_glance_goes_no_deeper(value: str) -> None:
    def mistakes() -> list[str]:
        texts = [f"a = {'[' * depth}{value}{']' * depth}" for depth in range(15, 52)]
        return [str(found) for text in texts for found in hcl.parse(text)[1]]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hcl, "_NEARLY_DEEPEST", 0)
        slowly = mistakes()
    assert slowly
    assert mistakes() == slowly
