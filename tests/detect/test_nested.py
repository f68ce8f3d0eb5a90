"""Encodings inside encodings, what wins where several readings meet, and how much is too much."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import timing
from keymuster.detect.engine import Engine
from keymuster.detect.matches import Match
from keymuster.detect.nested import Nested
from keymuster.rules.schema import RuleSet

Token = Callable[..., str]
PASSWORD = "Xy7Kp29" + "LmQw4Zt81"

ENCODE: dict[str, Callable[[bytes], bytes]] = {
    "base64": base64.b64encode,
    "base64url": lambda text: base64.urlsafe_b64encode(text).rstrip(b"="),
    "wrapped": base64.encodebytes,
    "hex": lambda text: text.hex().encode(),
    "percent": lambda text: "".join(f"%{byte:02X}" for byte in text).encode(),
    "html": lambda text: "".join(f"&#{byte};" for byte in text).encode(),
    "json": lambda text: "".join(f"\\u{byte:04x}" for byte in text).encode(),
    "gzip": lambda text: base64.b64encode(gzip.compress(text, mtime=0)),
}
COSTS = {"gzip": 2}
"""Encodings that one step here stands for, where it is not one."""


@pytest.fixture(scope="session")
def nested(rules: RuleSet) -> Nested:
    return Nested(rules)


def found(nested: Nested, text: str | bytes) -> list[tuple[str, str, bytes]]:
    content = text.encode() if isinstance(text, str) else text
    return [
        (one.format.id, one.facts.get("encoded", ""), content[one.start : one.end])
        for one in nested.scan(content).matches
    ]


def times(count: int, text: str) -> str:
    for _ in range(count):
        text = base64.b64encode(text.encode()).decode()
    return text


@pytest.mark.parametrize("count", [1, 2, 3])
def test_base64_is_undone_up_to_three_times(nested: Nested, token: Token, count: int) -> None:
    run = times(count, f"key = {token('github-pat')}\n")
    expected = [("github-pat", " > ".join(["base64"] * count), run.encode())]
    assert found(nested, f"a: 1\nx: {run}\n") == expected


def test_what_is_four_deep_is_left_alone(nested: Nested, token: Token) -> None:
    assert found(nested, f"x: {times(4, token('github-pat'))}\n") == []


def test_gzip_is_a_level_of_its_own(nested: Nested, token: Token) -> None:
    inside = f"a: {times(1, token('github-pat'))}\n".encode()
    run = base64.b64encode(gzip.compress(inside))
    assert found(nested, b"x: " + run) == [("github-pat", "base64 > gzip > base64", run)]
    assert found(nested, b"x: " + base64.b64encode(run)) == []


@given(
    path=st.lists(st.sampled_from(sorted(ENCODE)), min_size=1, max_size=3),
    seed=st.integers(0, 1000),
)
@settings(max_examples=120, deadline=None)
def test_any_three_encodings_are_undone(
    nested: Nested, token: Token, path: list[str], seed: int
) -> None:
    if sum(COSTS.get(name, 1) for name in path) > 3:
        return
    pat = token("github-pat", seed).encode()
    encoded = b"the key is " + pat + b" and no other"
    for name in path:
        encoded = ENCODE[name](encoded)
    matches = nested.scan(b"first line\nx = " + encoded + b"\nlast line\n").matches
    assert [one.secret.reveal() for one in matches] == [pat]
    [match] = matches
    assert 15 <= match.start < match.end <= 15 + len(encoded)


@given(data=st.binary(max_size=600), lead=st.sampled_from(["", "auth=", "Basic ", "H4sIA", "kind: Secret\ndata:\n a: "]))  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_scanned_without_error(nested: Nested, data: bytes, lead: str) -> None:
    for content in (data, base64.b64encode(data), base64.b64encode(gzip.compress(data)[:-3])):
        nested.scan(lead.encode() + content)


def test_matches_come_in_order_of_place(nested: Nested, token: Token) -> None:
    text = "".join(f"{times(seed % 3, token('github-pat', seed))}\n" for seed in range(9))
    starts = [one.start for one in nested.scan(text.encode()).matches]
    assert len(starts) == 9
    assert starts == sorted(starts)


def test_escapes_around_what_is_encoded_do_not_hide_it(nested: Nested, token: Token) -> None:
    run = times(1, f"\xff?>~ {token('github-pat')}? ÿÿ>>??~~")
    assert "/" in run
    spelled = run.replace("/", "\\/")
    assert found(nested, f'{{"x": "{spelled}"}}') == [
        ("github-pat", "json > base64", spelled.encode())
    ]
    spelled = quote(run, safe="")
    assert found(nested, f"x={spelled}&y=1") == [
        ("github-pat", "percent > base64", spelled.encode())
    ]


def test_a_manifest_in_an_annotation_is_read(nested: Nested) -> None:
    run = times(1, PASSWORD)
    manifest = json.dumps({"data": {"db-password": run}, "kind": "Secret"})
    text = json.dumps({"last-applied-configuration": manifest})
    assert found(nested, text) == [("generic-assignment", "json > base64", run.encode())]


def test_the_plain_reading_of_encoded_text_gives_way(nested: Nested, token: Token) -> None:
    """A name that speaks of a secret makes a guess of the encoded text."""
    run = times(1, f"key = {token('github-pat')}\n")
    assert found(nested, f"api_secret = '{run}'") == [("github-pat", "base64", run.encode())]


def test_a_known_format_is_not_taken_apart(nested: Nested, token: Token) -> None:
    for name in ("grafana-cloud-access-policy-token", "sentry-organization-token"):
        try:
            text = token(name)
        except KeyError:
            continue
        assert [one[:2] for one in found(nested, f"x = {text}")] == [(name, "")]


def test_a_secret_is_not_found_twice_by_two_ways_of_decoding(nested: Nested) -> None:
    text = f'{{"a": "x%20y\\u0026 db_password=\\"{PASSWORD}\\" %2F &quot;"}}'
    [(name, _, place)] = found(nested, text)
    assert (name, place) == ("generic-assignment", PASSWORD.encode())


# ---- how much is too much


def seconds(nested: Nested, content: bytes) -> float:
    return timing.seconds(lambda: nested.scan(content))


GROUP = base64.b64encode(b"any text").decode().rstrip("=")
HOSTILE = {
    "escapes of JSON": "\\u0041",
    "line ends": "a\\n",
    "backslashes": "\\",
    "percent": "%41",
    "percent of percent": "%25",
    "references": "&#65;",
    "ampersands": "&quot;",
    "base64 without end": "QUJD",
    "base64 of base64": times(3, "text of no meaning")[:40],
    "paths of base64": "/" + times(1, "any text is")[:12] + "AAAA",
    "runs of base64": times(1, "any text is fine") + " ",
    "lines of base64": times(1, "any text " * 5) + "\n",
    "hex": "41424344",
    "runs of hex": "414243444546474849 ",
    "gzip": "H4sIAAAA",
    "utf-16": "a\0",
    "utf-16 strings": "a\0b\0c\0d\0e\0f\0g\0h\0\0\0",
    "basic": "Basic QUJDQUJD ",
    "auths": '"auth":"QUJDQUJD",',
    "secrets": "kind: Secret\ndata:\n  a: QUJD\n",
    "data": "kind: Secret\n" + "data:\n  data: QUJD\n" * 20,
    "data in JSON": '{"kind":"Secret","data":{"a":"QUJD"},',
    "spaces in data": "kind: Secret\ndata:" + " " * 300,
    "prefixes in base64": times(1, "ghp_AKIAxoxb-")[:16],
    "mixed alphabets": "Z2hw_X+" * 4,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_repetition_takes_linear_time(nested: Nested, name: str) -> None:
    nested.open()
    small = (HOSTILE[name] * (20_000 // len(HOSTILE[name]))).encode()
    while seconds(nested, small) < 0.1 and len(small) < 500_000:
        small += small
    assert timing.is_linear(lambda: nested.scan(small), lambda: nested.scan(small + small))


def test_a_bomb_is_cut_off_and_said_so(nested: Nested) -> None:
    bomb = base64.b64encode(gzip.compress(b"a=b\n" * 16_000_000))
    assert nested.scan(b"x: " + bomb).incomplete
    assert timing.takes(lambda: nested.scan(b"x: " + bomb), 5)


def test_a_bomb_of_names_and_values_is_cut_off_early(
    nested: Nested, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such text is searched a hundred times slower than other."""
    searched = []
    scan = Engine.scan

    def counted(self: Engine, content: bytes, **named: Any) -> list[Match]:
        searched.append(len(content))
        return scan(self, content, **named)

    monkeypatch.setattr(Engine, "scan", counted)
    lines = "".join(f"id = {number}\n" for number in range(50))
    bomb = base64.b64encode(gzip.compress(lines.encode() * 10_000))
    assert nested.scan(b"x: " + bomb).incomplete
    assert sum(searched) < 1_000_000


def test_what_lies_before_the_cut_is_found(nested: Nested, token: Token) -> None:
    text = f"key = {token('github-pat')}\n".encode() + b"\0" * 64_000_000
    result = nested.scan(b"x: " + base64.b64encode(gzip.compress(text)))
    assert [one.format.id for one in result.matches] == ["github-pat"]
    assert result.incomplete


def test_more_escapes_than_is_reasonable_are_said_so(nested: Nested) -> None:
    result = nested.scan(b"\\u0041" * 200_000)
    assert result.incomplete
    assert not nested.scan(b"\\u0041" * 20_000).incomplete


def test_more_encoded_texts_than_is_reasonable_are_said_so(nested: Nested) -> None:
    many = Random(1)
    text = " ".join(times(1, f"text number {many.random():.9f}") for _ in range(15_000))
    assert nested.scan(text.encode()).incomplete


def test_a_large_ordinary_file_is_decoded_in_full(nested: Nested, token: Token) -> None:
    lines = [
        f'{{"n": {number}, "text": "a \\"word\\" in 10%20 words\\n"}}' for number in range(40_000)
    ]
    lines.append(f"x: {times(2, token('github-pat'))}")
    result = nested.scan("\n".join(lines).encode())
    assert [one.facts.get("encoded") for one in result.matches] == ["base64 > base64"]
    assert not result.incomplete
