"""The page in Chromium, as people use it: what is shown, by pointer and keyboard, on screens and on paper; and that it
fetches nothing and runs nothing but itself.

Skipped where there is no Chromium or no Playwright: `pip install 'keymuster[test,browser]'`, and on Debian
`apt-get install chromium`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdf
import pytest
from msgspec.structs import replace

from keymuster.model import Coverage, FileLocation, Nhi, Place, Report, Roll, Severity, Trouble
from report.reports import FULL, finding, place, report, written
from report.rolls import full, large

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
VIEWS = (
    "overview",
    "findings",
    "identities",
    "credentials",
    "graph",
    "coverage",
    "exceptions",
    "identity/0",
)

WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective));
"""


class Shown:
    """A page that is open. `complaints` are what the browser says is wrong with it, `requests` what it asked for."""

    first_seen = 0.0
    """Milliseconds from the request to when all of the part was there."""

    def __init__(self, browser: Any, file: Path, address: str = "", **options: Any) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}} | options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(5000)
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.add_init_script(WATCH)
        self.page.on("console", lambda said: self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda asked: self.requests.append(asked.url.partition("#")[0]))
        self.blocked: list[str] = []
        self.page.on(
            "requestfailed", lambda asked: self.blocked.append(f"{asked.url} {asked.failure}")
        )
        self.page.goto(file.as_uri() + address)

    def go(self, address: str) -> None:
        self.page.evaluate("to => { location.hash = to }", address)
        self.page.wait_for_function("to => location.hash.slice(1) === to", arg=address)
        self.page.evaluate("() => new Promise((done) => setTimeout(done))")

    def follow(self, link: Any, title: str) -> None:
        """Click on a link, and wait for the part that it leads to."""
        link.click()
        self.page.locator("h1:visible", has_text=title).wait_for()

    def texts(self, css: str) -> list[str]:
        return [text.strip() for text in self.page.locator(f"{css}:visible").all_inner_texts()]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("Chromium is not installed")
    with playwright.sync_playwright() as running:
        # Chromium refuses its sandbox to root, and to most containers; what is opened here is our own.
        options = ["--no-sandbox", "--disable-dev-shm-usage"]
        started = running.chromium.launch(executable_path=found, args=options)
        yield started
        started.close()


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Shown]]:
    """Opens the page of a report. At the end it must have fetched nothing, and the browser complained of nothing."""
    opened: list[Shown] = []

    def opening(one: Report, address: str = "", **options: Any) -> Shown:
        file = tmp_path / f"{len(opened)}.html"
        file.write_text(written(one, "html"), encoding="utf-8", newline="")
        shown = Shown(browser, file, address, **options)
        opened.append(shown)
        return shown

    yield opening
    for number, one in enumerate(opened):
        assert one.requests == [(tmp_path / f"{number}.html").as_uri()]
        assert one.complaints == []
        assert one.page.evaluate("violations") == []
        one.context.close()


Show = Callable[..., Shown]


@pytest.fixture(scope="module")
def estate(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """The page of a large estate, which several tests look at."""
    severities = [*Severity]
    several = (
        finding(
            place(f"services/app-{n % 500}/settings_{n}.py", n % 900 + 1), id=f"{n:016x}", severity=severities[n % 5],
            message=f"Identity app-{n % 3000} is open to anybody, number {n}", subject=f"id/{n % 3000}",
            evidence={"account": "111122223333", "because": "x" * 80},
        )
        for n in range(20_000)
    )  # fmt: skip
    file = tmp_path_factory.mktemp("estate") / "page.html"
    text = written(report(*several, roll=large(5000)), "html")
    file.write_text(text, encoding="utf-8", newline="")
    shown = Shown(browser, file, "#findings")
    shown.first_seen = shown.page.evaluate("performance.now()")
    yield shown
    assert (shown.requests, shown.complaints) == ([file.as_uri()], [])
    shown.context.close()


# --- what it lets in -------------------------------------------------------------------------------


def test_every_part_is_shown_and_nothing_is_fetched(show: Show) -> None:
    shown = show(full())
    titles = []
    for view in VIEWS:
        shown.go(view)
        titles.append(shown.texts("h1")[0])
        assert shown.page.title() == f"{titles[-1]} - keymuster"
    assert titles == [
        "Secrets and non-human identities", "Findings", "Identities", "Credentials", "Graph", "Coverage", "Exceptions", "ci",
    ]  # fmt: skip


def test_hostile_names_are_text_wherever_they_stand(show: Show) -> None:
    evil = (
        "</script><script>window.pwned=1</script><img src=x onerror=window.pwned=1>"
        "'\"><svg/onload=window.pwned=1><a href=javascript:window.pwned=1>{start}{to}&lt;b&gt;"
    )
    shown = show(full(evil))
    for view in (*VIEWS, "graph?node=0"):
        shown.go(view)
        for button in shown.page.locator("button.plain:visible").all():
            button.click()
        assert evil in shown.page.locator("main").inner_text(), view
        assert (
            shown.page.locator("main img, main script, main [onload], main [onerror]").count() == 0
        )
        assert shown.page.locator("a[href^='javascript']").count() == 0
    assert shown.page.evaluate("window.pwned") is None
    assert shown.page.locator("script").count() == 2


def test_the_policy_stops_what_would_get_in_all_the_same(browser: Any, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(written(full(), "html"), encoding="utf-8")
    shown = Shown(browser, file)
    refused = shown.page.evaluate("""async () => {
        const refused = [];
        const attempt = async (name, act) => { try { await act(); } catch { refused.push(name); } };
        const made = (name, attributes) => {
            const element = Object.assign(document.createElement(name), attributes);
            document.body.append(element);
            return element;
        };
        await attempt("markup", () => { document.body.innerHTML = "<b>x</b>"; });
        await attempt("script text", () => made("script", { textContent: "window.ran = 1" }));
        await attempt("script address", () => made("script", { src: "data:text/javascript,window.ran=1" }));
        await attempt("request", () => fetch("http://127.0.0.1:9/"));
        made("script").append("window.ran = 1");
        made("img", { src: "http://127.0.0.1:9/x.png" });
        made("a", { href: "javascript:window.ran=1" }).click();
        made("p").setAttribute("style", "color: red");
        await new Promise((done) => setTimeout(done, 50));
        return refused;
    }""")
    assert refused == ["markup", "script text", "script address", "request"]
    violated = set(shown.page.evaluate("violations"))
    assert {"require-trusted-types-for", "img-src", "style-src-attr", "connect-src"} <= violated
    assert shown.page.evaluate("window.ran") is None
    assert shown.blocked == ["http://127.0.0.1:9/x.png csp"]  # before anything was sent
    assert shown.requests == [file.as_uri(), "http://127.0.0.1:9/x.png"]
    shown.context.close()


# --- findings ----------------------------------------------------------------------------------------


def test_findings_are_filtered_and_the_address_says_how(show: Show) -> None:
    several = [
        finding(place("a/one.py"), id="1", severity=Severity.CRITICAL, message="first"),
        finding(place("b/two.py"), id="2", severity=Severity.LOW, message="second", nhi=(Nhi.HUMAN_USE,)),
        finding(place("b/three.py"), id="id-three", severity=Severity.HIGH, message="third", evidence={"k": "Needle"}),
        *FULL.findings[3:],
    ]  # fmt: skip
    shown = show(report(*several), "#findings")
    rows = "#view-findings button.plain"
    assert shown.texts(rows) == ["first", "third", "Acme key acme_****", "second"]
    shown.page.get_by_role("checkbox", name="critical").check()
    shown.page.get_by_role("checkbox", name="low").check()
    assert shown.texts(rows) == ["first", "second"]
    shown.page.get_by_label("Category").select_option("NHI10")
    assert shown.texts(rows) == ["second"]
    assert shown.page.url.endswith("#findings?severity=critical%2Clow&nhi=NHI10")
    shown.page.get_by_role("button", name="Clear").click()
    shown.page.get_by_role("searchbox", name="Search").fill("needle three")
    shown.page.get_by_text("1 finding", exact=True).wait_for()
    assert shown.texts(rows) == ["third"]
    shown.go("findings?status=accepted")
    assert shown.texts(rows) == ["Acme key acme_****"]
    shown.go("findings?text=id-three")
    assert len(shown.texts(rows)) == len(shown.texts(".detail")) == 1
    shown.go("findings?text=nowhere")
    assert "No finding is so." in shown.texts("#view-findings p.muted")


def test_the_overview_leads_to_what_it_counts(show: Show) -> None:
    shown = show(full())
    assert shown.texts(".tiles b")[:3] == ["2", "1", "1"]
    shown.follow(shown.page.get_by_role("link", name="1 critical"), "Findings")
    assert shown.texts("#view-findings button.plain") == ["AWS key AKIA****"]
    shown.go("overview")
    shown.follow(shown.page.get_by_role("link", name="NHI2 Secret Leakage"), "Findings")
    assert len(shown.texts("#view-findings button.plain")) == 2
    shown.go("overview")
    shown.follow(shown.page.get_by_role("link", name="an owner, sure"), "Identities")
    assert shown.texts("#view-identities td:first-child") == ["ci"]
    shown.page.get_by_label("Owner is").select_option("likely")
    assert shown.texts("#view-identities td:first-child") == []


def test_the_overview_begins_with_the_gravest_kinds(show: Show) -> None:
    several = (
        finding(id="1", rule="often", severity=Severity.MEDIUM), finding(id="2", rule="often", severity=Severity.MEDIUM),
        finding(id="3", rule="grave", severity=Severity.CRITICAL),
    )  # fmt: skip
    shown = show(report(*several))
    assert shown.texts(".first .severity") == ["critical", "medium"]
    assert shown.texts(".first .count") == ["1 finding", "2 findings"]
    shown.follow(shown.page.locator(".first a").last, "Findings")
    assert len(shown.texts("#view-findings button.plain")) == 2


def test_that_nothing_is_open_is_good_news_only_where_all_was_seen(show: Show) -> None:
    assert shown_notice(show(report())) == ("notice calm", "Nothing is open. What was looked at")
    unseen = (Trouble(part="tree", scope="a", message="no"),)
    assert shown_notice(show(replace(report(), troubles=unseen))) == (
        "notice",
        "Nothing is open in what could be looked at. What was looked at",
    )


def shown_notice(shown: Shown) -> tuple[str, str]:
    notice = shown.page.locator("#view-overview .notice")
    return notice.get_attribute("class"), notice.inner_text()


def test_evidence_opens_by_the_keyboard_and_stays_open(show: Show) -> None:
    shown = show(full(), "#findings")
    button = shown.page.get_by_role("button", name="ci may do all")
    assert button.get_attribute("aria-expanded") == "false"
    button.focus()
    shown.page.keyboard.press("Enter")
    assert button.get_attribute("aria-expanded") == "true"
    [detail] = shown.texts(".detail")
    for words in ("Take the policy away", "of a policy", "iam:ListRoles"):
        assert words in detail
    shown.page.get_by_role("button", name="What", exact=True).click()
    assert len(shown.texts(".detail")) == 1
    shown.follow(shown.page.locator(".detail").get_by_role("link", name="ci"), "ci")


def test_what_a_rule_marks_as_code_is_code(show: Show) -> None:
    shown = show(
        report(finding(remediation="Ask for `repo:A/B` and `<b>`, not ` alone.")), "#findings"
    )
    shown.page.locator("button.plain").click()
    assert shown.texts(".detail p code") == ["repo:A/B", "<b>"]
    assert "Ask for repo:A/B and <b>, not ` alone." in shown.texts(".detail")[0]


def test_columns_are_sorted_both_ways(show: Show) -> None:
    shown = show(full(), "#identities")
    names = "#view-identities td:first-child"
    head = shown.page.get_by_role("button", name="Name", exact=True)
    head.click()
    assert shown.texts(names) == ["bot", "ci", "old"]
    head.click()
    assert shown.texts(names) == ["old", "ci", "bot"]
    assert shown.texts("#view-identities th[aria-sort='descending']") == ["Name"]


def test_the_keyboard_alone_leads_everywhere(show: Show) -> None:
    shown = show(full())
    press = shown.page.keyboard.press
    press("Tab")
    assert shown.page.evaluate("document.activeElement.textContent") == "Skip to the content"
    for _ in range(3):
        press("Tab")
    assert shown.page.evaluate("document.activeElement.textContent") == "Identities (3)"
    press("Enter")
    assert shown.texts("h1") == ["Identities"]
    assert shown.page.evaluate("document.activeElement.tagName") == "H1"
    press("Tab")
    outline = "(({ outlineStyle, outlineWidth }) => [outlineStyle, outlineWidth])"
    around = shown.page.evaluate(f"{outline}(getComputedStyle(document.activeElement))")
    assert around == ["solid", "3px"]


def test_twenty_thousand_findings_are_there_in_two_seconds(estate: Shown) -> None:
    assert estate.first_seen < 2000
    estate.go("findings")
    assert estate.texts("[role=status]")[:1] == ["1 to 100 of 20,000"]
    assert estate.page.locator("#view-findings tbody tr:visible").count() == 100
    estate.page.get_by_role("button", name="Next").click()
    assert estate.texts("[role=status]")[:1] == ["101 to 200 of 20,000"]
    estate.page.get_by_role("searchbox", name="Search").fill("number 19999")
    estate.page.get_by_text("1 finding", exact=True).wait_for(timeout=2000)


# --- identities, exceptions, coverage, trend -----------------------------------------------------------


def test_the_page_of_an_identity_has_all_that_is_known_of_it(show: Show) -> None:
    shown = show(full(), "#identity/0")
    text = shown.page.locator("main").inner_text()
    for words in (
        "team-platform (high confidence, by tag)", "production (tag env)", "2024-11-27 (400 days ago)", "owner: team-platform",
        "Findings (2)", "Credentials (1)", "AKIA****", "2026-01-04", "s3:GetObject", "StringEquals aws:x", "repo:acme-evil/x",
        "workflow job deploy", "ci has every right",
    ):  # fmt: skip
        assert words in text, words
    into = shown.page.locator("table", has=shown.page.get_by_text("What leads to it"))
    rows = [text.split("\t")[1:] for text in into.locator("tbody tr:visible").all_inner_texts()]
    assert rows == [["outside", "1", "proved"], ["leaked", "2", "proved"], ["", "1", "proved"]]
    into.get_by_role("button", name="deploy/a.env").click()
    assert shown.texts(".steps li") == ["deploy/a.env holds AWS key\nTo cut it: Revoke AWS key.", "AWS key signs in as ci\nTo cut it: Revoke AWS key."]  # fmt: skip
    assert (
        "assumed"
        in shown.page.locator("table", has=shown.page.get_by_text("What it leads to")).inner_text()
    )


def test_exceptions_say_how_long_they_hold(show: Show) -> None:
    shown = show(full(), "#exceptions")
    assert shown.texts("#view-exceptions table:nth-of-type(1) .severity")[:3] == [
        "ends soon",
        "expired",
        "refused",
    ]
    assert "2026-01-20 (in 19 days)" in shown.page.locator("main").inner_text()


def test_what_was_told_before_has_its_date_on_the_page(show: Show) -> None:
    day = datetime(2025, 12, 21, 8, 30, tzinfo=UTC)
    one = Coverage(policy="p", service="github", account="acme", status="clean", as_of=day)
    shown = show(report(coverage=(one,)))
    shown.go("coverage")
    shown.page.get_by_role("button", name="github acme").click()
    assert "some of it as of 2025-12-21 08:30 UTC" in shown.texts(".detail")[0]


def test_what_could_not_be_seen_is_never_called_clean(show: Show) -> None:
    shown = show(full())
    assert "could not be looked at" in shown.page.locator("#view-overview").inner_text()
    shown.go("coverage")
    text = shown.page.locator("#view-coverage").inner_text()
    for words in ("a.pack", "cannot be read", "Mend it.", "var.x", "signed in as", "audit"):
        assert words in text, words
    shown.page.get_by_role("button", name="aws 1111").click()
    assert "iam:ListUsers is missing" in shown.texts(".detail")[0]
    cut = show(report(complete=False))
    assert "the scan was cut short" in cut.texts(".notice")[0]
    assert "All that was to be looked at" not in cut.page.locator("main").inner_text()


def rows(shown: Shown) -> dict[str, list[str]]:
    """The cells of the table of places, by their first."""
    shown.go("coverage")
    found = [
        row.locator("td").all_inner_texts()
        for row in shown.page.locator("#view-coverage tbody tr").all()
    ]
    return {first: rest for first, *rest in found}


def test_folders_are_told_though_nothing_was_found_there(show: Show) -> None:
    one = replace(
        FULL.findings[0],
        places=(FileLocation(path="src/a.env", line=3), FileLocation(path="b/c", line=1)),
    )
    said = report(
        one,
        places=tuple(Place(name=name, files=n) for name, n in ((".", 2), ("b/", 1), ("docs/", 7), ("src/", 40), ("x/", 1))),
        troubles=(Trouble(part="worktree", scope="x/y", message="could not be read"),),
    )  # fmt: skip
    found = rows(show(said))
    states = {name: found[name][:2] for name in ("files in no folder", "b/", "docs/", "src/", "x/")}
    assert states == {
        "files in no folder": ["clean", "2"], "b/": ["found something", "1"], "docs/": ["clean", "7"],
        "src/": ["found something", "40"], "x/": ["could not see all", "1"],
    }  # fmt: skip
    assert rows(show(replace(said, complete=False)))["docs/"][0] == "could not see all"


def test_targets_of_an_estate_are_told_though_nothing_was_found_there(show: Show) -> None:
    one = replace(FULL.findings[0], places=(FileLocation(path="acme/shop/src/a.env", line=3),))
    day = datetime(2026, 1, 1, tzinfo=UTC)
    said = report(
        one, targets=4,
        places=(
            Place(name="acme/shop", looked_at=day, open=1), Place(name="acme/docs", looked_at=day, open=0),
            Place(name="acme", looked_at=day, open=0), Place(name="aws", open=0),
        ),
        troubles=(Trouble(part="worktree", scope="acme/docs/y", message="could not be read"),),
    )  # fmt: skip
    assert {name: one[0] for name, one in rows(show(said)).items() if name.startswith("a")} == {
        "acme": "clean", "acme/docs": "could not see all", "acme/shop": "found something", "aws": "never looked at",
        "acme/docs/y": "could not be read",
    }  # fmt: skip


def test_an_empty_report_says_that_nothing_was_found(show: Show) -> None:
    shown = show(Report(findings=()), "#findings")
    assert "Nothing was found." in shown.texts("p.muted")
    assert shown.texts("#parts a") == ["Overview", "Findings", "Coverage", "Exceptions"]
    shown.go("coverage")
    shown.go("exceptions")


def test_what_a_baseline_hides_is_never_called_nothing(show: Show) -> None:
    shown = show(report(counts={"in_baseline": 28}, roll=full().roll))
    for view in ("overview", "findings", "identities", "identity/0"):
        shown.go(view)
        assert any("28 findings that are still there" in text for text in shown.texts("p")), view
    shown.go("findings")
    assert "Nothing new was found." in shown.texts("p.muted")
    assert "Nothing was found." not in shown.texts("p.muted")


def test_the_trend_is_told_where_there_is_one(show: Show) -> None:
    shown = show(full())
    assert (
        "7 open on 2025-12-30, 4 on 2025-12-31 (\u22123)."
        in shown.page.locator("main").inner_text()
    )
    row = shown.page.locator("tr", has=shown.page.get_by_text("NHI2 Secret Leakage"))
    assert "\u22123" in row.inner_text()
    assert shown.page.get_by_role("img", name="NHI2: from 5 to 2").count() == 1
    none = show(replace(full(), trend=None))
    assert none.page.get_by_role("heading", name="Trend").count() == 0


def test_an_estate_is_called_so(show: Show) -> None:
    shown = show(replace(full(), targets=2))
    assert "Estate of 2 targets" in shown.page.locator("main").inner_text()
    shown.go("coverage")
    assert "an estate of 2 targets" in shown.page.locator("main").inner_text()


# --- the graph ---------------------------------------------------------------------------------------


def closed(shown: Shown) -> Shown:
    """The graph of a large estate as it is at first."""
    shown.go("graph")
    shown.page.get_by_label("Grouped by").select_option("account")
    shown.page.get_by_role("button", name="Close all").click()
    return shown


def test_a_small_graph_is_open_and_tells_of_what_is_chosen(show: Show) -> None:
    shown = show(full(), "#graph")
    items = shown.page.locator("#view-graph .item")
    assert items.count() == 6
    shown.page.get_by_role("button", name="ci, role, findings up to critical").click()
    about = shown.page.locator(".about")
    assert about.get_by_role("heading").first.inner_text() == "ci"
    assert "anyone assumes ci" in about.inner_text()
    assert "ci assumes bot (assumed: a condition is not known)" in about.inner_text()
    assert shown.page.locator("path.edge.chosen").count() == 3
    about.get_by_role("button", name="bot").click()
    assert about.get_by_role("heading").first.inner_text() == "bot"
    shown.follow(about.get_by_role("link", name="Its page"), "bot")


def test_five_thousand_nodes_are_groups_that_open_where_they_lie(estate: Shown) -> None:
    shown = closed(estate)
    items = shown.page.locator("#view-graph .item")
    assert 10 < items.count() <= 60
    names = shown.page.locator("#view-graph .titles text").all_text_contents()
    assert sum(bool(one.strip()) for one in names) > len(names) * 0.8
    before = shown.page.evaluate(
        "[...document.querySelectorAll('.item circle.mark')].map((one) => one.getAttribute('cx'))"
    )
    largest = shown.page.locator(".item", has=shown.page.locator("circle.group")).first
    name = str(largest.get_attribute("aria-label"))
    largest.focus()
    shown.page.keyboard.press("Enter")
    opened = shown.page.locator("#view-graph .name")
    assert opened.count() == 1
    assert str(opened.get_attribute("aria-label")).startswith(name.partition(":")[0])
    after = shown.page.evaluate(
        "[...document.querySelectorAll('.item circle.mark')].map((one) => one.getAttribute('cx'))"
    )
    assert set(before[1:]) <= set(after)
    assert shown.page.locator("#view-graph .item:focus").count() == 1
    shown.page.get_by_role("button", name="Close all").click()
    assert shown.page.locator("#view-graph .name").count() == 0


def test_the_graph_is_grouped_by_owner_and_finds_a_name(estate: Shown) -> None:
    shown = closed(estate)
    shown.page.get_by_label("Grouped by").select_option("owner")
    labels = [
        str(one.get_attribute("aria-label"))
        for one in shown.page.locator("#view-graph .item").all()
    ]
    assert any(one.startswith("team-0: ") for one in labels)
    assert any(one.endswith("smaller owners") or "smaller owners: " in one for one in labels)
    shown.page.get_by_role("combobox", name="Find").fill("app-77")
    shown.page.get_by_role("button", name="Show", exact=True).click()
    assert shown.page.locator(".about h2").first.inner_text() == "app-77"
    assert str(
        shown.page.locator("#view-graph .item:focus").get_attribute("aria-label")
    ).startswith("app-77,")


def test_arrow_keys_move_in_the_graph_and_others_zoom(estate: Shown) -> None:
    shown = closed(estate)
    shown.page.locator("#view-graph .item[tabindex='0']").focus()
    label = "document.activeElement.getAttribute('aria-label')"
    before = shown.page.evaluate(label)
    for key in ("ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp"):
        shown.page.keyboard.press(key)
    seen = set()
    for key in ("ArrowLeft", "ArrowLeft", "ArrowDown", "ArrowRight"):
        shown.page.keyboard.press(key)
        seen.add(shown.page.evaluate(label))
    assert seen - {before}
    assert shown.page.locator("#view-graph .item[tabindex='0']").count() == 1
    box = "document.querySelector('#view-graph .drawing svg').getAttribute('viewBox')"
    all_of_it = shown.page.evaluate(box)
    shown.page.keyboard.press("+")
    assert float(shown.page.evaluate(box).split()[2]) < float(all_of_it.split()[2])
    shown.page.keyboard.press("0")
    assert shown.page.evaluate(box) == all_of_it
    middle = shown.page.locator(".drawing svg").bounding_box()
    shown.page.mouse.move(middle["x"] + 300, middle["y"] + 5)
    shown.page.mouse.wheel(0, -300)
    shown.page.wait_for_function(f"before => {box} !== before", arg=all_of_it)
    zoomed = shown.page.evaluate(box)
    shown.page.mouse.down()
    shown.page.mouse.move(middle["x"] + 360, middle["y"] + 40, steps=3)
    shown.page.mouse.up()
    assert shown.page.evaluate(box).split()[2:] == zoomed.split()[2:]
    assert shown.page.evaluate(box) != zoomed


def test_the_table_of_the_graph_has_what_the_picture_has(show: Show) -> None:
    shown = show(full(), "#graph")
    rows = [text.split("\t")[:3] for text in shown.texts("#view-graph tbody tr")]
    assert ["deploy/a.env file", "AWS key access key", "deploy/a.env holds AWS key"] in rows
    assert len(rows) == 4
    shown.page.get_by_label("Search in the table").fill("bot")
    assert len(shown.texts("#view-graph tbody tr")) == 1


# --- light, dark, narrow, paper, screen readers ---------------------------------------------------------


def test_it_is_light_or_dark_as_the_system_or_as_somebody_wants(show: Show) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = show(full(), color_scheme="dark")
    assert dark.page.evaluate(ground) == "rgb(16, 21, 27)"
    light = show(full(), color_scheme="light")
    assert light.page.evaluate(ground) == "rgb(255, 255, 255)"
    light.page.get_by_label("Theme").select_option("dark")
    assert light.page.evaluate(ground) == "rgb(16, 21, 27)"
    light.page.reload()
    light.requests.pop()
    assert light.page.evaluate(ground) == "rgb(16, 21, 27)"


def test_a_narrow_screen_never_scrolls_sideways(show: Show) -> None:
    shown = show(full("AndALongNameWithoutAnyEnd" * 3), viewport={"width": 360, "height": 700})
    for view in VIEWS:
        shown.go(view)
        wide = shown.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360, view


def test_on_paper_stand_all_parts_in_black_on_white(show: Show) -> None:
    shown = show(full(), color_scheme="dark")
    paper = pypdf.PdfReader(BytesIO(shown.page.pdf(format="A4")))
    text = "\n".join(one.extract_text() for one in paper.pages)
    for words in ("Findings", "AKIA****", "Identities", "Credentials", "Coverage", "a.pack", "Exceptions", "until the vendor"):  # fmt: skip
        assert words in text, words
    assert "system theme" not in text
    shown.page.emulate_media(media="print")
    assert shown.page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    one = show(full(), "#identity/0")
    text = "\n".join(each.extract_text() for each in pypdf.PdfReader(BytesIO(one.page.pdf())).pages)
    assert "What it may do" in text
    assert "Coverage" not in text


def test_paper_has_a_bound_and_the_screen_is_as_before(show: Show) -> None:
    shown = show(
        report(*(finding(id=str(n), message=f"number {n}") for n in range(400))), "#findings"
    )
    text = "\n".join(one.extract_text() for one in pypdf.PdfReader(BytesIO(shown.page.pdf())).pages)
    assert "number 249" in text
    assert "number 250" not in text
    assert "150 more are not printed" in text
    assert shown.page.locator("#view-findings tbody tr:visible").count() == 100


def test_axe_has_nothing_to_say(show: Show) -> None:
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe is not installed"
    ).Axe()
    shown = show(full())
    shown.page.evaluate(axe.axe_script)
    for view in (
        "overview",
        "findings",
        "graph",
        "exceptions",
        "identity/0",
    ):  # the others are tables like these
        shown.go(view)
        for button in shown.page.locator("button.plain:visible").all()[:1]:
            button.click()
        found = shown.page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
        assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == [], view


def test_what_is_too_much_for_a_page_is_never_called_nothing(show: Show) -> None:
    roll = replace(full().roll, left_out={"identities": 7, "nodes": 9, "edges": 30})
    shown = show(report(roll=roll))
    assert "10\nidentities" in shown.texts(".tiles li")
    for view, what in (
        ("identities", "7 more identities"),
        ("graph", "9 more nodes and 30 more edges"),
        ("identity/1", "30 more edges"),
    ):
        shown.go(view)
        assert any(what in text for text in shown.texts(".notice")), view


def test_without_a_graph_the_page_says_why(show: Show) -> None:
    shown = show(report(roll=Roll()), "#graph")
    assert "There are no identities." in shown.texts("#view-graph p")
