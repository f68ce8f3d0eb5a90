"""The text of office documents."""

from __future__ import annotations

import time

import pytest

from archives import docx, office_xml, opened, zipped

ODF = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="t" xmlns:table="u"'
)


def test_the_runs_of_a_paragraph_are_joined() -> None:
    found = opened(docx(["a to", "ken in p", "arts"], ["next"]), "a.docx")
    assert found.texts["a.docx!/word/document.xml!/text"] == b"a token in parts\nnext\n"
    assert found.troubles == []


def test_the_part_itself_is_searched_too() -> None:
    assert b"<w:t>pass</w:t>" in opened(docx(["pass"])).texts["outer!/word/document.xml"]


def test_breaks_and_tabs_part_words() -> None:
    text = opened(office_xml("<w:p><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:p>"))
    assert text.members["text"] == b"a\tb\nc\n"


def test_shared_strings_of_a_workbook() -> None:
    xml = (
        b'<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        b"<si><r><t>one</t></r><r><t>half</t></r></si><si><t>a &amp; b</t></si></sst>"
    )
    found = opened(zipped({"xl/sharedStrings.xml": xml}))
    assert found.members["xl/sharedStrings.xml!/text"] == b"onehalf\na & b\n"


def test_opendocument_text_and_tables() -> None:
    xml = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {ODF}><office:text>'
        "<text:p>one<text:span>half</text:span></text:p><table:table-row><table:table-cell>"
        "<text:p>x</text:p></table:table-cell></table:table-row></office:text>"
        "</office:document-content>"
    ).encode()
    found = opened(
        zipped({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": xml})
    )
    assert found.members["content.xml!/text"] == b"onehalf\nx\n\t\n"


def test_a_view_is_no_level() -> None:
    found = opened(docx(["text"]), depth=1)
    assert "word/document.xml!/text" in found.members
    assert found.troubles == []


def test_entities_that_grow_are_refused() -> None:
    lines = ['<!DOCTYPE x [<!ENTITY a0 "aaaaaaaaaa">']
    lines += [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)]
    start = time.process_time()
    found = opened(office_xml("<w:p>&a9;</w:p>", "".join(lines) + "]>"))
    assert "XML that declares entities" in found.trouble
    assert time.process_time() - start < 1


@pytest.mark.parametrize("body", ["<w:p>", "<w:p>&undefined;</w:p>", "\x01"])
def test_damaged_xml_is_said_and_still_searched_as_it_is(body: str) -> None:
    found = opened(office_xml(body))
    assert "damaged" in found.trouble
    assert found.blobs[-1].path == "outer"


def test_other_xml_is_no_document() -> None:
    found = opened(b'<?xml version="1.0"?><project xmlns="http://maven.apache.org/POM/4.0.0"/>')
    assert [blob.opened for blob in found.blobs] == [False]
