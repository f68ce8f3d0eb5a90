"""One page for people, that holds all it needs: what is wrong, who there is, who can become whom, and what could not
be seen."""

from __future__ import annotations

import base64
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import ClassVar, TextIO

from keymuster.model import Report
from keymuster.report._page.data import encoded
from keymuster.report.base import Reporter, Style

_STYLES = ("page.css", "parts.css", "print.css")
_SCRIPTS = (
    "dom.js", "words.js", "charts.js", "list.js", "overview.js", "findings.js", "identities.js", "graph.js",
    "coverage.js", "exceptions.js", "main.js",
)  # fmt: skip
"""In the order in which they stand in the page."""


class Html(Reporter):
    """A file that fetches nothing and needs no server. The same report gives the same bytes.

    By its policy (CSP) the browser runs this one script and takes this one style, which it names by their hashes,
    and nothing else; no text can be made markup (trusted types). The data stands in a block that is not run; the
    script shows it as text.
    """

    name: ClassVar[str] = "html"
    wants_roll: ClassVar[bool] = True

    def __init__(self, style: Style) -> None:
        pass

    def write(self, report: Report, out: TextIO) -> None:
        before, after = _frame()
        out.write(before)
        out.write(encoded(report))
        out.write(after)


@cache
def _frame() -> tuple[str, str]:
    """What stands before the data, and after it."""
    style, script = _style(), _script()
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )
    before, _, after = _asset("page.html").partition("@@DATA@@")
    before = before.replace("@@POLICY@@", policy).replace("@@STYLE@@", style)
    return before, after.replace("@@SCRIPT@@", script)


def _style() -> str:
    return "\n" + "\n".join(map(_asset, _STYLES))


def _script() -> str:
    """All parts in one function, so that none of their names is the window's."""
    parts = "\n".join(map(_asset, _SCRIPTS))
    return f'\n(() => {{\n"use strict";\n{parts}\n}})();\n'


def _asset(name: str) -> str:
    return files("keymuster.report._page").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """As a policy names what may run."""
    return f"sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}"
