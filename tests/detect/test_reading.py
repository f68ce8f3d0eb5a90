"""A text that was made of another: what is taken over, and that it makes no difference."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detect.made import in_context, tokens
from keymuster import accelerator
from keymuster.detect import engine, layers, patterns, seen
from keymuster.detect.engine import Reading
from keymuster.detect.hits import Hit
from keymuster.detect.nested import Found, Nested
from keymuster.detect.recognizers.values import URL
from keymuster.detect.values.syntax import FORMS
from keymuster.rules.schema import RuleSet

Token = Callable[..., str]
Kept = list[tuple[int, int, int]]


@pytest.fixture(scope="session", params=["C", "Python"])
def nested(rules: RuleSet, request: pytest.FixtureRequest) -> Nested:
    """With and without the memory of what was seen in any text."""
    made = Nested(rules)
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "Python":
            patch.setenv(accelerator.SWITCH, "1")
        elif seen.Memory().of(1) is None:
            pytest.skip("was not built")
        made.open()
    return made


def read(
    nested: Nested, text: bytes, other: Reading | None = None, kept: Kept | None = None
) -> tuple[Found, Reading]:
    return nested.read(text, binary=False, path="", other=other, kept=kept or [])


def told(found: Found) -> object:
    """Everything that a scan says."""
    return found.incomplete, found.crowded, [
        (one.format.id, one.start, one.end, one.secret.reveal(), one.confidence, one.status, one.facts)
        for one in found.matches
    ]  # fmt: skip


def edited(text: bytes, chance: Random, more: Callable[[], bytes]) -> tuple[bytes, Kept]:
    """Another version, and the stretches it has from the text: some of it cut out, some put in,
    moved or doubled."""
    pieces: list[bytes | tuple[int, int]] = []
    at = 0
    for cut in sorted(
        chance.randrange(len(text) + 1) for _ in range(chance.choice([0, 1, 1, 2, 5]))
    ):
        pieces.append((at, max(at, cut)))
        if chance.random() < 0.6:
            whole = more()
            pieces.append(chance.choice([whole, whole[: chance.randrange(30)], b"\n", b'" ', b"x"]))
        at = min(len(text), max(at, cut) + chance.choice([0, 0, 1, 3, 20, 200, 2000]))
    pieces.append((at, len(text)))
    if chance.random() < 0.15:
        chance.shuffle(pieces)
    if chance.random() < 0.1:
        pieces.append(pieces[0])
    out, kept = b"", list[tuple[int, int, int]]()
    for piece in pieces:
        if isinstance(piece, bytes):
            out += piece
            continue
        begin, end = piece
        if begin < end:
            kept.append((len(out), begin, end - begin))
        out += text[begin:end]
    least = chance.choice([1, 64, 160, 300])
    return out, [one for one in kept if one[2] >= least]


def planted(rules: RuleSet, chance: Random) -> bytes:
    """A line or more with something that a rule knows, or nearly."""
    value = "".join(chance.choices("ABCDEFGHKLMNPQRSTUVWXYZabcdefghkmnpqrstuvwxyz23456789", k=24))
    match chance.randrange(10):
        case 0:
            token = chance.choice(rules.tokens)
            made = next(tokens(token, chance.random()), value)
            before, after = in_context(token, made, chance)
            return f"{before}{made}{after}\n".encode()
        case 1:
            return f'password = "{value}"\n'.encode()
        case 2:
            lines = base64.encodebytes(chance.randbytes(600)).decode()
            return (
                f"-----BEGIN RSA PRIVATE KEY-----\n{lines}-----END RSA PRIVATE KEY-----\n".encode()
            )
        case 3:
            return b"x: " + base64.b64encode(f"secret_key = '{value}' and more".encode()) + b"\n"
        case 4:
            secret = base64.b64encode(value.encode()).decode()
            return f"kind: Secret\ndata:\n  password: {secret}\n---\n".encode()
        case 5:
            return f'{{"kty": "RSA", "n": "AQAB", "d": "{value * 2}"}}\n'.encode()
        case 6:
            return f'"a\\"token\\": \\"{value}\\"\\n" pwd=%3D{value}%26 &quot;key&quot;=&quot;{value}&quot;\n'.encode()
        case 7:
            return f"db://user:{value}@db.internal/x?secret={value}\n".encode()
        case 8:
            return f'tokens = ["{value}", "{value[::-1]}"]\nmysql -u x -p{value}\n'.encode()
        case _:
            return b"def f(a, b):\n    return a + b  # the key of it\n" * chance.randrange(30)


@given(chance=st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_a_text_made_of_another_is_read_as_if_it_were_not(
    nested: Nested, rules: RuleSet, chance: Random
) -> None:
    text = b"".join(planted(rules, chance) for _ in range(chance.randrange(12)))
    _, reading = read(nested, text)
    for _ in range(4):
        text, kept = edited(text, chance, lambda: planted(rules, chance))
        found, reading = read(nested, text, reading, kept)
        assert told(found) == told(nested.scan(text))


@pytest.mark.parametrize("distance", [*range(12), 100, 127, 128, 129, 130, 131, 300, 2100])
@pytest.mark.parametrize("side", ["before", "behind"])
def test_a_secret_beside_or_across_a_border_is_found(
    nested: Nested, token: Token, distance: int, side: str
) -> None:
    """A border runs through every place in the token and near it."""
    made = token("github-pat").encode()
    filling = b"a line of text\n" * 300
    text = filling + b"key = " + made + b"\n" + filling
    start = text.index(made)
    cut = start - distance if side == "before" else start + distance
    for new in (b"", b"z", b"\n", b"of another kind " * 20):
        other = text[:cut] + new + text[cut:]
        kept = [(0, 0, cut), (cut + len(new), cut, len(text) - cut)]
        _, reading = read(nested, text)
        assert told(read(nested, other, reading, kept)[0]) == told(nested.scan(other))
        back = [(0, 0, cut), (cut, cut + len(new), len(text) - cut)]
        _, reading = read(nested, other)
        found = read(nested, text, reading, back)[0]
        assert [one.secret.reveal() for one in found.matches] == [made]


@pytest.mark.parametrize("escape", [b"\\n", b"%3D", b"\\x3d", b"\\u003d"])
@pytest.mark.parametrize("before", [b"", b"\n", b"x\n", b"a line of words\n", b"word ", 200 * b"-"])
def test_what_a_token_inside_of_a_word_led_to_holds_only_there(
    nested: Nested, token: Token, before: bytes, escape: bytes
) -> None:
    made = token("github-pat").encode() + b"\n"
    for text, counts in (
        (before + escape[1:] + made, False),
        (before + escape + made, True),
        (before + escape[:-1] + b"\n" + escape[-1:] + made, False),
        (before + escape[1:] + made, False),
    ):
        found, _ = read(nested, text)
        assert told(found) == told(nested.scan(text))
        assert any(one.format.id == "github-pat" for one in found.matches) is counts


def test_what_is_kept_is_not_searched_again(
    nested: Nested, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = b'password = "hunter"\n' * 5_000
    other = text[:50_000] + b"x = 1\n" + text[50_000:]
    _, reading = read(nested, text)
    searched, asked = [], []
    led_to = engine.Engine._led_to
    for place in (layers, layers.Searched):  # one for each of the two ways
        name = "search" if place is layers else "_search"
        search = getattr(place, name)
        monkeypatch.setattr(
            place, name, lambda *words, of=search: (searched.append(len(words[1])), of(*words))[1]
        )
    monkeypatch.setattr(
        engine.Engine, "_led_to", lambda *words: (asked.append(words[2]), led_to(*words))[1]
    )
    read(nested, other, reading, [(0, 0, 50_000), (50_006, 50_000, len(text) - 50_000)])
    assert max(searched) < 500
    assert len(asked) < 60


def test_a_text_of_which_nothing_is_kept_is_read_whole(nested: Nested, token: Token) -> None:
    text = f"key = {token('github-pat')}\n".encode()
    _, reading = read(nested, b"nothing here\n")
    assert told(read(nested, text, reading, [])[0]) == told(nested.scan(text))


def test_what_was_read_under_another_name_is_read_again(nested: Nested, token: Token) -> None:
    text = f"key = {token('github-pat')}\npassword = hunter2hunter2\n".encode()
    _, reading = nested.read(text, binary=False, path="a.env")
    found, _ = nested.read(text, binary=False, path="a.md", other=reading, kept=[(0, 0, len(text))])
    assert told(found) == told(nested.scan(text, path="a.md"))


def test_more_names_than_are_looked_at_are_the_same_ones(nested: Nested) -> None:
    text = b"".join(b"key=a%05d\n" % number for number in range(40_000))
    other = text[:100_000] + b"x = 1\n" + text[100_000:]
    _, reading = read(nested, text)
    kept = [(0, 0, 100_000), (100_006, 100_000, len(text) - 100_000)]
    found, _ = read(nested, other, reading, kept)
    assert found.crowded
    assert told(found) == told(nested.scan(other))


def test_no_gate_is_wider_than_is_searched_again(rules: RuleSet) -> None:
    """What a cheap search around a change rests on."""
    for pattern in patterns.of_rules(rules):
        if pattern.gate:
            assert _widest(pattern.gate) <= pattern.width <= 128, pattern.gate


def test_a_confirm_looks_no_further_than_it_says(rules: RuleSet) -> None:
    for pattern in patterns.of_rules(rules):
        if pattern.confirm:
            assert _widest(pattern.confirm) <= pattern.most + 2, pattern.confirm
    for number, form in enumerate(FORMS[: URL + 1]):
        ahead = sum(_widest(one) for one in _looks_ahead(form.confirm))
        assert _widest(form.confirm) + ahead <= form.reach, number


def _widest(expression: str) -> int:
    return re._parser.parse(expression.encode()).getwidth()[1]  # type: ignore[attr-defined,no-any-return]


def _looks_ahead(expression: str) -> Iterator[str]:
    """What the expression only looks at, to the bracket that closes it."""
    for found in re.finditer(r"\(\?[=!]", expression):
        depth, inside = 1, False
        for at in range(found.end(), len(expression)):
            letter, escaped = expression[at], expression[at - 1] == "\\"
            if not escaped and letter == "[" and not inside:
                inside = True
            elif not escaped and letter == "]" and inside:
                inside = False
            elif not escaped and not inside and letter in "()":
                depth += 1 if letter == "(" else -1
                if not depth:
                    yield expression[found.end() : at]
                    break


def test_what_stands_beside_a_key_counts_when_it_alone_is_changed(nested: Nested) -> None:
    """Whose key it is stands far before its head."""
    chance = Random(3)
    body = base64.b64encode(b"\x30\x82" + chance.randbytes(1200)).decode()
    dashes = "-" * 5
    key = f"{dashes}BEGIN PRIVATE KEY{dashes}\\n{body}\\n{dashes}END PRIVATE KEY{dashes}"
    rest = f'"note": "{"some words " * 120}", "private_key": "{key}"}}'.encode()
    here, there = (
        f'{{"client_email": "{name}@acme.iam.gserviceaccount.com", '.encode()
        for name in ("ci", "cd")
    )
    _, reading = read(nested, here + rest)
    other = there + rest
    found, _ = read(nested, other, reading, [(len(there), len(here), len(rest))])
    assert told(found) == told(nested.scan(other))
    [match] = found.matches
    assert match.facts["client_email"] == "cd@acme.iam.gserviceaccount.com"


def test_a_line_that_comes_again_is_judged_once(
    nested: Nested, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    judge = engine.Engine._led_to

    def counted(self: engine.Engine, content: bytes, hit: Hit, *more: Any) -> Any:
        asked.append(hit)
        return judge(self, content, hit, *more)

    monkeypatch.setattr(engine.Engine, "_led_to", counted)
    line = b"\n  anothers_password: None,\n"
    read(nested, b"some" + 9 * line + b"more")
    assert len(asked) == 1
    read(nested, b"and" + line + b"elsewhere")
    assert len(asked) == 1
