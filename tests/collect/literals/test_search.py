"""Secrets in trees and scripts."""

from __future__ import annotations

from base64 import b64encode

from keymuster.collect.literals.sealing import Sealing
from keymuster.collect.literals.search import in_script, lines, named, once, within
from keymuster.collect.syntax import yaml
from keymuster.collect.syntax.node import File, Node

WORD = "let" + "mein"


def tree(text: str) -> Node:
    [root] = yaml.parse(text, File(path="a.yaml"))
    return root


def test_a_tree_is_searched_by_the_names_in_it() -> None:
    root = tree(
        """
    auth: {username: app, password: <>}
    env:
      - {name: DB_PASSWORD, value: <>2}
      - {name: HOST, value: db}
      - {Name: API_PASSWORD, Type: SECRETS_MANAGER, Value: place}
    vaulted: {password: !vault x}
    list: {passwords: [a], password: [one, two]}
    """.replace("<>", WORD)
    )
    found = list(within(root, Sealing(), declared_as="here"))
    assert [(one.tags["setting"], one.location.line) for one in found] == [  # type: ignore[union-attr]
        ("password", 2), ("DB_PASSWORD", 4), ("passwords", 8), ("password", 8), ("password", 8),
    ]  # fmt: skip
    assert {one.tags["declared_as"] for one in found} == {"here"}
    nowhere = within(root, Sealing(), declared_as="here", counts=lambda *lines: False)
    assert list(nowhere) == []


def test_a_value_is_known_by_what_stands_beside_it_and_by_its_key() -> None:
    [_, value] = named(tree("{name: TOKEN, value: x}"))
    assert (value.name, value.key, value.holder) == ("TOKEN", "value", False)


def test_what_lies_in_a_holder_is_secret() -> None:
    found = {one.name: one.holder for one in named(tree("{secrets: {a: {b: x}}, c: y}"))}
    assert found == {"b": True, "c": False}


def test_what_aliases_repeat_is_looked_at_once() -> None:
    root = tree("a: &a [{password: one}]\nb: &b [*a, *a]\nc: [*b, *b, *a]\n")
    assert len(list(within(root, Sealing(), declared_as="here"))) == 1


def test_a_secret_is_told_once_in_a_line() -> None:
    root = tree(f"{{password: {WORD}, passphrase: {WORD}}}\n")
    found = list(within(root, Sealing(), declared_as="here"))
    assert len(found) == 2
    assert len(list(once(found))) == 1


def test_lines_that_set_something_are_found_in_a_text() -> None:
    text = "# comment\nexport HOST=db\n  PASSWORD: 'x y'\nURL\n\"token\"=abc,\n"
    assert list(lines(text)) == [("HOST", "db"), ("PASSWORD", "x y"), ("token", "abc")]


def test_a_script_may_be_in_base64() -> None:
    script = f"#!/bin/sh\nexport DB_PASSWORD={WORD}5\n"
    encoded = b64encode(script.encode()).decode()
    assert list(in_script(encoded)) == [("DB_PASSWORD", f"{WORD}5")]
    assert list(in_script(encoded[:-3])) == []


def test_scripts_set_and_pass_secrets() -> None:
    script = f"""
    export DB_PASSWORD="{WORD} 2"; HOST=db
    $adminPassword = '{WORD}3'
    join --api-key {WORD}4 --user me --token=$TOKEN
    """
    assert list(in_script(script)) == [
        ("DB_PASSWORD", f"{WORD} 2"), ("adminPassword", f"{WORD}3"), ("api-key", f"{WORD}4"),
    ]  # fmt: skip
