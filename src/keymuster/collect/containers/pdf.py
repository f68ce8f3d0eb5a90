"""PDF documents."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any, ClassVar, TypeVar

from keymuster.collect.containers.base import (
    DAMAGED,
    ENCRYPTED,
    Budget,
    Container,
    Content,
    Form,
    Member,
    Refused,
    Skipped,
)

_T = TypeVar("_T")

_MAY_TELL = re.compile(
    rb"/(?:Font|ObjStm|Encrypt|EmbeddedFile|Filespec|FileAttachment|EF|AF|[!-$&'*-.0-;=?-Z\\^-z|~]{0,127}#[0-9A-Fa-f]{2})"
)
"""Names of which a document with text or files in it has one: text is shown in a font. They may stand in
a compressed stream of objects, or be spelled with escapes."""

_END, _IN_LAST = b"%%EOF", 1024


class Pdf(Container):
    """The text of each page, and attached files. A document that opens without a password is read,
    if the library has what its encryption needs."""

    name: ClassVar[str] = "pdf"
    form: ClassVar[Form] = Form.ARCHIVE
    streams: ClassVar[bool] = False

    def recognizes(self, data: bytes) -> bool:
        return data.startswith(b"%PDF-")

    def members(self, content: Content, budget: Budget) -> Iterator[Member]:
        if _is_drawing(content.whole):
            return  # to import the library takes longer than to scan a small repository
        import logging

        import pypdf

        logging.getLogger("pypdf").setLevel(logging.CRITICAL + 1)  # it quotes what it cannot read
        document = _in_time(lambda: pypdf.PdfReader(BytesIO(content.whole)), budget)
        if document.is_encrypted and not _in_time(lambda: _opens(document), budget):
            raise Skipped(ENCRYPTED)
        for number in range(_in_time(lambda: len(document.pages), budget)):
            name = f"page {number + 1}"
            try:
                text = _in_time(lambda: document.pages[number].extract_text(), budget)  # noqa: B023
            except (ArithmeticError, LookupError, TypeError, ValueError, pypdf.errors.PyPdfError):
                yield Member(name, Refused(DAMAGED))
            else:
                yield Member(name, BytesIO(text.encode("utf-8", "replace")))
        for name, files in _in_time(lambda: dict(document.attachments), budget).items():
            for file in files:
                yield Member(f"attachments/{name}", BytesIO(file))


def _is_drawing(data: bytes) -> bool:
    """Whether a document that is there to its end has neither text nor files."""
    return _END in data[-_IN_LAST:] and _MAY_TELL.search(data) is None


def _opens(document: Any) -> bool:
    from pypdf.errors import DependencyError

    try:
        return bool(document.decrypt(""))
    except DependencyError:
        return False


class _Late(BaseException):
    """Not an Exception, which the library may take for one of its own."""


def _in_time(work: Callable[[], _T], budget: Budget) -> _T:
    """What the work gives. The library has limits on memory but none on time, so an alarm ends it
    when the budget does; where there is no alarm, time is looked at between the pages."""
    import signal
    import threading

    left = budget.seconds()
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGALRM"):
        return work()

    def late(*_: object) -> None:
        raise _Late

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, left)
    try:
        return work()
    except _Late:
        budget.out_of_time()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
