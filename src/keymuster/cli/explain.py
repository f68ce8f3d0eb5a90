"""`keymuster explain`: why a value is reported, or why not."""

from __future__ import annotations

import re
from pathlib import Path

import click

from keymuster import pipeline, settings
from keymuster.detect.explain import Considered, explain
from keymuster.detect.positions import Positions
from keymuster.detect.text import as_text
from keymuster.errors import SettingsError

_PLACE = re.compile(r"(?P<file>.+?)(?::(?P<line>\d+))?(?::\d+)?")
_LEAST = 0.05
_MOST = 12


@click.command("explain")
@click.argument("place", metavar="FILE[:LINE]")
@click.option(
    "--rules", "folders", metavar="DIR", multiple=True, type=click.Path(path_type=Path),
    help="A folder with more rules; repeatable.",
)  # fmt: skip
@click.option(
    "-v", "--verbose", is_flag=True, help="Values that are obviously none, and every signal."
)
def command(place: str, folders: tuple[Path, ...], verbose: bool) -> int:
    """Say of each value in a file, or on one line, why it is reported or why not.

    A value without a format is weighed. Each signal adds to the logarithm of the odds or takes from
    it; their sum gives the likelihood, and that the confidence.

    \b
    Examples:
      keymuster explain deploy.env:12          one line
      keymuster explain settings.py -v         all of a file, every signal

    The value is never quoted; what was weighed describes it (its length, its kinds of characters).
    """
    path, line = _parted(place)
    try:
        text = as_text(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    rules = pipeline.load_rules(
        settings.rule_folders(*settings.load(None, str(path.parent)), folders)
    )
    considered = explain(rules, text.content, str(path))
    positions = Positions(text.content)
    said = 0
    for one in considered:
        at = positions.at(one.start)
        if (line is None or at[0] == line) and (verbose or one.reported or one.weights):
            said += 1
            click.echo(f"{path}:{at[0]}:{at[1]}  {one.preview}")
            for word in _words(one, verbose):
                click.echo(f"  {word}")
    if not said:
        click.echo(f"keymuster: nothing in {place} looks like a credential", err=True)
    return 0


def _parted(place: str) -> tuple[Path, int | None]:
    if Path(place).exists():
        return Path(place), None
    found = _PLACE.fullmatch(place)
    assert found is not None  # the file takes everything
    return Path(found["file"]), int(found["line"]) if found["line"] else None


def _words(one: Considered, verbose: bool) -> list[str]:
    outcome = "reported" if one.reported else "not reported"
    words = [f"{outcome} as {one.format.id}: {one.verdict}"]
    if one.likelihood is None:
        return words
    words.append(f"likelihood {one.likelihood:.2f}, by what was weighed:")
    words.append(f"  {one.before:+6.2f}  any value in such a place")
    shown = [(signal, weight) for signal, weight in one.weights.items() if abs(weight) >= _LEAST]
    shown = list(one.weights.items()) if verbose else shown[:_MOST]
    words += [f"  {weight:+6.2f}  {signal}" for signal, weight in shown]
    rest = sum(one.weights.values()) - sum(weight for _, weight in shown)
    return words if verbose else [*words, f"  {rest:+6.2f}  everything else"]
