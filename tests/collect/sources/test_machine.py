"""Settings, tokens and transcripts of agents on a machine, as a source: a home of its own for each test."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

import keymuster as package
from keymuster import cache
from keymuster.collect.base import Batch, Blob, Context, Host, Selection
from keymuster.collect.clean import CleanFiles
from keymuster.collect.kept import Notes
from keymuster.collect.sources import machine
from keymuster.collect.sources.machine import Machine
from keymuster.errors import Unreadable
from keymuster.model import Storage, Trouble
from keymuster.rules.schema import RuleSet

pytestmark = pytest.mark.skipif(os.name == "nt", reason="modes, owners and links of POSIX")

System = Literal["linux", "macos", "windows"]


class Home:
    """A home, and the top of a system beside it."""

    def __init__(self, folder: Path, rules: RuleSet) -> None:
        self.path = folder / "home"
        self.top = folder / "top"
        self.path.mkdir(mode=0o755)
        self.top.mkdir()
        self._rules = rules

    def put(self, name: str, content: bytes | str = "{}", mode: int = 0o600) -> Path:
        """A file by what the report calls it."""
        path = self.path / name[2:] if name.startswith("~/") else self.top / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)
        return path

    def source(
        self, system: System = "linux", clean: CleanFiles | None = None, **selected: Any
    ) -> Machine:
        host = Host(home=str(self.path), system=system, root=str(self.top))
        selection = Selection(root=str(self.path), host=host, **selected)
        return Machine(Context(selection=selection, rules=self._rules, clean=clean))

    def read(self, system: System = "linux", **selected: Any) -> list[Blob | Trouble]:
        source = self.source(system, **selected)
        return [one for batch in source.batches() for one in _of(source, batch)]

    def paths(self, system: System = "linux", **selected: Any) -> list[str]:
        found = self.read(system, **selected)
        assert [one for one in found if isinstance(one, Trouble)] == []
        return [one.path for one in found if isinstance(one, Blob)]

    def trouble(self, **selected: Any) -> Trouble:
        """The one that there is, where nothing is read."""
        (one,) = self.read(**selected)
        assert isinstance(one, Trouble)
        return one


def _of(source: Machine, batch: Batch | Trouble) -> Iterator[Blob | Trouble]:
    if isinstance(batch, Trouble):
        yield batch
    else:
        yield from source.read(batch)


@pytest.fixture
def home(tmp_path: Path, rules: RuleSet) -> Home:
    return Home(tmp_path, rules)


# --- which files ---


def test_an_empty_home_holds_nothing(home: Home) -> None:
    assert home.read() == []


def test_a_source_without_a_machine_says_so(home: Home, rules: RuleSet) -> None:
    source = Machine(Context(selection=Selection(root=str(home.path)), rules=rules))
    with pytest.raises(Unreadable):
        list(source.batches())


def test_files_of_clients_are_read_and_no_others(home: Home) -> None:
    home.put("~/.claude.json")
    home.put("~/.claude/projects/-home-acme/sub/a.jsonl")
    home.put("~/.codex/auth.json")
    home.put("~/.ssh/id_ed25519")
    home.put("~/.claude/projects/-home-acme/a.txt")
    home.put("~/code/.mcp.json")
    home.put("~/.codex/auth.json.bak")
    found = [one for one in home.read() if isinstance(one, Blob)]
    assert {one.path: one.storage for one in found} == {
        "~/.claude.json": Storage.TREE,
        "~/.claude/projects/-home-acme/sub/a.jsonl": Storage.AGENT_TRANSCRIPT,
        "~/.codex/auth.json": Storage.AGENT_TOKENS,
    }


@pytest.mark.parametrize(
    ("system", "names"),
    [
        ("linux", ["/etc/claude-code/managed-settings.json", "~/.config/Claude/claude_desktop_config.json"]),
        (
            "macos",
            [
                "/Library/Application Support/ClaudeCode/managed-settings.json",
                "~/Library/Application Support/Claude/claude_desktop_config.json",
            ],
        ),
        (
            "windows",
            [
                "C:/ProgramData/ClaudeCode/managed-settings.json",
                "~/AppData/Roaming/Claude/claude_desktop_config.json",
            ],
        ),
    ],
)  # fmt: skip
def test_a_system_has_its_own_places(home: Home, system: System, names: list[str]) -> None:
    for every in ("linux", "macos", "windows"):
        home.put(f"~/.cursor/{every}.json")
    home.put("/etc/claude-code/managed-settings.json")
    home.put("/Library/Application Support/ClaudeCode/managed-settings.json")
    home.put("C:/ProgramData/ClaudeCode/managed-settings.json")
    home.put("~/.config/Claude/claude_desktop_config.json")
    home.put("~/Library/Application Support/Claude/claude_desktop_config.json")
    home.put("~/AppData/Roaming/Claude/claude_desktop_config.json")
    assert home.paths(system) == names


def test_every_file_of_the_table_is_found_where_it_says(home: Home, rules: RuleSet) -> None:
    systems: tuple[System, ...] = ("linux", "macos", "windows")
    for system in systems:
        names = {
            name.replace("**/", "a/b/").replace("*", "x")
            for client in rules.agents
            for file in client.files
            for name in (*(f"~/{one}" for one in file.home), *getattr(file, system))
        }
        for name in names:
            home.put(name)
        assert names <= set(home.paths(system))


def test_what_is_excluded_is_not_read(home: Home) -> None:
    home.put("~/.claude.json")
    home.put("~/.codex/history.jsonl")
    assert home.paths(exclude=("*.jsonl",)) == ["~/.claude.json"]


def test_files_are_counted(home: Home) -> None:
    home.put("~/.claude.json", "{ }")
    home.put("~/.codex/history.jsonl", "{}\n")
    source = home.source(exclude=("*.jsonl",))
    list(source.batches())
    assert source.counts() == {"files": 1, "bytes": 3, "excluded": 1}


# --- links, owners, odd files ---


def test_a_link_inside_the_home_is_followed(home: Home) -> None:
    kept = home.put("~/dotfiles/claude.json", '{"a": 1}')
    (home.path / ".claude.json").symlink_to(kept)
    (one,) = home.read()
    assert isinstance(one, Blob)
    assert (one.path, one.data) == ("~/.claude.json", b'{"a": 1}')


@pytest.mark.parametrize("linked", [".claude/settings.json", ".claude"])
def test_a_link_out_of_the_home_is_not(home: Home, tmp_path: Path, linked: str) -> None:
    outside = tmp_path / "outside"
    (outside / "projects").mkdir(parents=True)
    (outside / "settings.json").write_text("{}")
    link = home.path / linked
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(outside if linked == ".claude" else outside / "settings.json")
    found = home.read()
    assert all(isinstance(one, Trouble) and "link out of the home" in one.message for one in found)
    assert [one.scope for one in found if isinstance(one, Trouble)] == [f"~/{linked}"]


def test_no_folder_among_transcripts_is_followed(home: Home, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.jsonl").write_text("{}\n")
    home.put("~/.claude/projects/p/a.jsonl")
    (home.path / ".claude/projects/link").symlink_to(outside)
    (home.path / ".claude/projects/round").symlink_to(home.path / ".claude/projects")
    assert home.paths() == ["~/.claude/projects/p/a.jsonl"]


def test_a_home_that_is_a_link_is_the_home(home: Home, tmp_path: Path) -> None:
    home.put("~/.claude.json")
    (tmp_path / "link").symlink_to(home.path)
    home.path = tmp_path / "link"
    assert home.paths() == ["~/.claude.json"]


def test_a_folder_of_the_system_may_be_a_link(home: Home) -> None:
    """As /etc is on macOS."""
    home.put("/private/etc/codex/managed_config.toml", "")
    (home.top / "etc").symlink_to(home.top / "private/etc")
    assert home.paths("macos") == ["/etc/codex/managed_config.toml"]


def test_a_link_out_of_a_folder_of_the_system_is_not_followed(home: Home) -> None:
    (home.top / "etc/codex").mkdir(parents=True)
    (home.top / "etc/codex/config.toml").symlink_to(home.put("/var/config.toml", ""))
    assert "it was not followed" in home.trouble().message


def test_a_link_that_leads_nowhere_or_round_is_no_file(home: Home) -> None:
    (home.path / ".claude.json").symlink_to(home.path / "gone.json")
    assert home.read() == []


def test_a_named_pipe_is_not_opened(home: Home) -> None:
    os.mkfifo(home.path / ".claude.json")
    assert home.trouble().message == "is a named pipe; it was not read"


def test_a_socket_is_not_opened(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    (home.path / ".gemini/tmp").mkdir(parents=True)
    monkeypatch.chdir(home.path / ".gemini/tmp")  # its name must be short
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("ide.sock")
        assert home.trouble().message == "is a socket; it was not read"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives away")
def test_a_file_of_somebody_else_is_not_read(home: Home) -> None:
    os.chown(home.put("~/.claude/settings.json"), 12345, 12345)
    trouble = home.trouble()
    assert "belongs to another user (number 12345)" in trouble.message
    os.chown(home.path, 12345, 12345)  # somebody with rights looks at the home of another
    assert home.paths() == ["~/.claude/settings.json"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
@pytest.mark.parametrize("closed", [".claude/settings.json", ".claude"])
def test_what_may_not_be_read_is_a_trouble_once(home: Home, closed: str) -> None:
    home.put("~/.claude/settings.json")
    (home.path / closed).chmod(0)
    trouble = home.trouble()
    (home.path / closed).chmod(0o700)
    assert (trouble.scope, "Permission denied" in trouble.message) == (f"~/{closed}", True)


def test_a_file_past_the_limit_is_a_trouble(home: Home) -> None:
    home.put("~/.codex/history.jsonl", "x" * 11)
    assert "more than the limit of 10" in home.trouble(max_file_bytes=10).message


def test_a_file_that_another_took_the_place_of_is_not_read(home: Home) -> None:
    path = home.put("~/.claude.json")
    source = home.source()
    (batch,) = source.batches()
    assert isinstance(batch, Batch)
    path.rename(home.path / "old.json")
    home.put("~/.claude.json")
    (one,) = source.read(batch)
    assert isinstance(one, Trouble)
    assert "was replaced" in one.message


def test_a_file_that_is_gone_meanwhile_is_a_trouble(home: Home) -> None:
    path = home.put("~/.claude.json")
    source = home.source()
    (batch,) = source.batches()
    assert isinstance(batch, Batch)
    path.unlink()
    (one,) = source.read(batch)
    assert isinstance(one, Trouble)
    assert "could not be read" in one.message


# --- who may read ---


@pytest.mark.parametrize(
    ("folder", "file", "seen"),
    [(0o755, 0o644, 0o604), (0o755, 0o600, 0o600), (0o700, 0o644, 0o600), (0o711, 0o604, 0o604)],
)
def test_who_may_read_a_file_is_said_by_its_folders_too(
    home: Home, folder: int, file: int, seen: int
) -> None:
    path = home.put("~/.codex/auth.json", mode=file)
    path.parent.chmod(folder)
    (one,) = home.read()
    assert isinstance(one, Blob)
    assert one.mode is not None
    own_group = path.stat().st_gid == path.stat().st_uid
    assert one.mode & (0o707 if own_group else 0o777) == seen & (one.mode | 0o707)


def test_of_transcripts_nobody_asks(home: Home) -> None:
    home.put("~/.codex/history.jsonl")
    (one,) = home.read()
    assert isinstance(one, Blob)
    assert one.mode is None


# --- transcripts ---


def test_a_large_transcript_comes_in_pieces(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_PIECE", 512 * 1024)
    line = b'{"text": "%s"}\n' % (b"x" * 984)
    home.put("~/.codex/history.jsonl", line * 3000)
    found = [one for one in home.read() if isinstance(one, Blob)]
    assert len(found) > 3
    assert max(len(one.data) for one in found) <= 2 * 512 * 1024
    own = b"".join(one.data[one.core[0] : one.core[1]] for one in found if one.core)
    assert own == line * 3000


def test_what_an_agent_writes_meanwhile_waits(home: Home) -> None:
    path = home.put("~/.codex/history.jsonl", "{}\n")
    source = home.source()
    (batch,) = source.batches()
    assert isinstance(batch, Batch)
    reading = source.read(batch)
    with path.open("a") as file:
        file.write("{}\n")
    (one,) = reading
    assert isinstance(one, Blob)


def test_a_transcript_in_which_nothing_was_seen_is_not_read_again(home: Home) -> None:
    path = home.put("~/.codex/history.jsonl", "{}\n")
    home.put("~/.claude.json")
    clean = CleanFiles(lambda: f"clean-{home.path.name}.bin", path.stat().st_ctime_ns + 10**12)
    source = home.source(clean=clean)
    (batch,) = source.batches()
    assert isinstance(batch, Batch)
    read = [one for one in source.read(batch) if isinstance(one, Blob)]
    clean.note(Notes(unseen=[digest for one in read for digest in one.digests]))
    clean.save()
    again = CleanFiles(lambda: clean.name, 0)
    assert cache.read(clean.name)
    (batch,) = home.source(clean=again).batches()
    assert isinstance(batch, Batch)
    assert [one.called for one in batch.items] == ["~/.claude.json"]


# --- a whole scan ---

_WATCHED = """
import json, os, sys
opened = []
def hook(event, args):
    if event in ("open", "os.listdir", "os.scandir") and isinstance(args[0], (str, bytes)):
        opened.append(os.path.abspath(os.fsdecode(args[0])))
    elif event.split(".")[0] in ("socket", "subprocess") or event in ("os.exec", "os.posix_spawn", "os.system"):
        opened.append(event)
from keymuster import pipeline
from keymuster.collect.base import Context, Host, Selection
from keymuster.collect.sources.machine import Machine
from keymuster import registry
registry.builtin("reader")
rules = pipeline.load_rules()
home, top = sys.argv[1:]
selection = Selection(root=home, host=Host(home=home, system="linux", root=top))
pipeline.scan(Context(selection=selection, rules=rules), "machine")  # loads what it needs
sys.addaudithook(hook)
report = pipeline.scan(Context(selection=selection, rules=rules), "machine")
found = list(opened)
print(json.dumps([found, sorted(one.rule for one in report.findings)]))
"""


def test_nothing_outside_is_opened_and_nothing_started(
    home: Home, tmp_path: Path, token: Callable[..., str]
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.jsonl").write_text(token("github-pat", "outside"))
    marker = tmp_path / "started"
    started = {"command": "touch", "args": [str(marker)], "envFile": str(outside / "a.jsonl")}
    hook = {"PreToolUse": [{"hooks": [{"type": "command", "command": f"touch {marker}"}]}]}
    home.put("~/.claude.json", json.dumps({"mcpServers": {"evil": started}}))
    home.put(
        "~/.claude/settings.json", json.dumps({"hooks": hook, "apiKeyHelper": f"touch {marker}"})
    )
    home.put("~/.claude/projects/p/a.jsonl", json.dumps({"said": token("github-pat", "inside")}))
    (home.path / ".claude/projects/p/b.jsonl").symlink_to(outside / "a.jsonl")
    (home.path / ".codex").symlink_to(outside)
    home.put("/etc/claude-code/managed-mcp.json", json.dumps({"mcpServers": {"evil": started}}))
    done = subprocess.run(
        [sys.executable, "-c", _WATCHED, str(home.path), str(home.top)],
        env={**os.environ, "PYTHONPATH": str(Path(package.__file__).parents[1])},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    opened, found = json.loads(done.stdout.splitlines()[-1])
    assert "secret-in-agent-transcript/github-pat" in found
    assert str(home.path / ".claude/projects/p/a.jsonl") in opened
    assert str(home.top / "etc/claude-code/managed-mcp.json") in opened
    allowed = (str(home.path), str(home.top / "etc"))
    own = (
        str(Path(package.__file__).parents[2]),
        sys.prefix,
        sys.base_prefix,
        os.environ["KEYMUSTER_CACHE"],
    )
    own += ("/proc/cpuinfo",)  # which machine code may run
    strange = [one for one in opened if not one.startswith((*allowed, *own))]
    assert strange == []
    assert not marker.exists()
