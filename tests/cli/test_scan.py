"""From options to a report and an exit code."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

import keymuster as package
from cli.conftest import PASSWORD, Said, end_the_source_with
from keymuster import pipeline, registry, work
from keymuster.cli.output import replacing
from keymuster.collect.base import Blob
from keymuster.collect.readers.secrets import Secrets
from keymuster.collect.sources.worktree import Worktree
from keymuster.detect import examples
from keymuster.errors import ReportError, Unreadable
from repositories import Repository

Run = Callable[..., Said]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(package.__file__).parents[1])}


def _rules_found(said: Said) -> list[str]:
    return [finding["rule"] for finding in json.loads(said.out)["findings"]]


# --- what it took ---


def test_a_profile_is_on_standard_error(keymuster: Run, secret: Path) -> None:
    plain, said = keymuster("scan"), keymuster("scan", "--no-cache", "--profile")
    assert (said.code, said.out) == (plain.code, plain.out)
    words = {line.split("  ")[0] for line in said.err.splitlines()}
    assert {"stage", "start-up", "total", "bytes read", "bytes searched"} <= words


# --- exit codes --------------------------------------------------------------------------------


def test_nothing_found_is_0(keymuster: Run, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    said = keymuster("scan")
    assert (said.code, said.out, said.err) == (0, "0 findings; 1 file scanned\n", "")


def test_something_found_is_1(keymuster: Run, secret: Path) -> None:
    assert keymuster("scan").code == 1


@pytest.mark.parametrize(
    ("severity", "failing"),
    [
        ("critical", {"critical", "high", "medium", "low"}),
        ("high", {"high", "medium", "low"}),
        ("medium", {"medium", "low"}),
        ("low", {"low"}),
        ("info", set()),
    ],
)
def test_fail_on_is_the_mildest_severity_that_fails(
    severity: str, failing: set[str], keymuster: Run, secret: Path, tmp_path: Path
) -> None:
    rules = _own_rules(tmp_path, severity)
    for fail_on in ("critical", "high", "medium", "low", "never"):
        said = keymuster("scan", "code", "--rules", rules, "--rule", "own", "--fail-on", fail_on)
        assert said.code == int(fail_on in failing), fail_on


def test_the_default_is_medium(keymuster: Run, secret: Path, tmp_path: Path) -> None:
    for severity, code in (("medium", 1), ("low", 0)):
        rules = _own_rules(tmp_path, severity)
        assert keymuster("scan", "code", "--rules", rules, "--rule", "own").code == code


@pytest.fixture
def tiers(keymuster: Run, tmp_path: Path) -> Callable[..., Said]:
    """A scan of three keys, one of each confidence; the words go to the command."""
    rules = tmp_path / "rules/tokens"
    rules.mkdir(parents=True)
    (rules / "tiers.yaml").write_text(TIERS)
    for tier in ("low", "medium", "high"):
        (tmp_path / f"{tier}.txt").write_text(f"{tier}_" + "k7Q2x9Wb4Tz8Rn3Vc6Ym" + "\n")

    def run(*words: str) -> Said:
        return keymuster(
            "scan", "--rules", "rules", "--exclude", "rules", "--format", "json", *words
        )

    return run


TIERS = "vendor: tier\nname: Tiers\nformats:\n" + "".join(
    f"  - {{id: tier-{tier}, name: A key, kind: api_key, shape: '{tier}_{{base62:20}}', confidence: {tier},\n"
    "     revoke: Ask Bob., examples: ['{token}'], counter_examples: ['{short}']}\n"
    for tier in ("low", "medium", "high")
)


@pytest.mark.parametrize(
    ("words", "reported"),
    [
        ((), {"medium", "high"}),
        (("--confidence", "high"), {"high"}),
        (("--confidence", "medium"), {"medium", "high"}),
        (("--confidence", "low"), {"low", "medium", "high"}),
        (("--confidence", "high", "--fail-confidence", "low"), {"high"}),
    ],
)
def test_what_is_less_sure_is_left_out(
    words: tuple[str, ...], reported: set[str], tiers: Callable[..., Said]
) -> None:
    report = json.loads(tiers(*words).out)
    assert {one["confidence"] for one in report["findings"]} == reported
    assert {one["rule"].rpartition("-")[2] for one in report["findings"]} == reported


@pytest.mark.parametrize(
    ("words", "skipped", "code"),
    [
        ((), (), 1),
        ((), ("high",), 0),
        (("--fail-confidence", "medium"), ("high",), 1),
        (("--fail-confidence", "medium"), ("high", "medium"), 0),
        (("--fail-confidence", "low"), ("high", "medium"), 0),
        (("--fail-confidence", "low", "--confidence", "low"), ("high", "medium"), 1),
        (("--fail-confidence", "medium", "--confidence", "low"), ("high", "medium"), 0),
        (("--fail-confidence", "low", "--fail-on", "critical"), (), 0),
        (("--fail-confidence", "high", "--fail-on", "never"), (), 0),
    ],
)
def test_a_failure_is_both_grave_and_sure(
    words: tuple[str, ...], skipped: tuple[str, ...], code: int, tiers: Callable[..., Said]
) -> None:
    skips = [word for tier in skipped for word in ("--skip-rule", f"tier-{tier}")]
    assert tiers(*words, *skips).code == code


def test_the_tiers_may_be_settings_and_the_command_line_wins(
    tiers: Callable[..., Said], tmp_path: Path
) -> None:
    (tmp_path / ".keymuster.yaml").write_text("confidence: high\nfail_confidence: low\n")
    words = ("--skip-rule", "tier-high")
    assert tiers(*words).code == 0
    assert tiers(*words, "--confidence", "medium").code == 1
    assert tiers(*words, "--confidence", "medium", "--fail-confidence", "high").code == 0


def test_an_encrypted_key_is_named_to_who_asks_for_the_unsure(
    keymuster: Run, tmp_path: Path
) -> None:
    key = "{-----}BEGIN ENCRYPTED PRIVATE KEY{-----}\nMIIE{base64:60}\n{base64:64}\n{-----}END ENCRYPTED PRIVATE KEY{-----}\n"
    (tmp_path / "server.key").write_text(examples.expand(key, None, {}))
    assert json.loads(keymuster("scan", "--format", "json").out)["findings"] == []
    words = ("--confidence", "low", "--fail-on", "low", "--fail-confidence", "low")
    said = keymuster("scan", "--format", "json", *words)
    [finding] = json.loads(said.out)["findings"]
    assert (finding["policy"], finding["severity"], finding["confidence"], said.code) == (
        "encrypted-private-key", "low", "low", 1,
    )  # fmt: skip


def test_a_value_without_a_format_says_how_likely_it_is(keymuster: Run, tmp_path: Path) -> None:
    (tmp_path / "deploy.env").write_text(f"db_password = '{PASSWORD}'\n")
    said = keymuster("scan", "--format", "json")
    [finding] = json.loads(said.out)["findings"]
    assert (finding["rule"], finding["severity"], finding["confidence"]) == (
        "generic-secret/generic-assignment", "medium", "high",
    )  # fmt: skip
    assert 0.5 < float(finding["evidence"]["likelihood"]) <= 1
    assert said.code == 1


def test_an_accepted_finding_does_not_fail(
    keymuster: Run, tmp_path: Path, token: Callable[..., str]
) -> None:
    allow = "key" + "muster: allow[secret-in-tree] until=2999-01-01 reason=made for a test"
    (tmp_path / "a.py").write_text(f"k = '{token('github-pat')}'  # {allow}\n")
    said = keymuster("scan")
    assert (said.code, "1 accepted" in said.out) == (0, True)


def test_what_was_not_seen_is_3_if_strict(keymuster: Run, tmp_path: Path) -> None:
    (tmp_path / "large.bin").write_bytes(b"x" * 2000)
    assert keymuster("scan", "--max-file-size", "1KB").code == 0
    said = keymuster("scan", "--max-file-size", "1KB", "--strict")
    assert said.code == 3
    assert "large.bin: is 2,000 bytes, more than the limit of 1,024" in said.out


def test_findings_count_more_than_what_was_not_seen(
    keymuster: Run, secret: Path, tmp_path: Path
) -> None:
    (tmp_path / "large.bin").write_bytes(b"x" * 2000)
    assert keymuster("scan", "--max-file-size", "1KB", "--strict").code == 1


def test_an_interrupted_scan_keeps_what_it_found_and_is_3(
    keymuster: Run, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_the_source_with(KeyboardInterrupt(), monkeypatch)
    said = keymuster("scan", "--format", "json", "--jobs", "1")
    report = json.loads(said.out)
    assert (said.code, report["complete"], len(report["findings"])) == (3, False, 1)


def test_an_interrupted_scan_says_so_in_text_and_sarif(
    keymuster: Run, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_the_source_with(KeyboardInterrupt(), monkeypatch)
    assert "was interrupted; only a part was scanned" in keymuster("scan", "--jobs", "1").out
    [run] = json.loads(keymuster("scan", "--jobs", "1", "--format", "sarif").out)["runs"]
    [invocation] = run["invocations"]
    assert invocation["executionSuccessful"] is False


def test_a_source_that_fails_halfway_is_3(
    keymuster: Run, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_the_source_with(Unreadable("git died", "Run git fsck."), monkeypatch)
    said = keymuster("scan", "--format", "json", "--jobs", "1")
    report = json.loads(said.out)
    assert (said.code, report["complete"]) == (3, False)
    assert report["troubles"][0]["message"] == "git died"


def test_a_source_that_fails_at_once_is_2(
    keymuster: Run, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Worktree) -> NoReturn:
        raise Unreadable("git died", "Run git fsck.")

    monkeypatch.setattr(Worktree, "batches", fail)
    said = keymuster("scan")
    assert (said.code, said.out, said.err) == (2, "", "keymuster: git died\nRun git fsck.\n")


def test_an_interrupt_before_the_scan_is_3(keymuster: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "load_rules", interrupt)
    said = keymuster("scan")
    assert (said.code, said.out) == (3, "")
    assert "interrupted" in said.err


@pytest.mark.parametrize("format", registry.names("reporter"))
@pytest.mark.parametrize(("fail_on", "code"), [("low", 1), ("critical", 0)])
def test_the_format_does_not_change_the_exit_code(
    format: str, fail_on: str, code: int, keymuster: Run, secret: Path
) -> None:
    assert keymuster("scan", "--format", format, "--fail-on", fail_on).code == code
    said = keymuster("scan", "-o", f"{format}=out", "--fail-on", fail_on, "--quiet")
    assert said.code == code


# --- mistakes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["scna"], "Did you mean 'scan'?"),
        (["scan", "--formt", "json"], "'--format'"),
        (["scan", "--format", "sarfi"], "no format is called `sarfi`\nDid you mean `sarif`?"),
        (["scan", "--format", "xyzzy"], f"Formats: {', '.join(registry.names('reporter'))}."),
        (["scan", "-o", "sarfi=out"], "no format is called `sarfi`"),
        (["scan", "-o", "sarif"], "-o sarif: not FORMAT=FILE"),
        (["scan", "-o", "sarif="], "-o sarif=: not FORMAT=FILE"),
        (["scan", "--fail-on", "hgih"], "'critical', 'high', 'medium', 'low', 'never'"),
        (["scan", "--confidence", "sure"], "'low', 'medium', 'high'"),
        (["scan", "--fail-confidence", "info"], "'low', 'medium', 'high'"),
        (["scan", "--container-depth", "21"], "--container-depth"),
        (["scan", "--no-containers", "--container-depth", "2"], "exclude each other"),
        (["scan", "--rule", "secret-in-tre"], "Did you mean `secret-in-tree`?"),
        (["scan", "--rule", "github-pta"], "Did you mean `github-pat`?"),
        (["scan", "--skip-rule", "xyzzy-*"], "no rule is called `xyzzy-*`"),
        (["scan", "--rule", "NHI-11"], "no rule is called `NHI-11`"),
        (["scan", "--max-file-size", "10XB"], "--max-file-size: `10XB` is not a size"),
        (["scan", "--max-file-size", "0"], "--max-file-size: `0` is not a size"),
        (["scan", "--max-file-size=-5"], "--max-file-size: `-5` is not a size"),
        (["scan", "--max-file-size", "1.5MB"], "is not a size"),
        (["scan", "--jobs", "-1"], "--jobs"),
        (["scan", "--jobs", "many"], "'many' is not a valid integer range"),
        (["scan", "nowhere"], "there is no "),
        (["scan", ".", "nowhere/else"], "nowhere/else\nGive files or folders that exist."),
        (["scan", "--rules", "nowhere"], "nowhere is not a folder of rules"),
        (["scan", "--config", "nowhere.yaml"], "nowhere.yaml: cannot be read: No such file"),
        (["scan", "--staged"], "is not in a git repository"),
        (["scan", "--history"], "is not in a git repository"),
        (["scan", "--staged", "--history"], "--staged, --history, --stdin and --machine exclude"),
        (["scan", "--stdin", "--staged"], "--staged, --history, --stdin and --machine exclude"),
        (["scan", "--machine", "--history"], "--staged, --history, --stdin and --machine exclude"),
        (["scan", "--stdin", "."], "--stdin takes no paths"),
        (["scan", "--machine", "."], "--machine takes no paths"),
        (["agents", "check", "--machine", "."], "--machine takes no paths"),
        (["scan", "--machine", "--since", "v1"], "--since needs --history"),
        (["scan", "--since", "v1"], "--since needs --history"),
        (["scan", "--range", "a..b"], "--range needs --history"),
        (["scan", "--pushed"], "--pushed needs --history"),
        (["scan", "--unreachable", "--staged"], "--unreachable needs --history"),
        (["scan", "--history", "--since", "a", "--range", "a..b"], "exclude each other"),
        (["scan", "--history", "--since", "a", "--pushed"], "exclude each other"),
        (["scan", "--history", "--range", "a..b", "--pushed"], "exclude each other"),
    ],
)  # fmt: skip
def test_a_mistake_is_a_sentence_and_2(words: list[str], said: str, keymuster: Run) -> None:
    answer = keymuster(*words)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


def test_two_repositories_have_no_one_history(
    keymuster: Run, make_repo: Callable[..., Repository], tmp_path: Path
) -> None:
    one, other = make_repo(tmp_path / "one"), make_repo(tmp_path / "other")
    said = keymuster("scan", "--history", one.path, other.path)
    assert (said.code, "--history takes one repository" in said.err) == (2, True)


def test_a_folder_that_is_gone_is_a_sentence(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(
        ["sh", "-c", f'rmdir "$PWD"; exec "{sys.executable}" -m keymuster scan'],
        cwd=gone, env=ENVIRONMENT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "keymuster: No such file or directory\n"


# --- outputs -----------------------------------------------------------------------------------


def test_one_scan_writes_many_reports(keymuster: Run, secret: Path, tmp_path: Path) -> None:
    said = keymuster("scan", "-o", "sarif=a.sarif", "-o", "json=b.json", "-o", "text=c.txt")
    assert said.code == 1
    assert json.loads((tmp_path / "a.sarif").read_text())["version"] == "2.1.0"
    assert json.loads((tmp_path / "b.json").read_text())["version"] == 1
    assert (tmp_path / "c.txt").read_text() == said.out
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a.sarif", "b.json", "c.txt", "code",
    ]  # fmt: skip


def test_a_page_has_who_there_is_and_nobody_else_pays_for_that(
    keymuster: Run, secret: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "code" / "main.tf").write_text('resource "aws_iam_user" "ci" {\n  name = "ci"\n}\n')
    assert keymuster("scan", "-o", "html=out.html").code == 1
    text = (tmp_path / "out.html").read_text()
    data = json.loads(text.partition('id="data">')[2].partition("</script>")[0])
    assert [one["name"] for one in data["roll"]["identities"]] == ["ci"]
    assert data["findings"]
    rolls: list[object] = []
    monkeypatch.setattr(pipeline, "_roll", lambda *words: rolls.append(words))
    keymuster("scan", "-o", "json=b.json", "-o", "sarif=c.sarif", "-o", "junit=d.xml")
    assert rolls == []


def test_a_report_has_the_permissions_of_an_ordinary_file(
    keymuster: Run, secret: Path, tmp_path: Path
) -> None:
    before = os.umask(0o022)
    try:
        keymuster("scan", "-o", "json=out.json")
    finally:
        os.umask(before)
    assert (tmp_path / "out.json").stat().st_mode & 0o777 == 0o644


def test_a_report_goes_through_a_link(keymuster: Run, secret: Path, tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to("real.json")
    keymuster("scan", "-o", "json=link.json")
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "real.json").read_text())["version"] == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("format", registry.names("reporter"))
def test_a_full_disk_is_2_and_the_other_reports_are_written(
    format: str, keymuster: Run, secret: Path, tmp_path: Path
) -> None:
    said = keymuster("scan", "-o", f"{format}=/dev/full", "-o", "json=out.json")
    assert said.code == 2
    assert "/dev/full could not be written: No space left on device" in said.err
    assert "github-pat" in said.out
    assert (tmp_path / "out.json").exists()


def test_a_report_that_cannot_be_written_whole_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "out.json").write_text("old")

    def fill_up() -> None:
        with replacing(str(tmp_path / "out.json")) as out:
            out.write("new")
            out.flush()
            raise OSError(28, "No space left on device")

    with pytest.raises(ReportError, match="No space left"):
        fill_up()
    assert (tmp_path / "out.json").read_text() == "old"
    assert os.listdir(tmp_path) == ["out.json"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None or subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)], capture_output=True, check=False
    ).returncode:  # fmt: skip
        pytest.skip("no right to mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_fills_up_leaves_the_old_report(
    small_disk: Path, keymuster: Run, secret: Path
) -> None:
    (small_disk / "out.sarif").write_text("old")
    (small_disk / "ballast").write_bytes(b"x" * 8192)
    said = keymuster("scan", "code", "-o", f"sarif={small_disk}/out.sarif")
    assert said.code == 2
    assert "out.sarif could not be written: No space left on device" in said.err
    assert (small_disk / "out.sarif").read_text() == "old"
    assert sorted(os.listdir(small_disk)) == ["ballast", "out.sarif"]


@pytest.mark.parametrize("target", ["missing/out.json", "code/leak.py/out.json"])
def test_a_folder_that_does_not_exist_is_2_before_anything_is_scanned(
    target: str, keymuster: Run, secret: Path
) -> None:
    said = keymuster("scan", "-o", f"json={target}")
    assert said.code == 2
    assert f"{target} could not be written: its folder does not exist" in said.err
    assert said.out == ""


def test_a_place_where_nothing_can_be_written_is_2_and_the_findings_are_shown(
    keymuster: Run, secret: Path
) -> None:
    said = keymuster("scan", "-o", "json=code")
    assert said.code == 2
    assert "code could not be written: " in said.err
    assert "1 finding" in said.out


@pytest.mark.parametrize(
    "words",
    [
        ("--history", "--since", ""),
        ("--history", "--range", ""),
        ("--history", "--range", ".."),
        ("--history", "--range", "HEAD.."),
        ("--history", "--range", "--all"),
        ("--since", "HEAD"),
    ],
)
def test_an_empty_or_half_range_is_refused_not_taken_for_nothing(
    words: tuple[str, ...], keymuster: Run, secret: Path
) -> None:
    assert keymuster("scan", *words).code == 2


def _piped(words: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    script = f'"{sys.executable}" -m keymuster {words}; echo "exit $?" >&2'
    return subprocess.run(
        ["sh", "-c", script],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_standard_output_is_2(tmp_path: Path, secret: Path) -> None:
    assert _piped("scan > /dev/full", tmp_path).stderr == (
        "keymuster: standard output could not be written: No space left on device\n"
        "Write the report to a file instead: -o FORMAT=FILE\nexit 2\n"
    )
    assert _piped("rules list > /dev/full", tmp_path).stderr == (
        "keymuster: No space left on device\nexit 2\n"
    )


def test_a_closed_standard_output_is_2(tmp_path: Path, secret: Path) -> None:
    said = _piped("scan >&-", tmp_path).stderr
    assert said.startswith("keymuster: standard output is closed\n")
    assert said.endswith("exit 2\n")


@pytest.mark.parametrize(
    ("words", "code"), [("scan --format json", 1), ("scan --fail-on never", 0), ("rules list", 0)]
)
def test_a_reader_that_leaves_early_changes_nothing(
    words: str, code: int, tmp_path: Path, secret: Path
) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "keymuster", *words.split()],
        cwd=tmp_path, env=ENVIRONMENT, stdout=write, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    os.close(write)
    assert (done.returncode, done.stderr) == (code, b"")


def test_head_gets_its_line(tmp_path: Path, secret: Path) -> None:
    done = _piped("scan --format sarif | head -1", tmp_path)
    assert (done.stdout, done.stderr) == ("{\n", "exit 0\n")


def test_quiet_says_nothing_when_there_is_nothing_to_say(
    keymuster: Run, secret: Path, tmp_path: Path
) -> None:
    (tmp_path / "clean").mkdir()
    assert keymuster("scan", "clean", "--quiet") == Said(0, "", "")
    assert "1 finding" in keymuster("scan", "code", "--quiet").out
    (tmp_path / "clean/large").write_bytes(b"x" * 2000)
    assert "Not seen" in keymuster("scan", "clean", "--quiet", "--max-file-size", "1k").out


def test_v_shows_what_is_accepted_and_vv_what_was_done(
    keymuster: Run, tmp_path: Path, token: Callable[..., str]
) -> None:
    (tmp_path / "a.py").write_text(f"k = '{token('stripe-secret-key')}'\n")
    (tmp_path / "readme").write_text("aws_access_key_id = AKIA" + "Q2" * 4 + "QEXAMPLE\n")
    assert "readme" not in keymuster("scan").out
    assert "test-or-sample-secret" in keymuster("scan", "-v").out
    assert re.match(r"keymuster: worktree: /\S+; settings: defaults; \d+ formats\n$",
                    keymuster("scan", "-vv").err)  # fmt: skip


def test_colour_is_for_terminals(keymuster: Run, secret: Path) -> None:
    assert "\x1b" not in keymuster("scan").out


# --- what is scanned ---------------------------------------------------------------------------


def test_several_paths_are_scanned_once_each(keymuster: Run, secret: Path, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    shutil.copy(secret, tmp_path / "more/copy.py")
    (tmp_path / "other.py").write_text(secret.read_text())
    said = keymuster("scan", "code", "more/copy.py", "code/leak.py", "--format", "json")
    [finding] = json.loads(said.out)["findings"]
    assert [place["path"] for place in finding["places"]] == ["code/leak.py", "more/copy.py"]


def test_standard_input_is_a_file_of_its_own(keymuster: Run, secret: Path) -> None:
    said = keymuster("scan", "--stdin", "--format", "json", input="\n" + secret.read_text())
    [finding] = json.loads(said.out)["findings"]
    assert (finding["places"][0]["path"], finding["places"][0]["line"]) == ("<stdin>", 2)


def test_exclude_leaves_paths_out(keymuster: Run, secret: Path, tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text(secret.read_text())
    said = keymuster("scan", "--exclude", "code/", "--exclude", "*.txt", "--format", "json")
    [finding] = json.loads(said.out)["findings"]
    assert [place["path"] for place in finding["places"]] == ["other.py"]


@pytest.mark.parametrize(
    ("size", "seen"),
    [
        ("999", False),
        ("1000", True),
        ("1k", True),
        ("1KB", True),
        ("1 MB", True),
        ("2g", True),
        ("100B", False),
    ],
)
def test_larger_files_are_not_read_and_reported(
    size: str, seen: bool, keymuster: Run, tmp_path: Path, token: Callable[..., str]
) -> None:
    (tmp_path / "a.txt").write_text(token("github-pat").ljust(1000))
    said = keymuster("scan", "--max-file-size", size)
    assert ("github-pat" in said.out, "Not seen" in said.out) == (seen, not seen)


def test_a_staged_change_is_found_and_then_the_commit_is_clean(
    keymuster: Run, make_repo: Callable[..., Repository], tmp_path: Path, token: Callable[..., str]
) -> None:
    repository = make_repo(tmp_path / "repo")
    repository.stage({"a.py": f"k = '{token('github-pat')}'\n"})
    said = keymuster("scan", "--staged", "--format", "json", cwd=repository.path)
    assert (said.code, _rules_found(said)) == (1, ["secret-in-staged-change/github-pat"])
    repository.commit()
    assert keymuster("scan", "--staged", "--quiet", cwd=repository.path) == Said(0, "", "")
    said = keymuster("scan", "--history", "--format", "json", cwd=repository.path)
    assert _rules_found(said) == ["secret-in-tree/github-pat"]


def test_a_push_of_a_new_branch_scans_what_no_remote_has(
    keymuster: Run, make_repo: Callable[..., Repository], tmp_path: Path, token: Callable[..., str]
) -> None:
    repository = make_repo(tmp_path / "repo")
    first = repository.commit({"a.py": f"k = '{token('github-pat', 1)}'\n"})
    repository.git("update-ref", "refs/remotes/origin/main", first)
    words = ["scan", "--history", "--pushed"]
    assert keymuster(*words, "--quiet", cwd=repository.path) == Said(0, "", "")
    repository.commit({"b.py": f"k = '{token('github-pat', 2)}'\n"})
    said = keymuster(*words, "--format", "json", cwd=repository.path)
    [finding] = json.loads(said.out)["findings"]
    assert [place["path"] for place in finding["places"]] == ["b.py"]


def test_a_push_scans_the_commits_that_pre_commit_names(
    keymuster: Run, make_repo: Callable[..., Repository], tmp_path: Path,
    token: Callable[..., str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    repository = make_repo(tmp_path / "repo")
    commits = [
        repository.commit({f"{n}.py": f"k = '{token('github-pat', n)}'\n"}) for n in range(3)
    ]
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", commits[0])
    monkeypatch.setenv("PRE_COMMIT_TO_REF", commits[1])
    said = keymuster("scan", "--history", "--pushed", "--format", "json", cwd=repository.path)
    [finding] = json.loads(said.out)["findings"]
    assert [place["path"] for place in finding["places"]] == ["1.py"]


@pytest.mark.parametrize("flag", ["--range=--output=out", "--since=--output=out", "--range=a..b"])
def test_a_range_that_is_none_is_2_and_no_option_of_git(
    flag: str, keymuster: Run, make_repo: Callable[..., Repository], tmp_path: Path
) -> None:
    repository = make_repo(tmp_path / "repo")
    repository.commit({"a.py": "x"})
    said = keymuster("scan", "--history", flag, cwd=repository.path)
    assert (said.code, said.out) == (2, "")
    assert sorted(path.name for path in repository.path.iterdir()) == [".git", "a.py"]


def test_many_processes_find_what_one_finds(
    keymuster: Run, tmp_path: Path, token: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(30):
        (tmp_path / f"{n}.py").write_text(f"k = '{token('github-pat', n)}'\n")
    one = keymuster("scan", "--jobs", "1", "--format", "text").out
    monkeypatch.setattr(work, "GUARDED", 0)
    assert keymuster("scan", "--jobs", "2", "--format", "text").out == one


# --- which rules -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--rule", "secret-in-tree"], True),
        (["--rule", "secret-*"], True),
        (["--rule", "github-pat"], True),
        (["--rule", "github-*"], True),
        (["--rule", "secret-in-tree/github-pat"], True),
        (["--rule", "NHI2"], True),
        (["--rule", "NHI-02"], True),
        (["--rule", "nhi2:2025"], True),
        (["--rule", "gitlab-pat"], False),
        (["--rule", "secret-in-tree/gitlab-*"], False),
        (["--skip-rule", "secret-in-tree"], False),
        (["--skip-rule", "github-pat"], False),
        (["--skip-rule", "secret-in-tree/github-pat"], False),
        (["--skip-rule", "NHI-02"], False),
        (["--skip-rule", "gitlab-*"], True),
        (["--rule", "github-*", "--skip-rule", "github-pat"], False),
        (["--rule", "gitlab-pat", "--rule", "github-pat"], True),
    ],
)
def test_globs_choose_rules(words: list[str], found: bool, keymuster: Run, secret: Path) -> None:
    said = keymuster("scan", "--format", "json", *words)
    assert _rules_found(said) == (["secret-in-tree/github-pat"] if found else [])


POLICY = """\
id: own
title: Own
kind: generic-secret
nhi: [NHI-02]
severity: {severity}
confidence: high
applies_to: credential
when: {when}
message: "{{name}} {{preview}}"
why: Because.
remediation: Do it.
cases:
  - {{name: a, path: a, text: "k = {{token:github-pat}}", expect: finding}}
  - {{name: b, path: b, text: nothing, expect: nothing}}
"""
TOKENS = """\
vendor: acme
name: Acme
formats:
  - id: acme-key
    name: Acme key
    kind: api_key
    shape: acme_{base62:32}
    revoke: Ask Bob.
    examples: ["{token}"]
    counter_examples: ["{short}"]
"""


def _own_rules(
    tmp_path: Path, severity: str = "high", when: str = "credential.format == 'github-pat'"
) -> Path:
    folder = tmp_path / "rules/policies/own"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "own.yaml").write_text(POLICY.format(severity=severity, when=when))
    return tmp_path / "rules"


def test_own_policies_and_formats_join_the_shipped_ones(
    keymuster: Run, secret: Path, tmp_path: Path
) -> None:
    folder = _own_rules(tmp_path, when="credential.vendor == 'acme'")
    (folder / "tokens").mkdir()
    (folder / "tokens/acme.yaml").write_text(TOKENS)
    made = "acme_" + "aB3dE6gH" * 3 + "kL9mN2pQ"
    (tmp_path / "code/own.py").write_text(f"k = '{made}'\n")
    said = keymuster("scan", "code", "--rules", "rules", "--format", "json")
    findings = json.loads(said.out)["findings"]
    also = {one["rule"]: one.get("evidence", {}).get("also_found") for one in findings}
    assert also == {"own/acme-key": "secret-in-tree/acme-key", "secret-in-tree/github-pat": None}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("severity: high", "severity: urgent", "severity"),
        ("title: Own", "titel: Own", "unknown field `titel`"),
        ("credential.format", "credential.fromat", "no field `fromat` on credential; did you mean `format`?"),
        ("{preview}", "{preveiw}", "`{preveiw}` is not a plain field of credential; did you mean `preview`?"),
        ("generic-secret", "generic-secrte", "did you mean `generic-secret`?"),
        ("id: own", "id: Own Rule", "is not lower-case words"),
        ("title: Own", "title: [", "own.yaml"),
    ],
)  # fmt: skip
def test_a_rule_with_a_mistake_is_2(
    old: str, new: str, said: str, keymuster: Run, secret: Path, tmp_path: Path
) -> None:
    path = _own_rules(tmp_path) / "policies/own/own.yaml"
    path.write_text(path.read_text().replace(old, new))
    answer = keymuster("scan", "code", "--rules", "rules")
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


# --- settings ----------------------------------------------------------------------------------


def _set(folder: Path, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".keymuster.yaml").write_text(text)


def test_the_nearest_settings_upward_hold(keymuster: Run, secret: Path, tmp_path: Path) -> None:
    _set(tmp_path, "fail_on: never\n")
    assert keymuster("scan", "code").code == 0
    _set(tmp_path / "code", "fail_on: low\n")
    assert keymuster("scan", "code").code == 1
    assert keymuster("scan", "code/leak.py").code == 1
    assert keymuster("scan", ".").code == 0


def test_the_command_line_wins(keymuster: Run, secret: Path, tmp_path: Path) -> None:
    _set(tmp_path, "fail_on: never\nrules: {only: [gitlab-pat]}\nmax_file_size: 1\n")
    words = ["--fail-on", "low", "--rule", "github-pat", "--max-file-size", "1MB"]
    assert keymuster("scan", *words).code == 1


def test_lists_add_up(keymuster: Run, secret: Path, tmp_path: Path) -> None:
    _set(tmp_path, "rules: {skip: [gitlab-pat]}\nexclude: [other]\n")
    assert keymuster("scan", "--skip-rule", "github-pat").code == 0
    assert keymuster("scan", "--exclude", "code").code == 0
    _set(tmp_path, "rules: {skip: [github-pat]}\n")
    assert keymuster("scan", "--skip-rule", "gitlab-pat").code == 0


def test_config_names_another_file(keymuster: Run, secret: Path, tmp_path: Path) -> None:
    _set(tmp_path, "fail_on: low\n")
    (tmp_path / "ci.yaml").write_text("fail_on: never\n")
    assert keymuster("scan", "--config", "ci.yaml").code == 0


def test_rule_folders_hang_on_the_settings_file(
    keymuster: Run, secret: Path, tmp_path: Path
) -> None:
    _own_rules(tmp_path)
    _set(tmp_path, "rules: {folders: [rules], only: [own]}\n")
    said = keymuster("scan", "--format", "json", cwd=secret.parent)
    assert _rules_found(said) == ["own/github-pat"]


def test_strict_may_be_a_setting(keymuster: Run, tmp_path: Path) -> None:
    _set(tmp_path, "strict: true\nmax_file_size: 1KB\n")
    (tmp_path / "large").write_bytes(b"x" * 2000)
    assert keymuster("scan").code == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fail_onn: low\n", "unknown field `fail_onn`; did you mean `fail_on`?"),
        ("fail_on: hgih\n", "did you mean `high`?"),
        ("rules: {onyl: [x]}\n", "unknown field `onyl` - at `$.rules`; did you mean `only`?"),
        ("extensions: [nobody-has-it]\n", "no installed package offers the extension nobody-has-it"),
        ("fingerprint_key_env: NO_SUCH_NAME\n", "NO_SUCH_NAME is not set"),
        ("confidence: sure\n", "Invalid enum value 'sure' - at `$.confidence`"),
        ("fail_confidence: info\n", "Invalid enum value 'info' - at `$.fail_confidence`"),
        ("jobs: -1\n", "Expected `int` >= 0"),
        ("max_file_size: 10XB\n", "`10XB` is not a size"),
        ("[\n", ".keymuster.yaml: "),
        ("- a\n", "Expected `object`, got `array`"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_settings_is_2(
    text: str, said: str, keymuster: Run, tmp_path: Path
) -> None:
    _set(tmp_path, text)
    answer = keymuster("scan")
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert ".keymuster.yaml" in answer.err or text.startswith(("ext", "fing"))


def test_a_wrong_checksum_is_reported_only_when_asked(
    keymuster: Callable[..., Said], token: Callable[..., str], tmp_path: Path
) -> None:
    made = token("github-pat")
    (tmp_path / "a.py").write_text(f"x = '{made[:-1]}{'a' if made[-1] != 'a' else 'b'}'\n")
    assert json.loads(keymuster("scan", "a.py", "--format", "json").out)["findings"] == []
    asked = keymuster("scan", "a.py", "--format", "json", "--confidence", "low")
    (finding,) = json.loads(asked.out)["findings"]
    assert (finding["rule"], finding["severity"]) == ("wrong-checksum/github-pat", "info")
    assert asked.code == 0


# --- the cache ---------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["text", "json", "sarif", "junit"])
def test_the_cache_changes_nothing_that_is_said(
    keymuster: Run, secret: Path, tmp_path: Path, format: str
) -> None:
    (tmp_path / "code/clean.py").write_text("x = 1\n")

    def told(*words: str) -> tuple[int, str, str]:
        said = keymuster("scan", "code", "--format", format, "-v", *words)
        return said.code, re.sub(r"(?m)^.*(?:_at|TimeUtc)\".*$", "", said.out), said.err

    assert told("--no-cache") == told() == told() == told("--jobs", "2")


def test_what_is_clean_is_searched_once_and_again_with_no_cache(
    keymuster: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched = []
    read = Secrets.read

    def spy(reader: Secrets, blob: Blob) -> object:
        searched.append(blob.path)
        return read(reader, blob)

    monkeypatch.setattr(Secrets, "read", spy)
    (tmp_path / "a.py").write_text("x = 1\n")
    for words, times in ((), 1), ((), 1), (("--no-cache",), 2), ((), 2), (("--exclude", "b"), 3):
        assert keymuster("scan", *words).code == 0
        assert len(searched) == times, words


def test_without_the_cache_nothing_is_noted(keymuster: Run, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    before = set(Path(os.environ["KEYMUSTER_CACHE"]).glob("clean-*"))
    keymuster("scan", "--no-cache")
    assert set(Path(os.environ["KEYMUSTER_CACHE"]).glob("clean-*")) == before


def test_what_an_exception_accepted_is_reported_when_it_has_gone(
    keymuster: Run, secret: Path, tmp_path: Path
) -> None:
    content = secret.read_text()
    allow = "# key" + "muster: allow[secret-in-tree] until=2099-01-01 reason=a test\n"
    secret.write_text(allow + content)
    assert [keymuster("scan").code for _ in range(2)] == [0, 0]
    secret.write_text("# no exception\n" + content)
    assert [keymuster("scan").code for _ in range(2)] == [1, 1]


def test_a_module_from_elsewhere_makes_a_strict_scan_incomplete(
    keymuster: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "infra"
    folder.mkdir()
    (folder / "main.tf").write_text('module "iam" {\n  source = "acme/iam/aws"\n}\n')
    said = keymuster("scan", "infra")
    assert said.code == 0
    assert "Not seen\n  acme/iam/aws: " in said.out
    assert keymuster("scan", "infra", "--strict").code == 3


def test_an_agent_that_a_program_builds_is_judged(keymuster: Run, tmp_path: Path) -> None:
    tmp_path.joinpath("app.py").write_text(
        "from mcp import StdioServerParameters\n"
        "docs = StdioServerParameters(command='npx', args=['-y', '@acme/docs'])\n"
    )
    report = json.loads(keymuster("scan", "--format", "json").out)
    assert [one["rule"] for one in report["findings"]] == ["mcp-package-unpinned"]
