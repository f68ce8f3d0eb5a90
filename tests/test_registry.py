"""Extension points: built-in parts by folder, others only when the user names them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest

from keymuster import pipeline, registry
from keymuster.cli import main
from keymuster.collect.base import Context, Selection
from keymuster.errors import PluginError
from keymuster.model import Report
from keymuster.report.base import Style
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings

PARTS = """\
import sys

sys.modules[__name__].loaded = True

class Shout:
    name = "shout"
    def __init__(self, style): pass
    def write(self, report, out): out.write(f"{len(report.findings)} FINDINGS!\\n")

class Dates:
    name = "dates"
    def __init__(self, context): pass
    def reads(self, path): return path.endswith(".txt")
    def read(self, blob): raise ValueError("never mind")
    def finish(self, fragments): return []

class Misnamed(Shout):
    name = "other"

class NoReader:
    name = "no-reader"
    def __init__(self, context): pass
    def reads(self, path): return True

class Json(Shout):
    name = "json"

an_instance = Shout(None)
a_function = lambda: None
a_function.name = "a-function"
"""
ENTRY_POINTS = """\
[keymuster.reporter]
shout = acme_parts:Shout
misnamed = acme_parts:Misnamed
json = acme_parts:Json
absent = acme_parts:Absent
a-function = acme_parts:a_function
broken = acme_broken:Anything

[keymuster.reader]
dates = acme_parts:Dates
no-reader = acme_parts:NoReader
"""


@pytest.fixture
def distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package that offers parts."""
    site = tmp_path / "site"
    about = site / "acme_parts-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-parts\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS)
    (site / "acme_parts.py").write_text(PARTS)
    (site / "acme_broken.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(site)
    monkeypatch.delitem(sys.modules, "acme_parts", raising=False)


def test_the_built_in_parts_are_found_by_folder() -> None:
    assert registry.names("source") == [
        "history", "input", "machine", "services", "staged", "worktree",
    ]  # fmt: skip
    assert {"inline-allows", "secrets"} <= set(registry.builtin("reader"))
    assert {"json", "sarif", "text"} <= set(registry.names("reporter"))


@pytest.mark.parametrize("name", ["xyzzy", "base", "", "../json", "os.path"])
def test_a_part_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(PluginError, match="there is no reporter called"):
        registry.part("reporter", name)


def test_a_module_that_is_no_part_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = tmp_path / "acme_points"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "none.py").write_text("x = 1\n")
    (package / "two.py").write_text("class A: name = 'a'\nclass B: name = 'b'\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(registry.POINTS, "point", "acme_points")
    for name in ("none", "two"):
        with pytest.raises(PluginError, match=f"acme_points.{name} must define exactly one class"):
            registry.part("point", name)


@pytest.mark.usefixtures("distribution")
def test_an_extension_nobody_names_is_not_even_imported(rules: RuleSet, tmp_path: Path) -> None:
    context = Context(selection=Selection(root=str(tmp_path), paths=(str(tmp_path),)), rules=rules)
    pipeline.scan(context, "worktree")
    assert registry.installed("reporter", ()) == {}
    assert registry.installed("reporter", ("dates",)) == {}
    assert "acme_parts" not in sys.modules


@pytest.mark.usefixtures("distribution")
def test_a_named_reporter_writes() -> None:
    out = StringIO()
    pipeline.write(Report(findings=()), "shout", out, Style(), extensions=("shout",))
    assert out.getvalue() == "0 FINDINGS!\n"


@pytest.mark.usefixtures("distribution")
def test_a_reporter_that_is_not_named_does_not_write() -> None:
    with pytest.raises(PluginError, match="there is no reporter called `shout`"):
        pipeline.write(Report(findings=()), "shout", StringIO(), Style())


@pytest.mark.usefixtures("distribution")
def test_a_named_reader_reads_and_its_faults_are_troubles(rules: RuleSet, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    (folder / "b.py").write_text("b")
    context = Context(selection=Selection(root=str(folder), paths=(str(folder),)), rules=rules)
    report = pipeline.scan(context, "worktree", configured=Settings(extensions=("dates",)))
    [trouble] = report.troubles
    assert (trouble.part, trouble.scope) == ("dates", "a.txt")
    assert "never mind" not in trouble.message
    assert report.complete


@pytest.mark.usefixtures("distribution")
@pytest.mark.parametrize(
    ("point", "name", "problem"),
    [
        ("reporter", "misnamed", "does not carry its own name"),
        ("reporter", "json", "has the name of a built-in reporter"),
        ("reporter", "absent", "cannot be loaded: AttributeError"),
        ("reporter", "broken", "cannot be loaded: ZeroDivisionError"),
        ("reporter", "a-function", "is not a class"),
        ("reader", "no-reader", "is no reader: it has no method `read`"),
    ],
)
def test_an_extension_that_breaks_its_contract_is_refused(
    point: str, name: str, problem: str
) -> None:
    with pytest.raises(PluginError, match=f"extension {name} {problem}"):
        registry.installed(point, (name,))


@pytest.mark.usefixtures("distribution")
def test_a_name_nobody_offers_is_refused() -> None:
    registry.check_extensions(("shout", "dates"))
    with pytest.raises(PluginError, match="no installed package offers the extension xyzzy"):
        registry.check_extensions(("shout", "xyzzy"))


@pytest.mark.usefixtures("distribution")
def test_the_command_line_takes_the_format_of_an_extension(
    tmp_path: Path, token: Callable[..., str], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text(token("github-pat"))
    (folder / ".keymuster.yaml").write_text("extensions: [shout]\n")
    words = ["scan", str(folder), "--format", "shout", "-o", f"shout={tmp_path / 'out'}"]
    monkeypatch.setattr(sys, "argv", ["keymuster", *words])
    with pytest.raises(SystemExit) as end:
        main()
    assert (end.value.code, capsys.readouterr().out) == (1, "1 FINDINGS!\n")
    assert (tmp_path / "out").read_text() == "1 FINDINGS!\n"
