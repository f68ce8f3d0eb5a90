"""Events in files and at syslog servers: each of them, and in files only once."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import trustme
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from keymuster.estate.events import files
from keymuster.estate.events.settings import EventLog, server
from keymuster.estate.events.shape import as_json, as_ocsf
from keymuster.estate.events.writing import cursor_of, written
from keymuster.evaluate.states import State
from keymuster.model import Nhi, Severity
from keymuster.report._ocsf_finding import VERSION, Known
from telling_made import HOSTILE, MemoryLog, event, finding

SCHEMA = Path(__file__).parents[3] / "docs/schemas/event-v1.json"
CLASSES = {2003: "compliance_finding", 2004: "detection_finding"}
STATES = [one for one in State if one is not State.SAME]


@cache
def validator(number: int) -> Any:
    every = OcsfJsonSchemaEmbedded(get_ocsf_schema(version=VERSION))
    return jsonschema.Draft202012Validator(every.get_class_schema(class_name=CLASSES[number]))


def numbers(path: Path) -> list[int]:
    return [json.loads(line)["number"] for line in path.read_text().splitlines()]


# --- shapes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("accepted", [False, True])
def test_an_event_of_ocsf_is_valid_and_says_what_became_of_the_finding(
    state: State, accepted: bool
) -> None:
    leak = finding(message=HOSTILE, owner=HOSTILE, accepted=accepted)
    policy = finding("f2", nhi=Nhi.OVERPRIVILEGED, accepted=accepted)
    for one in (leak, policy):
        made = json.loads(as_ocsf(7, event(one, state, why="because"), Known()))
        validator(made["class_uid"]).validate(made)
        assert made["metadata"]["sequence"] == 7
        activity = 1 if state is State.NEW and not accepted else 3 if state is State.RESOLVED else 2
        assert made["activity_id"] == activity
        assert made["type_uid"] == made["class_uid"] * 100 + activity
        assert made["status_id"] == (4 if state is State.RESOLVED else 3 if accepted else 1)
        assert "because" in made["status_detail"]
        assert made["unmapped"]["state"] == state.value


def test_one_finding_in_two_targets_is_two_for_a_siem() -> None:
    made = [json.loads(as_ocsf(1, event(finding(), target=one), Known())) for one in ("a", "b")]
    assert len({one["finding_info"]["uid"] for one in made}) == 2
    assert len({one["metadata"]["uid"] for one in made}) == 2


def test_a_line_of_ours_fits_the_published_schema() -> None:
    schema = json.loads(SCHEMA.read_text())
    for state in STATES:
        line = as_json(3, event(finding(message=HOSTILE), state))
        assert "\n" not in line
        jsonschema.validate(json.loads(line), schema)


# --- files --------------------------------------------------------------------------------------


def test_each_event_is_in_the_file_once(tmp_path: Path) -> None:
    path = tmp_path / "logs/events.ndjson"
    log = MemoryLog(*[event(finding(f"f{at}")) for at in range(5)])
    one = EventLog(name="siem", format="json", file=str(path))
    assert written(log, [one]) == []
    assert written(log, [one]) == []
    log.all.append(event(finding("f5")))
    assert written(log, [one]) == []
    assert numbers(path) == [1, 2, 3, 4, 5, 6]
    assert path.stat().st_mode & 0o007 == 0


@pytest.mark.parametrize("format", ["json", "ocsf"])
def test_after_a_crash_the_file_goes_on_where_it_ended(tmp_path: Path, format: Any) -> None:
    path = tmp_path / "events.ndjson"
    log = MemoryLog(*[event(finding(f"f{at}")) for at in range(5)])
    one = EventLog(name="siem", format=format, file=str(path))
    written(log, [one])
    whole = path.read_bytes()
    for cut in (1, 100, len(whole) - 10, len(whole)):
        path.write_bytes(whole[:cut])
        log.cursors.clear()  # it was not moved before the crash
        assert written(log, [one]) == []
        assert path.read_bytes() == whole


def test_a_file_of_another_store_is_added_to(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    one = EventLog(name="siem", format="json", file=str(path))
    written(MemoryLog(*[event(finding(f"f{at}")) for at in range(9)]), [one])
    late = event(finding("new"))
    fresh = MemoryLog(*[event(finding(f"n{at}")) for at in range(3)], late)
    assert written(fresh, [one]) == []
    assert numbers(path) == [*range(1, 10), 1, 2, 3, 4]


def test_a_file_that_has_grown_becomes_an_older_one(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    several = [event(finding(f"f{at}")) for at in range(50)]
    length = len(as_json(10, several[0])) + 1
    one = EventLog(name="siem", format="json", file=str(path), size=length * 10 + 50, keep=2)
    log = MemoryLog(*several[:37])
    assert written(log, [one]) == []
    log.all += several[37:]
    assert written(log, [one]) == []
    files = [tmp_path / f"events.ndjson{end}" for end in (".2", ".1", "")]
    kept = [number for each in files for number in numbers(each)]
    assert kept == [*range(kept[0], 51)]
    assert 20 < len(kept) <= 30
    assert not (tmp_path / "events.ndjson.3").exists()


def test_a_crash_right_after_a_rotation_loses_and_doubles_nothing(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    one = EventLog(name="siem", format="json", file=str(path))
    log = MemoryLog(*[event(finding(f"f{at}")) for at in range(3)])
    written(log, [one])
    path.rename(tmp_path / "events.ndjson.1")
    log.cursors.clear()
    log.all.append(event(finding("f9")))
    assert written(log, [one]) == []
    assert numbers(path) == [4]


def test_a_log_that_cannot_be_written_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder").mkdir()
    log = MemoryLog(event(finding()))
    bad = EventLog(name="bad", format="json", file=str(tmp_path / "folder"))
    good = EventLog(name="good", format="json", file=str(tmp_path / "good"))
    [trouble] = written(log, [bad, good])
    assert trouble.scope == "log bad"
    assert numbers(tmp_path / "good") == [1]
    assert log.notified(cursor_of("bad")) == 0

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    log.all.append(event(finding("f2")))
    monkeypatch.setattr(files.os, "fsync", full)
    [trouble] = written(log, [good])
    assert "No space left" in trouble.message
    assert log.notified(cursor_of("good")) == 1


def test_two_who_write_one_file_come_one_after_the_other(tmp_path: Path) -> None:
    log = MemoryLog(*[event(finding(f"f{at}")) for at in range(20)])
    one = EventLog(name="siem", format="json", file=str(tmp_path / "events"))
    other = files.RotatingFile(one.file, one.bytes, one.keep)
    with other.opened():
        thread = threading.Thread(target=written, args=(log, [one]))
        thread.start()
        thread.join(0.2)
        assert thread.is_alive()
        other.write(as_json(1, log.all[0]))
    thread.join(5)
    assert numbers(tmp_path / "events") == [*range(1, 21)]


# --- syslog --------------------------------------------------------------------------------------


@contextmanager
def listening(context: ssl.SSLContext | None = None) -> Iterator[tuple[int, list[bytes]]]:
    """What has arrived at a port, one connection after the other."""
    arrived: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(5)

    def take() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            try:
                with (
                    connection
                    if context is None
                    else context.wrap_socket(connection, server_side=True) as taken
                ):
                    arrived.append(b"".join(iter(lambda: taken.recv(65536), b"")))
            except OSError:
                arrived.append(b"refused")

    thread = threading.Thread(target=take)
    thread.start()
    try:
        yield listener.getsockname()[1], arrived
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def messages(data: bytes) -> list[bytes]:
    """As RFC 6587 counts them."""
    found = []
    while data:
        length, _, rest = data.partition(b" ")
        found.append(rest[: int(length)])
        data = rest[int(length) :]
    return found


def test_a_syslog_server_gets_each_event(loopback: None) -> None:
    log = MemoryLog(event(finding(message=HOSTILE)), event(finding("f2", Severity.LOW)))
    with listening() as (port, arrived):
        one = EventLog(name="s", format="json", syslog=f"tcp://127.0.0.1:{port}")
        assert written(log, [one]) == []
        assert written(log, [one]) == []
    [data] = arrived
    first, second = messages(data)
    head, _, line = first.partition(b" - {")
    assert head.startswith(b"<107>1 2026-11-23T09:00:00.000+00:00 ")
    assert head.split()[3] == b"keymuster"
    assert json.loads(b"{" + line)["number"] == 1
    assert second.startswith(b"<109>1 ")


def test_a_syslog_server_by_tls_is_who_it_should_be(loopback: None, tmp_path: Path) -> None:
    authority, context = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    log = MemoryLog(event(finding()))
    with listening(context) as (port, arrived):
        address = f"tls://127.0.0.1:{port}"
        [trouble] = written(log, [EventLog(name="s", format="json", syslog=address)])
        assert "not trusted" in trouble.message
        assert log.notified(cursor_of("s")) == 0
        assert written(log, [EventLog(name="s", format="json", syslog=address, ca=str(ca))]) == []
    assert arrived[0] == b"refused"
    [message] = messages(arrived[1])
    assert b'"number":1' in message


def test_a_server_that_is_away_gets_it_later(loopback: None) -> None:
    log = MemoryLog(event(finding()))
    with listening() as (port, _):
        pass
    one = EventLog(name="s", format="json", syslog=f"tcp://127.0.0.1:{port}")
    [trouble] = written(log, [one])
    assert trouble.scope == "log s"
    assert log.notified(cursor_of("s")) == 0


def test_a_socket_of_this_machine_is_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # a path is no address of a network
    path = tmp_path / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as there:
        there.bind(str(path))
        log = MemoryLog(event(finding()))
        assert written(log, [EventLog(name="s", format="json", syslog=f"unix:{path}")]) == []
        assert b'"number":1' in there.recv(65536)


@pytest.mark.parametrize(
    "text",
    ["tcp://198.51.100.7:601", "udp://127.0.0.1:514", "tls://", "tls://a:x", "unix:log", "syslog", "tls://user@a:6514", "tls://a/b"],
)  # fmt: skip
def test_findings_go_to_no_server_in_the_open(text: str) -> None:
    with pytest.raises(ValueError, match="syslog"):
        server(text)
