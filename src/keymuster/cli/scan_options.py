"""The options of `keymuster scan`: before those of services, and behind them."""

from __future__ import annotations

from keymuster import registry, settings
from keymuster.cli.options import CONFIG, OUTPUT, Number, Option, Takes, format_option
from keymuster.model import Confidence

_SURE = tuple(one.value for one in Confidence)

ABOUT_SERVICES = "--service"

WHAT = (
    Option(
        flags="--staged",
        takes=Takes.NOTHING,
        help="Scan the staged change: the index against HEAD.",
    ),
    Option(
        flags="--history",
        takes=Takes.NOTHING,
        help="Scan every file version of every commit of all refs, stashes and notes.",
    ),
    Option(
        flags="--stdin",
        name="from_stdin",
        takes=Takes.NOTHING,
        help="Scan standard input.",
    ),
    Option(
        flags="--machine",
        takes=Takes.NOTHING,
        help="Scan what programs that run AI agents keep in your home and in the folders of the system: settings, tokens, transcripts.",
    ),
    Option(
        flags=ABOUT_SERVICES,
        name="services",
        takes=registry.names("service"),
        several=True,
        help="Ask a service through its API, with the credentials that its SDK finds; repeatable. Without PATHS, no files are scanned.",
    ),
)

HOW = (
    Option(
        flags="--since",
        metavar="REV|DATE",
        help="With --history: only what later commits bring in.",
    ),
    Option(
        flags="--range",
        name="range_",
        metavar="A..B",
        help="With --history: only what these commits bring in.",
    ),
    Option(
        flags="--pushed",
        takes=Takes.NOTHING,
        help="With --history: the commits being pushed, as pre-commit names them.",
    ),
    Option(
        flags="--unreachable",
        takes=Takes.NOTHING,
        help="With --history: dangling objects too.",
    ),
    Option(
        flags="--include-ignored",
        takes=Takes.NOTHING,
        help="Files that git ignores, too.",
    ),
    format_option("or an extension's"),
    OUTPUT,
    Option(
        flags="--fail-on",
        takes=settings.FAIL_ON,
        help="The mildest severity that ends with exit code 1.  [default: medium]",
    ),
    Option(
        flags="--confidence",
        takes=_SURE,
        help="The least sure findings to report.  [default: medium]",
    ),
    Option(
        flags="--fail-confidence",
        takes=_SURE,
        help="The least sure findings that end with exit code 1.  [default: high]",
    ),
    Option(
        flags="--rule",
        name="only",
        metavar="GLOB",
        several=True,
        help="Only these rules, formats or NHI categories; repeatable.",
    ),
    Option(
        flags="--skip-rule",
        name="skip",
        metavar="GLOB",
        several=True,
        help="All but these; repeatable.",
    ),
    Option(
        flags="--rules",
        name="rule_folders",
        metavar="DIR",
        takes=Takes.PATH,
        several=True,
        help="A folder with more rules; repeatable.",
    ),
    Option(
        flags="--exclude",
        metavar="GLOB",
        several=True,
        help="Leave these paths out, as in a .gitignore; repeatable.",
    ),
    Option(
        flags="--max-file-size",
        metavar="SIZE",
        help="Do not read larger files; they are reported as not seen.  [default: 256MB]",
    ),
    Option(
        flags="--container-depth",
        metavar="N",
        takes=Number(0, 20),
        help="How many archives inside each other are opened; images, documents and databases count as such.  [default: 3]",
    ),
    Option(
        flags="--no-containers",
        takes=Takes.NOTHING,
        help="Open none.",
    ),
    Option(
        flags="--import",
        name="imports",
        metavar="FILE",
        takes=Takes.PATH,
        several=True,
        help="A report of another scanner, as `keymuster import` reads them: what it tells joins what is found; repeatable.",
    ),
    Option(
        flags="--baseline",
        metavar="FILE",
        takes=Takes.PATH,
        help="Report only what this file does not have; `keymuster baseline write` makes it.",
    ),
    Option(
        flags="--jobs",
        metavar="N",
        takes=Number(0),
        help="Processes to use; 0 means one per processor.",
    ),
    CONFIG,
    Option(
        flags="--no-cache",
        takes=Takes.NOTHING,
        help="Search everything, also files and file versions that a former scan with the same rules has searched.",
    ),
    Option(
        flags="--strict",
        takes=Takes.NOTHING,
        help="Exit code 3 if anything could not be looked at.",
    ),
    Option(
        flags="-q --quiet",
        takes=Takes.NOTHING,
        help="Say nothing when there is nothing to say.",
    ),
    Option(
        flags="--timings",
        takes=Takes.NOTHING,
        help="Say on standard error what took how long, and how much work it was; --profile without a name does so, too.",
    ),
    Option(
        flags="-v --verbose",
        takes=Takes.NOTHING,
        counts=True,
        help="Accepted findings, ids and evidence too; -vv for what was done.",
    ),
)

EVERY = (*WHAT, *HOW)
"""All but those of services."""
