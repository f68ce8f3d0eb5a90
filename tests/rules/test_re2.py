"""Expressions in RE2's syntax."""

from __future__ import annotations

import re

import pytest

import timing
from keymuster.detect import runs
from keymuster.rules import re2


def found(expression: str, text: str | bytes) -> bytes | None:
    """What the translated expression takes for the secret in a text."""
    tree = re2.parse(expression)
    [secret, *_] = re2.groups(tree) or [0]
    data = text.encode() if isinstance(text, str) else text
    match = re.compile(re2.pattern(tree, secret).encode()).search(data)
    return match["secret"] if match else None


@pytest.mark.parametrize(
    ("expression", "text", "secret"),
    [
        ("abc", "xabcx", b"abc"),
        ("a(bc)d", "abcd", b"bc"),
        ("a(?:b(?P<secret>c))(d)", "abcd", b"c"),
        ("k-(?i)ab", "k-AB", b"k-AB"),
        ("k-(?i)ab", "K-ab", None),
        ("(?:k-(?i)ab)c", "k-ABc", b"k-ABc"),
        ("(?:k-(?i)ab)c", "k-ABC", None),
        ("(?i:a(?-i:B))c", "ABc", b"ABc"),
        ("(?i:a(?-i:B))c", "Abc", None),
        ("x(?i)a|b", "B", b"B"),
        ("a.b", "a\nb", None),
        ("(?s)a.b", "a\nb", b"a\nb"),
        ("(?m)^b$", "a\nb\nc", b"b"),
        ("^b$", "a\nb\nc", None),
        ("b$", "b\n", None),
        (r"b\z", "ab", b"b"),
        (r"\Qa.b\Ec", "a.bc", b"a.bc"),
        (r"\Qa.b\Ec", "axbc", None),
        (r"[[:upper:][:digit:]_]+", "ab_A9", b"_A9"),
        (r"[^[:alpha:]]+", "ab12", b"12"),
        (r"[]a]+", "x]a", b"]a"),
        (r"[a\-z]+", "m-z", b"-z"),
        (r"\x41\x{42}\103", "ABC", b"ABC"),
        (r"\s", "\v", None),
        ("a{,2}", "a{,2}", b"a{,2}"),
        ("a{2}", "aaa", b"aa"),
        ("(?U)a+", "aaa", b"a"),
        ("a+?", "aaa", b"a"),
        ("é+", "xéé", "éé".encode()),
        (r"\xff", b"\xff", b"\xff"),
        ("(a)|(b)", "b", None),
    ],
)
def test_an_expression_means_what_re2_means_by_it(
    expression: str, text: str | bytes, secret: bytes | None
) -> None:
    assert found(expression, text) == secret


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("(a", "missing )"),
        ("a)", "closes nothing"),
        ("*a", "`*` repeats nothing"),
        ("a**", "a repeat of a repeat"),
        ("a{3,2}", "a repeat that shrinks"),
        ("a{5000}", "more than 4,096 times"),
        ("(?=a)", "`(?=a` is not RE2"),
        ("(?<!a)b", "is not RE2"),
        (r"(a)\1", "`\\1` is not RE2"),
        (r"\pL", r"a Unicode class"),
        (r"\y", "`\\y` is not RE2"),
        ("[é]", "outside ASCII"),
        ("[z-a]", "runs backwards"),
        ("[a", "ends in the middle"),
        ("a\\", "ends in the middle"),
        ("[[:wordy:]]", "there is no class `[:wordy:]`"),
        ("(" * 200 + ")" * 200, "more than 40 deep"),
    ],
)
def test_what_is_not_taken_over_says_why(expression: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        re2.parse(expression)


def test_the_secret_is_the_named_group_or_the_first_that_always_takes_part() -> None:
    assert re2.groups(re2.parse("(a)(?P<secret>b)")) == [2]
    assert re2.groups(re2.parse("(a)(b)")) == [1]
    assert re2.groups(re2.parse("(a)?(b)(c)")) == [1, 2]
    assert re2.groups(re2.parse("x(a(b))|y(c)")) == [1, 3]
    assert re2.groups(re2.parse("abc")) == []


def test_what_may_be_absent_before_the_rest_is_dropped_unless_it_captures() -> None:
    bare = re2.without_optional_start(re2.parse(r"[\w.-]{0,50}?acme_([a-z]{8})"))
    assert re2.pattern(bare, 1) == r"acme\x5f(?P<secret>[a-z]{8})"
    kept = re2.parse("(x{0,5}acme)?y")
    assert re2.without_optional_start(kept) == kept


@pytest.mark.parametrize(
    ("expression", "words", "answer"),
    [
        ("(?i)acme[_-]?key", ["ACME"], True),
        ("(?:acme|apex)_[0-9]", ["acme", "apex"], True),
        ("(?:acme|apex)_[0-9]", ["acme"], False),
        ("(?:gh|gl)p_", ["ghp_", "glp_"], True),
        ("(?:acme)?key", ["acme"], False),
        ("(?:acme){2}", ["acmeacme", "acme"], True),
        ("ac[a-z]e", ["acme"], False),
        ("a(c)me", ["acme"], True),
    ],
)
def test_words_are_needed_if_every_match_holds_one(
    expression: str, words: list[str], answer: bool
) -> None:
    assert re2.needs(re2.parse(expression), words) is answer


@pytest.mark.parametrize(
    ("expression", "length"),
    [
        ("acme_[0-9a-f]{32}", 5),
        ("[0-9a-f]{32}", 0),
        (r"\b[A-Za-z0-9+/]{64}\b", 0),
        ("[A-Z]{2}-[0-9]{18}", 1),
        ("(?i)[a-z]+_key_[0-9a-f]{32}", 5),
        ("(?:live|test)_[0-9]{8}", 5),
        ("(?:live_[0-9]{8}|t-[0-9]{8})", 2),
        ("(?:live_)?[0-9]{8}", 0),
        ("(?:live_[0-9]{8}){2}", 5),
        ("a[0-9]{8}bcd", 3),
        ("", 0),
    ],
)
def test_the_fixed_text_of_an_expression_is_in_every_match(expression: str, length: int) -> None:
    assert re2.fixed(re2.parse(expression)) == length


@pytest.mark.parametrize(
    ("expression", "length"),
    [
        ("[0-9a-f]{32}", 32),
        ("acme_[0-9a-f]{32}", 37),
        ("acme[.][0-9a-f]{32}", 32),
        ("[0-9a-f.]{32}", 0),
        ("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}", 23),
        ("[0-9a-f]{8}(?:[.][0-9a-f]{4}){3}", 8),
        ("(?:[0-9a-f]{4}[.][0-9a-f]{5}){2}", 9),
        ("(?:[0-9a-f]{4}[.][0-9a-f]{5}){0,2}", 0),
        ("[0-9]{4}(?:[a-z]{9})?[0-9]{4}", 8),
        ("[0-9]{4}[.]?[0-9]{4}", 4),
        (r"[0-9]{4}\b(?:k|ey|)_[0-9]{4}", 9),
        ("(?:[0-9]{4}[.]|[0-9]{6})[0-9]{4}", 4),
        ("(?:[0-9]{4}|[0-9]{6})[0-9]{4}", 8),
        ("", 0),
    ],
)
def test_every_match_holds_a_run_of_letters(expression: str, length: int) -> None:
    assert re2.run(re2.parse(expression), runs.MASK) == length


def test_a_gate_ends_at_the_first_long_repeat() -> None:
    gate = re2.gate(re2.parse("acme_[a-z]{200,}=[0-9]{3}"))
    assert gate is not None
    assert re2.pattern(gate, -1) == r"acme\x5f[a-z]{64}"
    assert re2.gate(re2.parse("acme_[a-z]{32}")) is None


@pytest.mark.parametrize(
    "expression",
    [
        r"[a-z]+[a-z]+[a-z]+!",
        r"(?:a|a)*b",
        r"(?:[a-z]+,?)*!",
        r"(?:.*,){20}x",
        r"x*x*x*x*x*y",
        r"(?:|){64}a",
        r"(?:\b|\B){64}\z",
        r"(?:(?:\B{64})?:)*[0-9]",
    ],
)
def test_what_could_take_too_long_is_known_by_its_steps(expression: str) -> None:
    assert re2.steps(re2.parse(expression)) > re2.MOST_STEPS


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (r"acme_[a-z]{20,}=", "acme_" + "a" * 4000),
        (r"(?:[a-z]{1,30}\.){3}[0-9]", "a" * 4000),
        (r"key[ \t]{0,20}[\s'\"]{0,3}=[\s=]{0,5}[a-z]{32}!", "key " + "= " * 40 + "a" * 32),
        (r"[a-z]+:[a-z]+:[a-z]+;", "a:" * 2000),
    ],
)
def test_what_has_few_steps_is_quick(expression: str, text: str) -> None:
    tree = re2.parse(expression)
    assert re2.steps(tree) <= re2.MOST_STEPS
    compiled = re.compile(re2.pattern(tree).encode())
    assert compiled.match(text.encode()) is None
    assert timing.takes(lambda: compiled.match(text.encode()), 0.5)


def test_a_place_may_be_repeated_which_python_has_no_word_for() -> None:
    assert found(r"(?:^)*a\b+", "a") == b"a"
    assert found(r"\b?a", "xa") == b"a"
    assert re2.pattern(re2.parse(r"\b+a"), -1) == r"(?:\b){1,4096}a"


def test_brackets_as_deep_as_they_may_be_are_written_and_judged() -> None:
    text = "(a|b" * 40 + ")+" * 40
    assert re2.steps(re2.parse(text)) > re2.MOST_STEPS
    assert re.compile(re2.pattern(re2.parse(text)).encode()).match(b"a" * 40)


@pytest.mark.parametrize(
    ("expression", "text"),
    [("(?:ab+)c", "abbc"), ("(ab*)(?:c|d)", "abbd"), ("a(?:b+c)", "abbc"), ("(?:b*a)+c", "bac")],
)
def test_a_search_goes_on_where_more_follows(expression: str, text: str) -> None:
    assert re.search(re2.for_a_search(expression), text)


def test_a_search_need_not_go_to_the_end_of_what_repeats() -> None:
    assert re2.for_a_search(".+EXAMPLE.*") == r"[^\x0a]EXAMPLE"
    with pytest.raises(ValueError, match="could take too long"):
        re2.for_a_search("a[a-z]*b[a-z]*c[a-z]*d")


def test_what_is_written_is_read_again_as_the_same() -> None:
    for expression in (r"a(?i)b|c[^d\n]{2,5}?", r"\ba{3,}(?:x|yz)?$", r"[\x00-\xff]\.[-a]\\"):
        text = re2.pattern(re2.parse(expression), -1)
        assert re2.pattern(re2.parse(text), -1) == text
