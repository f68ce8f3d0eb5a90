"""Cells that a spreadsheet does not take for formulas.

Where a decimal has a comma, spreadsheets split lines at `;` instead. Then quotes are none to them unless a line begins with one, and
what stands behind a `;` or in a new line of a cell begins a cell of its own.
"""

from __future__ import annotations

import re

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula, in full width, too."""

_WITHIN = re.compile('([;\t\r\n])(?=["\t\r\n]*[=+\\-@\uff1d\uff0b\uff0d\uff20])')


def defused(cell: str) -> str:
    """The cell, with a `'` before what would be a formula, wherever lines are split."""
    cell = _WITHIN.sub(r"\1'", cell)
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
