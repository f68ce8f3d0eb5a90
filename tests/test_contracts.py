"""What every built-in part promises, and what holds for the package as a whole. New parts join by
existing."""

from __future__ import annotations

import ast
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import NoReturn

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

import keymuster
from keymuster import cache, errors, pipeline, registry, work
from keymuster.cli.commands import cli
from keymuster.collect import base as collecting
from keymuster.collect.containers import base as containing
from keymuster.collect.declaring import may_declare
from keymuster.collect.imports import base as importing
from keymuster.collect.readers import PAST, PROGRAMS
from keymuster.detect import examples
from keymuster.detect.glance import file_name
from keymuster.detect.nested import Nested
from keymuster.detect.values.languages import LANGUAGES
from keymuster.estate import base as estates
from keymuster.estate.channels import base as telling
from keymuster.export import base as exporting
from keymuster.model import Confidence, FileLocation, Finding, Nhi, Report, RuleText, Severity
from keymuster.report import base as reporting
from keymuster.report.base import Style
from keymuster.rules.schema import RuleSet
from repositories import Repository

HERE = Path(__file__).parent
SOURCE = Path(keymuster.__file__).parent
PROTOCOLS = {
    "source": collecting.Source,
    "container": containing.Container,
    "reader": collecting.Reader,
    "service": collecting.Service,
    "import": importing.ReportReader,
    "reporter": reporting.Reporter,
    "export": exporting.Export,
    "kind": estates.Part,
    "lister": estates.Lister,
    "channel": telling.Channel,
}
PARTS = [
    pytest.param(point, name, id=f"{point}-{name}")
    for point in registry.POINTS
    for name in registry.names(point)
]

# --- parts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("point", "name"), PARTS)
def test_a_part_is_named_after_its_module_and_documented(point: str, name: str) -> None:
    part = registry.part(point, name)
    assert part.name == name
    assert part.__name__.lower() == name.replace("-", "")
    assert part.__doc__
    assert sys.modules[part.__module__].__doc__


@pytest.mark.parametrize(("point", "name"), PARTS)
def test_a_part_has_a_test_module_at_the_matching_path(point: str, name: str) -> None:
    package = Path(*registry.POINTS[point].split(".")[1:])
    assert (HERE / package / f"test_{name.replace('-', '_')}.py").is_file()


@pytest.mark.parametrize(("point", "name"), PARTS)
def test_a_part_keeps_the_contract_of_its_point(point: str, name: str) -> None:
    part = registry.part(point, name)
    assert all(callable(getattr(part, method)) for method in registry.CONTRACTS[point])


@pytest.mark.parametrize("point", registry.POINTS)
def test_the_registry_demands_the_methods_of_the_protocol(point: str) -> None:
    declared = vars(PROTOCOLS[point])
    methods = [name for name in declared if callable(declared[name]) and not name.startswith("_")]
    assert tuple(methods) == registry.CONTRACTS[point]


@pytest.mark.parametrize("format", registry.names("reporter"))
def test_a_reporter_writes_findings_and_an_empty_report(format: str) -> None:
    finding = Finding(
        id="0", rule="a-rule", policy="a-rule", nhi=(Nhi.SECRET_LEAKAGE,), severity=Severity.HIGH,
        confidence=Confidence.HIGH, subject="secret:s", message="A token <b>&",
        places=(FileLocation(path="a b.py", line=3),),
    )  # fmt: skip
    other = replace(
        finding, id="1", subject="a role"
    )  # some formats are for secrets, or for all else
    words = RuleText(
        id="a-rule", title="A title", why="Because.", remediation="Do it.", nhi=finding.nhi,
        severity=Severity.HIGH, confidence=Confidence.HIGH,
    )  # fmt: skip
    full, empty = StringIO(), StringIO()
    pipeline.write(Report(findings=(finding, other), rules=(words,)), format, full, Style())
    pipeline.write(Report(findings=()), format, empty, Style())
    assert "a-rule" in full.getvalue()
    assert full.getvalue().endswith("\n")
    assert empty.getvalue().endswith("\n")


def test_the_pages_name_every_output_format() -> None:
    page = (SOURCE.parent.parent / "docs/reports.md").read_text(encoding="utf-8")
    assert [name for name in registry.names("reporter") if f"| `{name}` |" not in page] == []


NAMES = (
    "main.tf", "a.tf.json", "a.tfvars", "terraform.tfstate", "x.tftpl", "x.tofu", "a.bicep", "a.json", "a.yaml", "a.yml",
    "a.template", "Dockerfile", "web.dockerfile", "Dockerfile.py", "Containerfile", "Jenkinsfile", "Jenkinsfile.groovy",
    "ci.jenkinsfile", "hosts", "inventory.ini", "group_vars/all", "group_vars/all.md", "host_vars/web.py",
    "config", "prod.kubeconfig", "admin.conf", "values.yaml", "kustomization.yaml", "Kustomization",
    ".circleci/config.yml", "bitbucket-pipelines.yml", ".github/dependabot.yml", "serverless.yml", "Pulumi.yaml", ".keymuster/agents.yaml",
    ".keymuster/exceptions/vendor.yaml", ".keymuster/owners.yaml", "services/api/catalog-info.yaml",
    ".codex/config.toml", "team.code-workspace", ".claude/agents/reviewer.md", "SKILL.md", "agent-card.json", "server.json",
    "~/.codex/auth.json", ".cursorrules",
    "config/agents.yaml",
)  # fmt: skip
"""Names of files that declare something, one for each reader at least."""


@pytest.mark.parametrize("name", registry.names("reader"))
def test_a_commit_hook_knows_by_name_what_a_reader_of_declarations_reads(
    name: str, rules: RuleSet
) -> None:
    selection = collecting.Selection(root="")
    reader = registry.part("reader", name)(collecting.Context(selection=selection, rules=rules))
    if reader.past:  # it searches for secrets, as a glance does
        return
    if reader.programs:  # a glance asks these what they import
        return
    read = [path for path in NAMES if reader.reads(path)]
    assert read
    assert [path for path in read if not may_declare(path)] == []
    endings = (ending for all in LANGUAGES.values() for ending in all.split())
    plain = [f"src/name.{ending}" for ending in endings]
    assert [path for path in plain if reader.reads(path) and not may_declare(path)] == []


def test_the_readers_of_the_past_are_known_without_loading_the_others() -> None:
    assert [name for name, part in registry.builtin("reader").items() if part.past] == [*PAST]


def test_the_readers_of_programs_are_known_without_loading_the_others() -> None:
    readers = registry.builtin("reader").items()
    assert [name for name, part in readers if part.programs] == [*PROGRAMS]


# --- imports ---------------------------------------------------------------------------------

BOTTOM = {
    "accelerator", "cache", "digests", "errors", "modules", "nearest", "regex", "settings", "settings_file",
    "temporary",
}  # fmt: skip
"""What everybody but the model may use."""

LAYERS = {
    "model": {"model"},
    "errors": set(),
    "accelerator": set(),
    "digests": set(),
    "modules": set(),
    "temporary": set(),
    "nearest": set(),
    "regex": set(),
    "cache": {"digests", "temporary"},
    "settings_file": {"cache", "digests", "temporary"},
    "settings": {"errors", "model", "nearest", "settings_file"},
    "rules": {"model", "rules", *BOTTOM},
    "detect": {"model", "rules", "detect", *BOTTOM},
    "collect": {"model", "rules", "detect", "collect", "registry", *BOTTOM},
    "inventory": {"model", "inventory", *BOTTOM},
    "analysis": {"model", "inventory", "analysis", *BOTTOM},
    "evaluate": {"model", "rules", "inventory", "evaluate", *BOTTOM},
    "report": {"model", "report", *BOTTOM},
    "export": {"model", "inventory", "report", "export", *BOTTOM},
    "work": {"model", "collect", "workers", *BOTTOM},
    "workers": {"model", "collect", *BOTTOM},
    "registry": BOTTOM,
    "opening": {"model", "collect", "work", "registry"},
    "profile": {"registry"},
    "redaction": {"model", "rules", "detect", "inventory"},
    "harmless": {"model", "collect", "redaction", *BOTTOM},
    "redacting": {"model", "collect", "redaction", *BOTTOM},
    "keeping": {"model", "collect", "work", "harmless", *BOTTOM},
    "gathering": {
        "model", "rules", "detect", "collect", "inventory", "analysis", "work", "registry", "opening", "harmless",
        "keeping", *BOTTOM,
    },
    "pipeline": {
        "model", "rules", "detect", "inventory", "analysis", "evaluate", "report", "collect",
        "work", "registry", "redacting", "gathering", *BOTTOM,
    },
    "selftest": {
        "model", "rules", "detect", "collect", "inventory", "analysis", "evaluate", "work", "registry",
        *BOTTOM,
    },
    "estate": {
        "model", "rules", "detect", "collect", "inventory", "analysis", "evaluate", "report", "export",
        "work", "registry", "opening", "redaction", "gathering", "pipeline", "estate", *BOTTOM,
    },
    "cli": {
        "model", "rules", "detect", "collect", "inventory", "analysis", "evaluate", "report", "export", "estate",
        "work", "registry", "redaction", "gathering", "pipeline", "selftest", "profile", "cli", *BOTTOM,
    },
    "derived": {"rules", "detect", "evaluate", *BOTTOM},
    "hook": {"model", "rules", "detect", "collect", "registry", "pipeline", "cli", *BOTTOM},
    "__main__": {"cli"},
    "__init__": set(),
}  # fmt: skip
"""Folder or module -> what it may import. The table in ARCHITECTURE.md, from the bottom up."""

SDKS = {
    "boto3", "botocore", "google", "azure", "msgraph", "requests", "httpx", "aiohttp", "urllib3",
    "kubernetes", "sqlalchemy", "psycopg", "procrastinate", "git", "rich", "cel_expr_python",
}  # fmt: skip


def test_layers_only_look_down() -> None:
    wrong = [
        f"{path.relative_to(SOURCE)} imports {friend}"
        for path in sorted(SOURCE.rglob("*.py"))
        for friend in _friends(path)
        if friend not in LAYERS[_layer(path)]
    ]
    assert wrong == []


def test_every_layer_is_in_the_table() -> None:
    assert {_layer(path) for path in SOURCE.rglob("*.py")} == set(LAYERS)


def test_no_layer_may_import_one_that_may_import_it() -> None:
    circles = [
        (one, other)
        for one, friends in LAYERS.items()
        for other in friends - {one}
        if one in LAYERS[other]
    ]
    assert circles == []


def test_loading_every_part_imports_no_sdk() -> None:
    loaded = _modules_after(
        "from keymuster import registry\nfor point in registry.POINTS: registry.builtin(point)"
    )
    assert SDKS & {name.partition(".")[0] for name in loaded} == set()


ALLOWED_IN_THE_HOOK = {"click", "hyperscan", "msgspec", "platformdirs", "typing_extensions"}
"""Packages of others that a clean staged scan may import. `typing_extensions` comes with click."""

SLOW_OR_STRANGE = {
    "asyncio", "concurrent.futures", "csv", "ctypes", "email", "ftplib", "html", "http", "importlib.metadata",
    "logging", "multiprocessing", "pydoc", "smtplib", "socket", "sqlite3", "ssl", "unittest",
    "urllib.request", "xml", "zipfile", "yaml", "rich", "git", "cel_expr_python", "pathspec",
}  # fmt: skip
"""What no commit should wait for."""


NEVER_IN_THE_HOOK = {
    "keymuster.cli.explain", "keymuster.cli.progress", "keymuster.cli.rules", "keymuster.collect.provenance",
    "keymuster.analysis.roll", "keymuster.detect.explain", "keymuster.model.roll", "keymuster.report.html", "keymuster.report.json", "keymuster.report.sarif", "keymuster.report.text",
    "keymuster.rules.gitleaks", "keymuster.rules.lint", "keymuster.rules.re2", "keymuster.selftest",
    "keymuster.detect.necessary",
}  # fmt: skip
"""What is ours, and nothing to a commit without a finding."""

WHEN_MET: dict[str, tuple[str, ...]] = {
    "password = load(x)\n": (
        "keymuster.detect.recognizers.values",
        "keymuster.detect.values.obvious",
    ),
    "ghp_{base62:36}\n": ("keymuster.detect.checksums",),
    "PK\x03\x04 and more\n": ("keymuster.collect.containers", "keymuster.collect.unpack"),
    "aGVsbG8gd29ybGQgaGVsbG8gd29ybGQgaGVsbG8gd29ybGQ=\n": ("keymuster.detect.encodings.base64",),
    "a%3Db%3Dc\n": ("keymuster.detect.encodings.percent",),
}
"""What a change holds -> the parts that are loaded for it, and for nothing else."""


@pytest.fixture
def hook(
    make_repo: Callable[..., Repository], tmp_path: Path, rules: RuleSet
) -> Callable[..., set[str]]:
    """What the hook imports for a change, mostly one without a finding."""
    repository = make_repo(tmp_path / "repo")
    repository.commit({"a.py": "x = 1\n"})
    Nested(rules).open()  # fills the cache
    scan = (
        "import sys\nsys.argv = ['keymuster', 'scan', '--staged', '--quiet']\n"
        "from keymuster.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code == "
    )

    def loaded(content: str, ends: int = 0) -> set[str]:
        repository.stage({"a.py": content})
        return _modules_after(f"{scan}{ends}, end.code", repository.path)

    return loaded


def test_a_clean_staged_scan_imports_only_what_it_needs(hook: Callable[[str], set[str]]) -> None:
    loaded = hook("x = 2\n")
    tops = {name.partition(".")[0] for name in loaded}
    packages = {top for top in tops if not top.startswith("_")} - sys.stdlib_module_names
    assert packages - {"keymuster"} <= ALLOWED_IN_THE_HOOK
    assert SLOW_OR_STRANGE & loaded == set()
    assert NEVER_IN_THE_HOOK & loaded == set()
    assert {part for parts in WHEN_MET.values() for part in parts} & loaded == set()


def test_the_hook_of_a_clean_commit_imports_next_to_nothing(
    hook: Callable[[str], set[str]], tmp_path: Path
) -> None:
    hook("token = load(x)\n")
    loaded = _modules_after("from keymuster import hook\nassert hook.is_clean()", tmp_path / "repo")
    tops = {name.partition(".")[0] for name in loaded if not name.startswith("_")}
    assert tops - sys.stdlib_module_names <= {
        "keymuster",
        "hyperscan",
        "msgspec",
        "typing_extensions",
    }
    slow = {"tempfile", "pathlib", "hashlib", "difflib"}
    assert (SLOW_OR_STRANGE | NEVER_IN_THE_HOOK | slow) & loaded == set()
    parts = {name.split(".")[1] for name in loaded if name.startswith("keymuster.")}
    assert parts <= LAYERS["hook"] | LAYERS["collect"] | {"hook", "digests"} - {"cli"}
    assert "cli" not in parts


AT_A_GLANCE = {
    "cache", "collect", "collect.agents", "collect.agents.imports", "collect.declaring", "collect.magic", "collect.patch", "collect.repository", "detect", "detect.glance",
    "detect.values", "detect.values.languages", "detect.version", "digests", "hook", "settings_file",
}  # fmt: skip
"""Our modules that a commit needs in which nothing could turn into a finding."""


@pytest.mark.skipif(not hasattr(os, "posix_spawnp"), reason="a hook takes no glance here")
def test_a_glance_imports_nearly_nothing(
    hook: Callable[[str], set[str]], tmp_path: Path, glance_database: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    hook("token = load(x)\n")
    monkeypatch.setenv("KEYMUSTER_CACHE", str(tmp_path / "built"))
    cache.write(file_name(), glance_database)
    before = _modules_after("from keymuster import cache", tmp_path / "repo")
    loaded = _modules_after(
        f"from keymuster import cache, hook\ncache.BUILT = {str(tmp_path / 'built')!r}\n"
        "assert hook.is_clean_at_a_glance()",
        tmp_path / "repo",
    )
    ours = {name.removeprefix("keymuster.") for name in loaded if name.startswith("keymuster.")}
    assert ours <= AT_A_GLANCE
    others = {name for name in loaded - before if not name.startswith(("keymuster.", "importlib"))}
    assert others <= {"hyperscan._hs_ext", "_blake2", "warnings"}


def test_a_commit_with_a_finding_waits_only_for_what_tells_of_it(
    hook: Callable[..., set[str]],
) -> None:
    loaded = hook(examples.expand("DB_PASSWORD = '{base62:20}'\n", None, {}), ends=1)
    tops = {name.partition(".")[0] for name in loaded if not name.startswith("_")}
    # msgspec loads the fourth, and that `inspect`, where some extra has brought it along
    assert tops - sys.stdlib_module_names - {"typing_extensions"} == {
        "hyperscan",
        "keymuster",
        "msgspec",
    }
    slow = {"subprocess", "hashlib", "tempfile", "pathlib", "difflib", "urllib.parse"}
    others = NEVER_IN_THE_HOOK - {"keymuster.report.text"}
    assert (SLOW_OR_STRANGE | others | slow) & loaded == set()
    parts = {name for name in loaded if name.startswith("keymuster.collect.readers.")}
    assert parts == {
        f"keymuster.collect.readers.{name}" for name in ("secrets", "inline_allows", "agent_code")
    }


@pytest.mark.parametrize("content", WHEN_MET)
def test_a_part_is_loaded_for_the_change_that_needs_it(
    content: str, hook: Callable[[str], set[str]]
) -> None:
    loaded = hook(examples.expand(content, None, {}))
    lazy = {part for parts in WHEN_MET.values() for part in parts}
    assert lazy & loaded == set(WHEN_MET[content])


def test_a_scan_of_what_is_known_to_be_clean_imports_no_engine(
    tmp_path: Path, rules: RuleSet
) -> None:
    (tmp_path / "a.py").write_text("password = load(x)\n")
    scan = (
        "import sys\nsys.argv = ['keymuster', 'scan']\n"
        "from keymuster.cli import main\nfrom keymuster.collect import clean\n"
        "clean._COARSEST_CLOCK = -(10**12)\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code == 0, end.code"
    )
    slow = {"hyperscan", "hashlib", "tempfile", "pathlib", "keymuster.detect.nested"}
    _modules_after(scan, tmp_path)
    assert _modules_after(scan, tmp_path) & (slow | SLOW_OR_STRANGE) == set()


def test_the_names_of_modules_here_are_those_of_modules() -> None:
    lazy = {part for parts in WHEN_MET.values() for part in parts}
    assert [name for name in NEVER_IN_THE_HOOK | lazy if find_spec(name) is None] == []


def test_importing_the_command_line_imports_no_subcommand() -> None:
    loaded = _modules_after("import keymuster.cli")
    assert {name for name in loaded if name.startswith("keymuster.")} == {
        "keymuster.cli",
        "keymuster.cli.interrupts",
        "keymuster.errors",
    }


def _layer(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def _friends(path: Path) -> Iterator[str]:
    """The first word below `keymuster` of everything a module imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            package, _, rest = name.partition(".")
            if package == "keymuster" and rest != "__version__":
                yield rest.partition(".")[0]


def _modules_after(code: str, folder: Path = HERE) -> set[str]:
    """What a fresh interpreter imports for a piece of code."""
    around = (
        f"import sys, json\nbefore = set(sys.modules)\n{code}\n"
        "print('\\n' + json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", around],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(SOURCE.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


# --- errors ----------------------------------------------------------------------------------


def _tree(kind: type[Exception]) -> Iterator[type[Exception]]:
    for child in kind.__subclasses__():
        yield child
        yield from _tree(child)


def test_the_page_about_errors_shows_the_whole_tree() -> None:
    assert errors.__doc__ is not None
    raised = [one for one in _tree(errors.KeymusterError) if one.__module__ == "keymuster.errors"]
    assert [one.__name__ for one in raised if one.__name__ not in errors.__doc__] == []


# --- the network -----------------------------------------------------------------------------


def _surfaces(repository: Repository) -> dict[str, list[str]]:
    return {
        "worktree": ["scan", str(repository.path)],
        "staged": ["scan", "--staged", str(repository.path)],
        "history": ["scan", "--history", str(repository.path)],
        "input": ["scan", "--stdin"],
        "machine": ["scan", "--machine"],
    }


@pytest.fixture
def repository(
    make_repo: Callable[..., Repository], token: Callable[..., str], tmp_path: Path
) -> Repository:
    made = make_repo(tmp_path / "repo")
    made.git("remote", "add", "origin", "https://192.0.2.1/nowhere.git")
    made.commit({"a.py": f"k = '{token('github-pat', 1)}'\n"})
    made.stage({"b.py": f"k = '{token('github-pat', 2)}'\n"})
    (made.path / ".claude").mkdir()
    (made.path / ".claude/history.jsonl").write_text(token("github-pat", 3))
    return made


@pytest.mark.parametrize("surface", ["worktree", "staged", "history", "input", "machine"])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_no_file_scan_makes_a_socket(
    surface: str,
    jobs: str,
    repository: Repository,
    token: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a scan made a socket")

    monkeypatch.setenv("HOME", str(repository.path))
    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(work, "GUARDED", 0 if jobs == "2" else work.GUARDED)
    words = [*_surfaces(repository)[surface], "--jobs", jobs, "--format", "sarif"]
    done = CliRunner().invoke(
        cli, words, input=token("github-pat"), standalone_mode=False, catch_exceptions=False
    )
    assert done.return_value == 1


@pytest.mark.parametrize("surface", ["worktree", "staged", "history", "input", "machine"])
def test_no_file_scan_makes_a_socket_in_a_process_of_its_own(
    surface: str, repository: Repository, token: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(
        "import socket\n"
        "class Refused(socket.socket):\n"
        "    def __init__(self, *words, **more):\n"
        "        raise SystemExit(99)\n"
        "socket.socket = Refused\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "keymuster", *_surfaces(repository)[surface], "--format", "json"],
        input=token("github-pat").encode(),
        env={
            **os.environ,
            "PYTHONPATH": f"{tmp_path / 'site'}{os.pathsep}{SOURCE.parent}",
            "HOME": str(repository.path),
        },
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, b"")
    assert json.loads(done.stdout)["findings"]


def test_the_socket_trap_works(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import socket\nsocket.socket = None\n")
    done = subprocess.run(
        [sys.executable, "-c", "import socket; print(socket.socket)"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        check=True,
    )
    assert done.stdout.strip() == b"None"
