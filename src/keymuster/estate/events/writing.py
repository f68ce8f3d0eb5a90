"""Writing what has come since the last time to every log. Each has a cursor in the store; one that fails stops no other."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Iterator
from typing import Protocol

from keymuster.estate.base import Event
from keymuster.estate.events.files import RotatingFile
from keymuster.estate.events.settings import EventLog, Format, server
from keymuster.estate.events.shape import Line, as_json, as_ocsf, mark_of
from keymuster.estate.events.syslog import Syslog
from keymuster.model import Framework, RuleText, Trouble
from keymuster.report._ocsf_finding import Known, milliseconds

_AT_A_TIME = 500
"""Events after which the cursor of a server is moved: no more are sent again after a crash."""


class Log(Protocol):
    """What is asked of the store."""

    def events(self, since_id: int = 0) -> Iterator[tuple[int, Event]]:
        """What came after an event, with the number of each."""

    def notified(self, name: str, up_to_id: int | None = None) -> int:
        """Up to which event a log was written; with a number, keep that."""

    def texts(self) -> tuple[dict[str, RuleText], dict[str, Framework]]:
        """Of rules and frameworks, by their ids."""


def written(log: Log, logs: Iterable[EventLog]) -> list[Trouble]:
    """Write what is not written yet; what went wrong."""
    troubles = []
    for one in logs:
        try:
            if one.file:
                _into_file(log, one)
            else:
                _to_server(log, one)
        except OSError as error:
            troubles.append(
                Trouble(
                    part="events", scope=f"log {one.name}", message=f"it cannot be written: {_why(error)}",
                    advice="What is missing in it is written after the next run.",
                )
            )  # fmt: skip
    return troubles


def _into_file(log: Log, one: EventLog) -> None:
    out = RotatingFile(one.file, one.bytes, one.keep)
    line = line_for(one.format, log)
    told = log.notified(cursor_of(one.name))
    with out.opened() as there:
        last = since = _since(log, told, there)
        for number, event in log.events(since):
            out.write(line(number, event))
            last = number
    if last > told:
        log.notified(cursor_of(one.name), last)


def _since(log: Log, told: int, there: str) -> int:
    """The last event that is in a file. After a crash, the file knows more than the cursor, which is moved after it; but it
    may also have been written from another store."""
    number, at = mark_of(there)
    if number <= told:
        return told
    found = next(log.events(number - 1), None)
    is_ours = found is not None and (found[0], milliseconds(found[1].at)) == (number, at)
    return number if is_ours else told


def _to_server(log: Log, one: EventLog) -> None:
    line = line_for(one.format, log)
    since = log.notified(cursor_of(one.name))
    for several in _in_parts(log.events(since)):
        out = Syslog(server(one.syslog), one.ca)
        with out.opened():
            for number, event in several:
                out.write(event, line(number, event))
        log.notified(cursor_of(one.name), several[-1][0])


def _in_parts(events: Iterator[tuple[int, Event]]) -> Iterator[list[tuple[int, Event]]]:
    several: list[tuple[int, Event]] = []
    for one in events:
        several.append(one)
        if len(several) == _AT_A_TIME:
            yield several
            several = []
    if several:
        yield several


def line_for(format: Format, log: Log) -> Line:
    if format == "json":
        return as_json
    rules, frameworks = log.texts()
    names = {(one.id, entry.id): entry.name for one in frameworks.values() for entry in one.entries}
    about = Known(rules=rules, names=names)
    return lambda number, event: as_ocsf(number, event, about)


def cursor_of(name: str) -> str:
    return f"events/{name}"


def _why(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "the certificate of the server is not trusted"
    return error.strerror or type(error).__name__
