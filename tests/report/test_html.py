"""The page as a file: what stands in it and how. What a browser makes of it is in `test_html_in_a_browser.py`."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from keymuster.model import (
    Coverage,
    FileLocation,
    Report,
    Roll,
    RolledIdentity,
    RuleText,
    Severity,
)
from keymuster.redaction import redacted
from keymuster.rules.schema import RuleSet
from report.reports import FULL, WORDS, finding, place, report, written
from report.rolls import CI, full, large, small

HOSTILE = (
    "</script><script>window.pwned=1</script>", "<img src=x onerror=window.pwned=1>", "<!--<script>",
    "]]>", "\u2028alert(1)\u2029", "&lt;b&gt;", "\x00\x1b[2J", "\udcff", "\u202egnp.exe", "{start}", "' onx='", "@@SCRIPT@@",
)  # fmt: skip


class Page(HTMLParser):
    """The elements of a page, each with its attributes, and the text of its scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[int, str] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem is not None:
            at = len(self.elements) - 1
            self.texts[at] = self.texts.get(at, "") + data

    def of(self, tag: str) -> list[str]:
        return [text for at, text in sorted(self.texts.items()) if self.elements[at][0] == tag]

    @property
    def data(self) -> dict[str, Any]:
        return json.loads(self.of("script")[0])  # type: ignore[no-any-return]


def page(one: Report) -> Page:
    return Page(written(one, "html"))


def test_the_policy_allows_this_script_and_this_style_and_nothing_else() -> None:
    said = page(FULL)
    [policy] = [
        str(attributes["content"])
        for tag, attributes in said.elements
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    _, script = said.of("script")
    [style] = said.of("style")
    allowed = dict(one.strip().split(" ", 1) for one in policy.split(";"))
    assert allowed == {
        "default-src": "'none'", "script-src": _hashed(script), "style-src": _hashed(style),
        "base-uri": "'none'", "form-action": "'none'",
        "require-trusted-types-for": "'script'",
    }  # fmt: skip


def _hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}'"


def test_nothing_in_it_leads_to_another_file() -> None:
    said = page(full())
    loading = {"src", "srcset", "data", "action", "poster", "background"}
    assert [one for one in said.elements if loading & one[1].keys()] == []
    assert [one for one in said.elements if one[0] in ("link", "iframe", "object", "base")] == []
    assert [one["href"] for tag, one in said.elements if "href" in one] == ["#main"]
    [style] = said.of("style")
    assert "url(" not in style
    assert "@import" not in style


def test_the_script_makes_no_markup_of_text_and_runs_none() -> None:
    _, script = page(FULL).of("script")
    for word in (
        "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "fetch(",
        "XMLHttpRequest", "WebSocket", "import(", "setAttribute(\"style\"", "DOMParser", "srcdoc",
    ):  # fmt: skip
        assert word not in script, word


@pytest.mark.parametrize("evil", HOSTILE)
def test_what_others_write_is_data(evil: str) -> None:
    text, usual = written(full(evil), "html"), written(full(), "html")
    assert text.count("<") == usual.count("<")
    assert len(Page(text).elements) == len(Page(usual).elements)
    [block] = re.findall(
        r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL
    )
    assert not set(block) & set("<>&\u2028\u2029")
    text.encode()


def test_a_hostile_text_is_told_as_it_is() -> None:
    evil = "</script><script>window.pwned=1</script>"
    said = page(full(evil)).data
    assert said["roll"]["identities"][0]["name"] == f"ci{evil}"
    assert said["findings"][0]["message"].endswith(evil)


def test_what_a_terminal_or_reader_would_obey_is_escaped() -> None:
    said = page(full("\u202egnp\x1b[2J\udcff")).data
    assert said["roll"]["identities"][0]["name"] == r"ci\u202egnp\x1b[2J\xff"


def test_links_of_rules_lead_to_pages_only() -> None:
    links = (
        "https://acme.example/a",
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil",
        "http://[",
    )
    words = RuleText(
        id=WORDS.id, title="t", why="w", remediation="r", severity=Severity.HIGH, confidence=WORDS.confidence,
        nhi=WORDS.nhi, links=links,
    )  # fmt: skip
    [rule] = page(Report(findings=(finding(),), rules=(words,))).data["rules"]
    assert rule["links"] == ["https://acme.example/a"]


def test_the_same_report_gives_the_same_bytes() -> None:
    one = replace(full(), roll=large(300))
    assert written(one, "html") == written(msgspec.structs.replace(one), "html")


def test_a_report_and_its_roll_survive_a_database() -> None:
    roll = small("ü")
    assert msgspec.json.decode(msgspec.json.encode(roll), type=Roll) == roll


def test_findings_have_all_that_there_is_to_say() -> None:
    first, _, third, last = page(FULL).data["findings"]
    assert first["places"][2]["commit"].startswith("cccccccccccc by Ada")
    assert first["evidence"]["account"] == "123456789012"
    assert third["places"][0]["at"] == r"tests/\xff#%\n\x1b[31m.py:2"
    assert last["accepted"] == {
        "holds": True, "because": "fixture of the parser", "by": "", "until": "2027-01-31", "at": "",
    }  # fmt: skip


def test_what_a_rule_says_is_said_once() -> None:
    said = page(report(*(finding(place(line=number), id=str(number)) for number in range(9)))).data
    assert len(said["rules"]) == 1
    assert "remediation" not in said["findings"][0]
    other = page(report(finding(), finding(id="2", remediation="Do this instead."))).data
    assert other["findings"][1]["remediation"] == "Do this instead."


def test_the_lines_of_a_rule_are_one_text() -> None:
    words = replace(WORDS, why="first line\n  second line\n", remediation="a\nb")
    said = page(Report(findings=(finding(remediation="c\nd"),), rules=(words,))).data
    assert (said["rules"][0]["why"], said["rules"][0]["remediation"]) == (
        "first line second line",
        "a b",
    )
    assert said["findings"][0]["remediation"] == "c d"


def test_a_finding_leads_to_the_identity_that_it_is_about() -> None:
    roll = small()
    about = {
        "secret:1": (0, 0), "key/1": (0, 0), "key used": (0, 0), "resource:key/2": (1, 1), CI: (0, None),
        f"resource:{CI}": (0, None), "grant": (0, None), "trust": (0, None), "use": (0, None), "nobody": (None, None),
    }  # fmt: skip
    said = page(report(*(finding(id=one, subject=one) for one in about), roll=roll)).data
    links = [
        (*one.get("identities", [None]), *one.get("credentials", [None]))
        for one in said["findings"]
    ]
    assert links == list(about.values())


def test_a_finding_leads_to_what_it_is_about_in_each_target() -> None:
    roll = replace(small(), about={"one": (CI, "bot"), "two": ("nobody",)})
    said = page(report(*(finding(id=one, subject=one) for one in ("one", "two")), roll=roll)).data
    assert [one.get("identities") for one in said["findings"]] == [[0, 1], None]


def test_each_category_is_called_as_in_the_list(rules: RuleSet) -> None:
    [listed] = [one for one in rules.frameworks if one.id == "owasp-nhi"]
    assert page(report()).data["nhi"] == [
        [one.id.partition(":")[0], one.name] for one in listed.entries
    ]


def test_a_text_that_no_browser_could_show_keeps_its_ends() -> None:
    name = f"begin{'x' * 1_000_000}end"
    [told] = page(report(finding(message=name, evidence={"name": name}))).data["findings"]
    for text in (told["message"], told["evidence"]["name"]):
        assert len(text) == 20_000
        assert (text[:6], text[-4:]) == ("beginx", "xend")


def test_coverage_is_told_by_account() -> None:
    [account] = page(full()).data["coverage"]
    assert (account["unseen"], account["clean"]) == (["p"], ["q"])
    assert account["why"] == {"iam:ListUsers is missing": ["p"]}


def test_without_a_roll_or_a_trend_there_is_none() -> None:
    said = page(FULL).data
    assert (said["roll"], said["trend"], said["layouts"]) == (None, None, {})
    assert page(report(roll=Roll())).data["layouts"] == {}


def test_a_secret_in_words_that_others_wrote_is_not_in_the_page(rules: RuleSet, token: Any) -> None:
    secret = token("github-pat")
    identity = RolledIdentity(
        id=f"role/{secret}", kind="role", provider="aws", name=secret, purpose=f"uses {secret}",
        tags={"note": f"password {secret}"}, places=(f"{secret}.tf:1",),
    )  # fmt: skip
    said = Report(findings=(), roll=Roll(identities=(identity,)))
    assert secret in written(said, "html")
    assert secret[4:] not in written(redacted(said, rules), "html")
    assert "ghp_****" in written(redacted(said, rules), "html")


def test_it_is_the_same_in_every_encoding() -> None:
    text = written(report(finding(FileLocation(path="ü \U0001f511.py"))), "html")
    assert text.isascii()  # standard output may be in any, and the hashes of the script must hold
    assert text.index('<meta charset="utf-8">') < 200
    assert Page(text).data["findings"][0]["places"][0]["at"] == "ü \U0001f511.py:1"


# --- colours ---------------------------------------------------------------------------------------


def _themes() -> list[dict[str, str]]:
    """The colours by name: light, dark by the system, dark by choice, and on paper."""
    [style] = page(FULL).of("style")
    blocks = re.findall(r":root[^{}]*\{([^{}]*--ground[^{}]*)\}", style)
    return [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", one)) for one in blocks]


def _contrast(one: str, other: str) -> float:
    """As WCAG 2 defines it."""

    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted((light(one), light(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_measure_of_contrast_is_that_of_the_standard() -> None:
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)
    assert _contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_text_and_controls_can_be_read_in_every_theme() -> None:
    themes = _themes()
    assert len(themes) == 4
    assert themes[1] == themes[2]
    for theme in themes:
        texts = ("text", "muted", "accent", "critical", "high", "medium", "low", "info", "good")
        for name in texts:
            for ground in ("ground", "panel"):
                assert _contrast(theme[name], theme[ground]) >= 4.5, (name, ground, theme)
        for name in ("control", "identity", "credential", "outsider", "resource", "file"):
            if name in theme:
                assert _contrast(theme[name], theme["ground"]) >= 3, (name, theme)
        if "on-accent" in theme:
            assert _contrast(theme["on-accent"], theme["accent"]) >= 4.5


def test_what_was_told_before_has_its_date() -> None:
    days = (None, datetime(2025, 12, 24, tzinfo=UTC), datetime(2025, 12, 21, tzinfo=UTC), None)
    several = (
        Coverage(policy="p", service="github", account="acme", status="clean", as_of=one)
        for one in days
    )
    [account] = page(report(coverage=tuple(several))).data["coverage"]
    assert account["as_of"] == "2025-12-21T00:00:00+00:00"
