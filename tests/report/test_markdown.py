"""The summary, read by GitHub's own parser and by another one: what others wrote is no markup."""

from __future__ import annotations

from datetime import date
from html.parser import HTMLParser

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from msgspec.structs import replace

from keymuster.model import (
    Commit,
    FileLocation,
    Finding,
    Nhi,
    Owner,
    Report,
    ServiceLocation,
    Severity,
    Suppression,
    Trouble,
)
from keymuster.report._markdown import cell, code, prose
from keymuster.report.base import readable
from report.reports import (
    FULL,
    WORDS,
    accepted,
    assert_is_snapshot,
    finding,
    place,
    report,
    written,
)

OURS = {"h2", "h3", "p", "strong", "ul", "li", "code", "table", "thead", "tbody", "tr", "th", "td"}


class Page(HTMLParser):
    """What a browser would show: the tags, the texts in code, and the cells of each row of each table."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.codes: list[str] = []
        self.rows: list[list[str]] = []
        self._open: list[str] = []
        self.plain = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._open.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        elif tag == "code":
            self.codes.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "td" in self._open or "th" in self._open:
            self.rows[-1][-1] += data
        if "code" in self._open:
            self.codes[-1] += data
        else:
            self.plain += data


def pages(text: str) -> list[Page]:
    """As GitHub reads it, without what it takes out of HTML afterwards; and as CommonMark has it, with tables."""
    github = cmarkgfm.github_flavored_markdown_to_html(text, Options.CMARK_OPT_UNSAFE)
    other = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text)
    return [Page(github), Page(other)]


def read(said: Report, **style: bool) -> Page:
    """The page, which both parsers see alike, with no markup but ours."""
    text = written(said, "markdown", **style)
    assert len(text.encode()) <= 65_536
    one, other = pages(text)
    assert one.tags <= OURS | {"a"}
    assert (one.tags, one.codes, one.rows) == (other.tags, other.codes, other.rows)
    assert {len(row) for row in one.rows} <= {2, 3, 5}
    return one


def test_the_whole_output() -> None:
    read(FULL)
    assert_is_snapshot(written(FULL, "markdown"), "full.md")
    assert_is_snapshot(written(FULL, "markdown", verbose=True), "full-verbose.md")


def test_findings_are_counted_by_severity_and_category() -> None:
    said = report(
        finding(), finding(id="f2", severity=Severity.CRITICAL, nhi=(Nhi.OVERPRIVILEGED,)), accepted(id="f3")
    )  # fmt: skip
    page = read(said)
    assert "keymuster: 2 findings" in page.plain
    assert ["critical", "1", "0"] in page.rows
    assert ["high", "1", "1"] in page.rows
    assert ["NHI2 Secret Leakage", "1"] in page.rows
    assert ["NHI5 Overprivileged NHI", "1"] in page.rows


def test_the_gravest_come_first_with_place_rule_and_owner() -> None:
    place_of_service = ServiceLocation(service="aws", account="1", resource="r")
    owner = Owner(name="@acme/core", source="codeowners", status="left")
    mild = finding(place("a.py", 7), place_of_service, severity=Severity.LOW, owner=owner)
    grave = finding(place("b.py", 2), id="f2", evidence={"also_found": "x, y"})
    rows = [row for row in read(report(mild, grave)).rows if len(row) == 5]
    assert rows[1:] == [
        ["high", "Acme key acme_****", "b.py:2", "secret-in-tree/acme-key, also x, y", ""],
        ["low", "Acme key acme_****", "a.py:7 and 1 more place", "secret-in-tree/acme-key", "@acme/core, who has left"],
    ]  # fmt: skip


def test_a_place_says_in_which_commit_and_an_arn_says_where_it_is_itself() -> None:
    arn = ServiceLocation(
        service="aws", account="111122223333", resource="arn:aws:iam::111122223333:user/ci"
    )
    old = place("a.py", 7, commit=Commit(id="c" * 40), object="b" * 40)
    page = read(report(finding(arn), finding(old, id="f2")))
    assert {"arn:aws:iam::111122223333:user/ci", "a.py:7 in commit cccccccccccc"} < set(page.codes)


def test_what_to_do_is_told_once_for_each_rule() -> None:
    page = read(report(finding(), finding(id="f2")))
    assert page.plain.count("Revoke it at ") == 1
    assert page.links == ["https://acme.example"]


def test_what_is_accepted_or_for_information_is_counted_and_shown_when_asked_for() -> None:
    said = report(accepted(place("a.py")), finding(id="f2", severity=Severity.INFO))
    short, whole = read(said), read(said, verbose=True)
    assert "keymuster: no findings" in short.plain
    assert "1 accepted; 1 for information" in short.plain
    assert [len(row) for row in short.rows].count(5) == 0
    assert [len(row) for row in whole.rows].count(5) == 3
    assert any("fixture of the parser" in text for text in whole.codes)


def test_nothing_found_says_so() -> None:
    page = read(report())
    assert "keymuster: no findings" in page.plain
    assert "3 files scanned" in page.plain
    assert "INCOMPLETE" not in page.plain


def test_what_could_not_be_seen_stands_before_the_findings() -> None:
    trouble = Trouble(part="git", scope="a.pack", message="is damaged", advice="Mend it.")
    page = read(report(finding(), troubles=(trouble,), complete=False))
    assert page.plain.index("INCOMPLETE") < page.plain.index("Severity")
    assert "findings so far" not in page.plain
    assert "1 finding so far" in page.plain
    assert "1 part could not be looked at" in page.plain
    assert page.codes[-3:] == ["a.pack", "is damaged", "Mend it."]


def test_exceptions_that_end_soon_are_told() -> None:
    def until(day: date, id: str) -> Finding:
        said = Suppression(justification="x", until=day)
        return finding(place(f"{id}.py"), id=id, suppression=said)

    late, soon = until(date(2026, 6, 1), "late"), until(date(2026, 1, 20), "soon")
    page = read(report(late, soon))
    assert "Exceptions that end soon" in page.plain
    assert ("soon.py:3" in page.codes, "late.py:3" in page.codes) == (True, False)
    assert "Exceptions" not in read(report(late)).plain


def test_a_report_that_is_too_long_for_a_comment_says_what_it_leaves_out() -> None:
    many = [
        finding(place(f"{'d/' * 80}{number}.py"), id=str(number), message=f"{'|`' * 100}{number}")
        for number in range(3000)
    ]
    grave = finding(place("grave.py"), id="g", severity=Severity.CRITICAL)
    troubles = tuple(
        Trouble(part="p", scope=f"s{n}", message="m" * 400, advice="`a" * 90) for n in range(900)
    )
    page = read(report(*many, grave, troubles=troubles, complete=False))
    listed = [row for row in page.rows if len(row) == 5]
    assert listed[1][2] == "grave.py:3"
    assert 20 < len(listed) < 3000
    assert f"{3001 - len(listed) + 1:,} more findings are not listed here" in page.plain
    assert "more parts, which the other formats have" in page.plain
    assert ["high", "3,000", "0"] in page.rows


HOSTILE = (
    "<img src=x onerror=alert(1)>", "<script>x</script>", "![x](https://e.example/x.png)", "[x](https://e.example)",
    "https://e.example/x", "www.e.example", "@octocat", "#1", "`<b>`", "``` \n<b>", "a|b|<b>", "\\|<b>|", "\\\\|<b>",
    "| --- |", "</td></table><b>", "*x* _y_ ~~z~~ **w**", "a\n\n# b\n- c\n/close", "\r\n<b>", "&lt;b&gt;&#60;b&#62;",
    "<!-- x", "]]>", "\x00<b>", "\u2028<b>", "\udcff", "`", "``", "$x$", "$`x`$", "\\", "\\`<b>", " ", "",
    ":: warning ::x", "[[x]]", "[^1]", "<https://e.example>", "a@e.example",
)  # fmt: skip


@pytest.mark.parametrize("evil", HOSTILE)
def test_what_a_repository_says_is_no_markup(evil: str) -> None:
    spot, service = (
        FileLocation(path=f"{evil}/a"),
        ServiceLocation(service="aws", account="1", resource=evil),
    )
    soon = Suppression(justification=evil, until=date(2026, 1, 20), by=evil)
    over = replace(soon, status="rejected")
    findings = [
        finding(one, id=id, message=evil, suppression=said, owner=Owner(name=evil, source="tag"), evidence={"also_found": evil})
        for one in (spot, service)
        for id, said in (("a", None), ("b", soon), ("c", over))
    ]  # fmt: skip
    trouble = Trouble(part="p", scope=evil, message=evil, advice=evil)
    for verbose in (False, True):
        page = read(report(*findings, troubles=(trouble,)), verbose=verbose)
        assert set(page.links) == {"https://acme.example"}  # of the rule
        assert page.tags == OURS | {"a"}
        if evil:
            assert shown(evil) in page.codes
            assert page.codes.count(readable(evil)) >= 3  # the trouble, which is in no table


def shown(text: str) -> str:
    """What a cell shows of it: of bars, those behind a backslash are told apart from it."""
    return readable(text).replace("\\|", "\\ |")


TEXT = st.text(
    st.one_of(st.sampled_from("`|\\ <>[]()!*_~$&#@-\n"), st.characters()), min_size=1, max_size=40
)


@given(TEXT)
def test_a_span_of_code_shows_the_text_itself(text: str) -> None:
    for page in pages(f"x {code(text)} y"):
        assert page.tags == {"p", "code"}
        assert page.codes == [readable(text)]


@given(TEXT)
def test_a_cell_shows_the_text_and_ends_where_it_ends(text: str) -> None:
    for page in pages(f"| a | b |\n| --- | --- |\n| {cell(text)} | end |\n"):
        assert page.tags == {"table", "thead", "tbody", "tr", "th", "td", "code"}
        assert page.codes == [shown(text)]
        assert page.rows[1][1] == "end"


@given(TEXT)
def test_a_text_of_a_rule_is_shown_without_markup_of_its_own(text: str) -> None:
    for page in pages(f"- x: {prose(text)}"):
        assert page.tags <= {"ul", "li", "code", "a"}
        if "`" not in text and "://" not in text:
            assert (
                page.plain.strip()
                == f"x: {' '.join(readable(text.replace(chr(10), ' ')).split())}".strip()
            )


def test_a_text_of_a_rule_keeps_its_code_and_its_addresses() -> None:
    page, _ = pages(prose(f"{WORDS.remediation} Use `a_b <c>` for <ID> and a_b_c."))
    assert page.links == ["https://acme.example"]
    assert page.codes == ["a_b <c>"]
    assert "for <ID> and a_b_c." in page.plain
