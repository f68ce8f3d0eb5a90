from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from estate.store.looking import Looking, finding
from keymuster.estate import dashboard
from keymuster.estate.dashboard import Dashboard
from keymuster.estate.serving import Page
from keymuster.estate.store.store import Store


@pytest.fixture
def looking(tmp_path: Path) -> Iterator[Looking]:
    store = Store.open(f"sqlite:///{tmp_path}/estate.db")
    yield Looking(store)
    store.close()


@pytest.fixture
def made(looking: Looking, monkeypatch: pytest.MonkeyPatch) -> Dashboard:
    monkeypatch.setattr(dashboard, "_AGAIN_SECONDS", -1.0)
    return Dashboard(looking.store, clock=lambda: looking.now)


def shown(made: Dashboard) -> Page:
    found = made.answer(f"/{made.token}/", {})
    assert found is not None
    return found


def test_the_page_is_that_of_the_store(looking: Looking, made: Dashboard) -> None:
    looking.look(finding("a", message="a key in the payments service"))
    page = shown(made)
    assert page.status == 200
    assert page.type == "text/html; charset=utf-8"
    assert b"a key in the payments service" in page.body
    assert b"acme/api/a.env" in page.body
    assert gzip.decompress(page.packed or b"") == page.body


@pytest.mark.parametrize("path", ["/", "", "//", "/index.html", "/favicon.ico", "/{0}x/", "/{0}/x", "/{1}/", "/../{0}/x"])  # fmt: skip
def test_without_the_token_there_is_nothing(path: str, made: Dashboard) -> None:
    assert made.answer(path.format(made.token, made.token[:-1]), {}) is None


def test_who_leaves_the_last_letter_out_gets_there(made: Dashboard) -> None:
    found = made.answer(f"/{made.token}", {})
    assert found is not None
    assert (found.status, found.headers["Location"]) == (308, f"/{made.token}/")


def test_each_has_a_token_of_its_own(looking: Looking) -> None:
    tokens = {Dashboard(looking.store).token for _ in range(20)}
    assert len(tokens) == 20
    assert all(len(one) >= 32 for one in tokens)


def test_the_policy_of_the_page_is_in_the_header_too(made: Dashboard) -> None:
    page = shown(made)
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert policy.endswith("; frame-ancestors 'none'")
    assert "unsafe" not in policy
    metas = Metas()
    metas.feed(page.body.decode())
    assert metas.policy
    assert policy.removesuffix("; frame-ancestors 'none'") == metas.policy


class Metas(HTMLParser):
    """The policy, as a browser reads it."""

    policy = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "meta" and said.get("http-equiv") == "Content-Security-Policy":
            self.policy = said.get("content") or ""


def test_it_is_made_again_when_the_store_has_changed(
    looking: Looking, made: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    times: list[int] = []
    real = dashboard.page

    def counting(*args: Any) -> Page:
        times.append(1)
        return real(*args)

    monkeypatch.setattr(dashboard, "page", counting)
    looking.look(finding("a"))
    shown(made)
    shown(made)
    assert len(times) == 1
    looking.look(finding("a"), finding("b", message="another key"))
    assert b"another key" in shown(made).body
    assert len(times) == 2


def test_it_shows_how_the_estate_came_to_be_so(looking: Looking, made: Dashboard) -> None:
    looking.look(finding("a"), finding("b"))
    looking.look(finding("a"))
    looking.look(finding("a"), finding("c"))
    report = looking.store.report(looking.now)
    assert report.trend is not None
    assert [one.open for one in report.trend.days] == [2, 1, 2]
    data = re.search(
        rb'<script[^>]*type="application/json"[^>]*>(.*?)</script>', shown(made).body, re.DOTALL
    )
    assert data is not None
    page = json.loads(data[1])
    assert [one[1] for one in page["trend"]] == [2, 1, 2]
    assert page["about"]["targets"] == 1
