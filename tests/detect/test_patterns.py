"""The notation of shapes, and what the engine searches for because of it."""

from __future__ import annotations

import re

import pytest

from keymuster.detect import patterns
from keymuster.detect.engine import Engine
from keymuster.errors import RuleError
from keymuster.model import CredentialKind
from keymuster.rules import shape
from keymuster.rules.schema import RuleSet, TokenFormat


def token(**facts: object) -> TokenFormat:
    return TokenFormat(
        id="acme-key", name="Acme key", kind=CredentialKind.API_KEY, revoke="Delete it.",
        examples=[], counter_examples=[], **facts,  # type: ignore[arg-type]
    )  # fmt: skip


def rules_of(one: TokenFormat) -> RuleSet:
    return RuleSet(tokens=[one], policies=[], frameworks=[], mapping={}, samples={})


def gate(**facts: object) -> patterns.Pattern:
    return next(patterns.of_format(0, token(**facts)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("acme_{lowernm:20}", "no alphabet `lowernm`; did you mean `lowernum`?"),
        ("acme_{hexx:20}", "did you mean `hex`?"),
        ("acme_{zzzzzz:20}", "there are digits, hex"),
        ("acme_{hex}", "`` is not a length: write 36, 20-40 or 20+"),
        ("acme_{hex:many}", "`many` is not a length"),
        ("acme_{hex:40-20}", "does not grow"),
        ("acme_{hex:5000}", "exceeds 4096"),
        ("acme_{hex:20", "a brace without its partner"),
        ("acme_hex:20}", "a brace without its partner"),
        ("akmé_{hex:20}", "is not ASCII"),
    ],
)
def test_a_wrong_shape_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        shape.parse(text)


def test_a_shape_is_its_parts() -> None:
    assert shape.parse("a_{x|yz}{hex:2-4}{base62:8+}") == (
        shape.Literal("a_"),
        shape.Choice(("x", "yz")),
        shape.Field("0-9a-f", 2, 4),
        shape.Field("0-9A-Za-z", 8, shape.LONGEST),
    )


def test_a_uuid_is_five_groups() -> None:
    assert [part.least for part in shape.parse("{uuid}")] == [8, 1, 4, 1, 4, 1, 4, 1, 12]


@pytest.mark.parametrize("name", shape.ALPHABETS)
def test_every_alphabet_is_a_class_of_characters(name: str) -> None:
    letters = shape.members(shape.ALPHABETS[name])
    assert re.fullmatch(f"[{shape.ALPHABETS[name]}]+", letters)
    assert len(set(letters)) == len(letters) > 5


def test_a_gate_is_the_part_of_a_shape_that_has_one_length() -> None:
    found = gate(shape="acme_{hex:4}.{base62:20-40}.{hex:9}")
    assert found.gate == r"acme_[0-9a-f]{4}\.[0-9A-Za-z]{20}"
    assert found.length == 5 + 4 + 1 + 20


def test_a_gate_begins_with_the_text_that_marks_a_shape() -> None:
    found = gate(shape="{base64:33}AIoT{base64:6}=")
    assert found.gate == "AIoT[+/0-9A-Za-z]{6}="
    assert found.length == 33 + 4 + 6 + 1


def test_a_gate_has_no_long_repeat() -> None:
    assert gate(shape="acme_{base62:300}").length == 5 + 64


def test_words_of_different_lengths_leave_the_start_to_the_search() -> None:
    assert gate(shape="{a_|bcd_}{hex:32}").length is None


def test_a_length_after_the_gate_does_not_matter() -> None:
    assert gate(shape="acme_{hex:20-40}{a|bcd}").length == 25


def test_a_shape_with_context_is_searched_for_by_its_words() -> None:
    found = gate(shape="{hex:32-40}", context=["AC-me", "acme.io", "ac-me"])
    assert not found.gate
    assert found.words == ("ac-me", "acme.io")
    assert found.least == 32


def test_a_context_word_is_searched_for_as_it_stands_in_any_case() -> None:
    word = patterns.of_word("acme.io")
    assert word.caseless
    assert re.fullmatch(word.gate, "acme.io")
    assert not re.fullmatch(word.gate, "acme-io")


@pytest.mark.parametrize(
    ("form", "plain"),
    [("{hex:32}", True), ("ac{hex:32}", True), ("acm_{hex:32}", False), ("{hex:9}.acme", False)],
)
def test_a_shape_is_plain_when_its_words_alone_tell_it_from_other_text(
    form: str, plain: bool
) -> None:
    assert gate(shape=form, context=["acme"]).plain is plain


@pytest.mark.parametrize("before", ["", " ", '"', "=", "\\n", "%3D", "\\u003d", "\\x3d", "_"])
def test_a_value_behind_a_word_begins_where_a_token_may(before: str) -> None:
    content = (before + "0" * 32).encode()
    found = gate(shape="{hex:32}", context=["acme"]).regex.match(content, len(before))
    assert found is not None
    assert found["secret"] == b"0" * 32


@pytest.mark.parametrize("before", ["g", "0", "Z"])
def test_a_value_behind_a_word_does_not_begin_inside_another(before: str) -> None:
    content = (before + "0" * 32).encode()
    assert gate(shape="{hex:32}", context=["acme"]).regex.match(content, 1) is None


def test_every_context_word_of_every_rule_can_be_searched_for(rules: RuleSet) -> None:
    """A word that is long enough to stand inside others, and one without a letter, say nothing."""
    words = {word for pattern in patterns.of_rules(rules) for word in pattern.words}
    assert not [word for word in words if len(word) > 40 or not word.isascii()]
    assert not [word for word in words if not any(map(str.isalnum, word))]


@pytest.mark.parametrize(
    ("text", "fixed", "letters"),
    [
        ("ac_test_" + "a" * 20, 8, 36),
        ("ac_" + "a" * 20, 3, 16),
        ("ac_" + "z" * 20, 3, 62),
        ("other", 0, 256),
    ],
)
def test_a_token_is_as_particular_as_the_shape_that_it_was_found_by(
    text: str, fixed: int, letters: int
) -> None:
    one = token(shape=["ac_{base62:20}", "ac_{hex:20}", "ac_{live|test}_{lowernum:20}"])
    assert patterns.particulars(one, text.encode()) == (fixed, -letters)


def test_fixed_text_in_front_is_counted_with_the_word_that_was_chosen() -> None:
    one = token(shape=["ac_{live|try}_{hex:20}", "ac_{base62:20}"])
    assert patterns.prefix_length(one, b"ac_live_" + b"a" * 20) == 8
    assert patterns.prefix_length(one, b"ac_try_" + b"a" * 20) == 7
    assert patterns.prefix_length(one, b"ac_" + b"Z" * 20) == 3
    assert patterns.prefix_length(one, b"none") == 0


def test_an_unmarked_shape_is_searched_only_where_it_may_begin() -> None:
    found = gate(shape="S{hex:32}", checksum="jwt").gate
    assert not re.search(found, "xS" + "0" * 32)
    for before in ("", " ", "\n", "\\n", "%3D", "\\u003d", "\\x3d"):
        assert re.search(found, before + "S" + "0" * 32)


def test_the_public_part_is_the_text_in_front() -> None:
    assert gate(shape="acme_{hex:32}").public == 5
    assert gate(shape="{acme|acne}_{hex:32}").public == 0


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"shape": "acme_{hex:32}", "checksum": "crc32-base26"}, "did you mean `crc32-base62`?"),
        ({"shape": "acme_{hex:32}", "checksum": "qqqqqq"}, "there is no `qqqqqq`"),
        ({"shape": "acme_{hex:32}", "decode": "jwt-claim"}, "did you mean `jwt-claims`?"),
        ({"recognizer": "pem-privat-key"}, "did you mean `pem-private-key`?"),
        ({"pattern": "(?P<secret>acme"}, "pattern: missing )"),
        ({"pattern": "acme_[0-9]{20}"}, "group `secret`"),
    ],
)
def test_a_format_that_cannot_be_searched_is_refused(facts: dict[str, str], message: str) -> None:
    with pytest.raises(RuleError, match=re.escape(message)):
        patterns.check(rules_of(token(**facts)))


@pytest.mark.parametrize(
    ("pattern", "costly"),
    [
        (r"\b(?P<secret>[A-Za-z0-9+/]{64})\b", True),
        ("(?P<secret>[A-Z]{2}[0-9]{18})", True),
        ("(?i)(?P<secret>[a-z]+_key_[0-9a-f]{32})", True),  # the gate ends where a repeat is long
        ("(?P<secret>acme[0-9]{18})", False),
        ("(?P<secret>[0-9]{18}acme)", False),
    ],
)
def test_a_gate_without_fixed_text_is_costly(pattern: str, costly: bool) -> None:
    assert patterns.is_costly(gate(pattern=pattern)) is costly


def test_costly_formats_of_a_user_are_searched_for_apart() -> None:
    text = b"x " + b"AB" + b"123456789012345678 acme_" + b"0a1b2c3d" * 4
    for shipped, layers in ((0, 2), (2, 1)):
        rules = RuleSet(
            tokens=[
                token(pattern="(?P<secret>[A-Z]{2}[0-9]{18})"),
                token(shape="acme_{hex:32}"),
            ],
            policies=[], frameworks=[], mapping={}, samples={}, shipped=shipped,
        )  # fmt: skip
        engine = Engine(rules)
        assert [len(layer.gates()) for layer in engine.layers] == [2 // layers] * layers
        assert [match.start for match in engine.scan(text)] == [2, 23]
