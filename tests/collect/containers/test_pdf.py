"""PDF documents."""

from __future__ import annotations

import contextlib
import io
import logging
import signal
import time
from typing import NoReturn

import pypdf
import pytest

from archives import opened, pdf


def rewritten(data: bytes, password: str = "") -> bytes:
    writer = pypdf.PdfWriter(clone_from=pypdf.PdfReader(io.BytesIO(data)))
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    else:
        writer.add_attachment("a.env", b"A=b")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_pages_are_members() -> None:
    found = opened(pdf("one\ntwo", "three"), "a.pdf")
    assert found.members == {"page 1": b"one\ntwo\n", "page 2": b"three\n"}
    assert found.troubles == []


def test_attached_files_are_members() -> None:
    assert opened(rewritten(pdf("one"))).members["attachments/a.env"] == b"A=b"


def test_a_document_with_a_password_is_said() -> None:
    found = opened(rewritten(pdf("one"), "word"))
    assert found.members == {}
    assert found.trouble == "was not looked at in full: it is encrypted"


@pytest.mark.parametrize("data", [b"%PDF-1.7\n", b"%PDF-1.7\n" + bytes(1000)])
def test_a_damaged_document_is_said(data: bytes) -> None:
    assert "damaged" in opened(data).trouble


def test_the_library_says_nothing(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = pdf("one").replace(b"/Type/Page/", b"/Type/Pag/ ").replace(b"xref\n0", b"xref\n9")
    with caplog.at_level(logging.DEBUG):
        opened(broken)
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="needs an alarm")
def test_work_without_an_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(self: object) -> NoReturn:
        while True:
            with contextlib.suppress(Exception):  # as the library does
                time.sleep(1)

    monkeypatch.setattr(pypdf.PageObject, "extract_text", never)
    before = signal.getsignal(signal.SIGALRM)
    found = opened(pdf("one"), seconds=0.3)
    assert "it took more than 0.3 seconds" in found.trouble
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def drawing(*more: bytes) -> bytes:
    """A page with a line on it and no font."""
    page = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    page += b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n" + b"".join(more)
    return page + b"trailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.mark.parametrize(
    ("data", "is_read"),
    [
        (drawing(), False),
        (drawing(b"4 0 obj<</Type/Font/Subtype/Type1>>endobj\n"), True),
        (drawing(b"4 0 obj<</Type/F#6Fnt/Subtype/Type1>>endobj\n"), True),
        (drawing(b"4 0 obj<</Type/ObjStm>>endobj\n"), True),
        (drawing().removesuffix(b"%%EOF\n"), True),
    ],
)
def test_a_drawing_does_not_cost_the_library(
    data: bytes, is_read: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[bool] = []
    real = pypdf.PdfReader

    def reader(stream: io.BytesIO) -> pypdf.PdfReader:
        read.append(True)
        return real(stream)

    monkeypatch.setattr(pypdf, "PdfReader", reader)
    opened(data, "a.pdf")
    assert bool(read) is is_read
