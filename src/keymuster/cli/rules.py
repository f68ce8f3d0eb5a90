"""`keymuster rules`: list, show, check, start and import rules."""

from __future__ import annotations

from pathlib import Path

import click

from keymuster import pipeline, selftest
from keymuster.detect import patterns
from keymuster.detect.database import compile_database
from keymuster.errors import RuleError, SettingsError
from keymuster.model import CredentialKind
from keymuster.rules import loader, pages, templates
from keymuster.rules.schema import RuleSet, TokenFormat

_FOLDERS = click.option(
    "--rules", "folders", metavar="DIR", multiple=True, type=click.Path(path_type=Path),
    help="A folder with more rules; repeatable.",
)  # fmt: skip


@click.group("rules")
def command() -> None:
    """List, show, check, start and import rules.

    \b
    Examples:
      keymuster rules list                     every policy and token format
      keymuster rules show github-pat          what it looks for, how to revoke it
      keymuster rules check my-rules           hold rules against their examples
      keymuster rules new token acme-api-key   a file to start from
      keymuster rules import gitleaks.toml     the rules of another scanner
    """


@command.command("list")
@_FOLDERS
def list_(folders: tuple[Path, ...]) -> None:
    """Every policy and token format, one per line.

    \b
    Examples:
      keymuster rules list
      keymuster rules list --rules my-rules    with your own
    """
    rules = pipeline.load_rules(folders)
    for policy in rules.policies:
        nhi = "/".join(category.value for category in policy.nhi)
        click.echo(f"policy  {policy.id:<40} {policy.severity.value:<9} {nhi:<12} {policy.title}")
    for token in rules.tokens:
        click.echo(
            f"token   {token.id:<40} {token.confidence.value:<9} {token.vendor:<12} {token.name}"
        )


@command.command("show")
@click.argument("id")
@_FOLDERS
def show(id: str, folders: tuple[Path, ...]) -> None:
    """Everything about one rule.

    \b
    Examples:
      keymuster rules show secret-in-tree
      keymuster rules show github-pat          how it looks, how to revoke it
    """
    rules = pipeline.load_rules(folders)
    rule = next((one for one in rules.rules if one.id == id), None)
    if rule is None:
        raise SettingsError(f"no rule is called `{id}`", _nearest(id, rules))
    click.echo(pages.page(rule, rules).rstrip())


@command.command("check")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--cost", is_flag=True, help="Measure what the search for each format costs.")
@click.option(
    "--sample", metavar="PATH", type=click.Path(path_type=Path, exists=True),
    help="Text to measure on: a file or a folder. [default: Python's standard library]",
)  # fmt: skip
@click.option(
    "--top", type=click.IntRange(min=1), default=20, show_default=True,
    help="How many formats --cost lists.",
)  # fmt: skip
def check(folder: Path | None, cost: bool, sample: Path | None, top: int) -> int:
    """Hold rules (FOLDER, or the shipped ones) against their examples and cases.

    \b
    Examples:
      keymuster rules check                    the shipped rules
      keymuster rules check my-rules           the rules of a folder
      keymuster rules check .keymuster.yaml    the formats in the settings
      keymuster rules check my-rules --cost    and how much they slow a scan
    """
    subjects = loader.one_folder(folder) if folder else None
    rules = pipeline.load_rules([folder] if folder else [])
    if cost:
        _print_costs(rules, subjects, sample, top)
    found = list(selftest.problems(rules, subjects))
    for problem in found:
        click.echo(problem)
    for token in subjects.tokens if subjects else ():
        if any(map(patterns.is_costly, patterns.of_format(0, token))):
            click.echo(
                f"{token.id}: slows every scan: it begins with no fixed text of {patterns.LEAST_FIXED} "
                "characters that could be searched for (--cost measures it)",
                err=True,
            )
    looked_at = subjects or rules
    click.echo(
        f"{len(looked_at.tokens)} token formats and {len(looked_at.policies)} policies: "
        + (f"{len(found)} problems" if found else "all examples and cases come out as they say"),
        err=bool(found),
    )
    return 2 if found else 0


@command.command("new")
@click.argument("kind", type=click.Choice(["token", "policy"]))
@click.argument("name")
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("rules"),
    show_default=True,
    help="The folder of your rules.",
)
def new(kind: str, name: str, folder: Path) -> None:
    """Write a rule file to start from: it loads, and its examples hold.

    \b
    Examples:
      keymuster rules new token acme-api-key
      keymuster rules new policy acme-key-in-tests --dir my-rules
    """
    try:
        path, text = templates.start(kind, name)
    except ValueError as error:
        raise SettingsError(str(error)) from error
    target = folder / path
    if target.exists():
        raise SettingsError(f"{target} exists already", "Choose another name.")
    _write(target, text)
    click.echo(f"{target}: edit it, then run: keymuster rules check {folder}")


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--output",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    default=Path("rules"),
    show_default=True,
    help="The folder of your rules.",
)
def import_(file: Path, folder: Path) -> None:
    """Write the rules of a gitleaks.toml as a rule file, and say what it could not take over.

    \b
    Examples:
      keymuster rules import .gitleaks.toml
      keymuster rules import gitleaks.toml --output my-rules

    Exit codes: 0 done, whatever was left out; 2 the file could not be read.
    """
    from keymuster.rules import gitleaks

    target = folder / "tokens/gitleaks.yaml"
    if target.exists():
        raise SettingsError(f"{target} exists already", "Remove it first, or name another folder.")
    taken = [rule.id for rule in pipeline.load_rules().rules]
    imported = gitleaks.convert(file, taken, _refusal)
    for line in gitleaks.table(imported.unsupported):
        click.echo(line)
    refused = sum(one.refused for one in imported.unsupported)
    click.echo(f"{imported.rules - refused} of {imported.rules} rules imported", err=True)
    if not imported.formats:
        return
    loader.read([(target, imported.text.encode())])
    _write(target, imported.text)
    click.echo(f"{target}: scan with it by: keymuster scan --rules {folder}", err=True)


def _print_costs(rules: RuleSet, subjects: RuleSet | None, sample: Path | None, top: int) -> None:
    """What is searched for together, then the formats that cost most, each searched for alone."""
    from keymuster.detect import cost

    text = cost.sample(sample)
    click.echo(f"on {len(text) / 1e6:.1f} MB:      ns/byte  hits/MB")
    layers = cost.of_layers(rules, text)
    for one in layers:
        click.echo(f"{one.name:<40} {one.nanoseconds:6.2f} {one.hits:8.1f}")
    click.echo(f"{'all':<40} {sum(one.nanoseconds for one in layers):6.2f}\n")
    own = {token.id for token in (subjects or rules).tokens}
    formats = cost.of_formats(rules, own, text)
    whole = sum(one.nanoseconds for one in formats) or 1
    click.echo("each alone:")
    for one in formats[:top]:
        share = f"{one.nanoseconds / whole:6.1%}"
        click.echo(f"{one.name:<40} {one.nanoseconds:6.2f} {one.hits:8.1f} {share}")
    for one in formats:
        if one.nanoseconds > cost.TOO_MUCH and subjects is not None:
            click.echo(
                f"{one.name}: takes {one.nanoseconds:.1f} ns/byte alone, as long as all shipped formats "
                "together; give it a fixed text of three characters or more, or words that stand before it",
                err=True,
            )


def _refusal(pattern: str) -> str:
    """Why the search cannot take a pattern; empty if it can."""
    token = TokenFormat(
        id="x", name="", kind=CredentialKind.GENERIC, revoke="", examples=[], counter_examples=[],
        pattern=pattern,
    )  # fmt: skip
    try:
        compile_database(dict(enumerate(patterns.of_format(0, token))))
    except RuleError as error:
        return error.problem.rpartition(": ")[2]
    return ""


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RuleError(path, f"could not be written: {error.strerror}") from error


def _nearest(id: str, rules: RuleSet) -> str:
    from keymuster.nearest import nearest

    close = nearest(id, [rule.id for rule in rules.rules])
    return f"Did you mean `{close}`?" if close else "See: keymuster rules list"
