"""Options as data: click makes options of them, and `plain_words` understands them without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, TypeVar

from msgspec import Struct

from keymuster import registry, settings_file

F = TypeVar("F", bound=Callable[..., Any])


class Takes(Enum):
    """What is behind an option."""

    NOTHING = "nothing"
    TEXT = "text"
    PATH = "path"


class Number(Struct, frozen=True):
    """A whole number in a range."""

    least: int
    most: int | None = None


class Option(Struct, frozen=True, kw_only=True):
    """`flags` are separated by spaces. It is passed as `name`, if that is not its last flag, and what it `takes`
    may be one of some words, too. What may be given `several` times is a tuple, what `counts` a number."""

    flags: str
    help: str
    name: str = ""
    metavar: str | None = None
    takes: Takes | Number | Sequence[str] = Takes.TEXT
    several: bool = False
    counts: bool = False
    default: str | None = None
    complete: tuple[str, ...] = ()

    @property
    def parameter(self) -> str:
        return self.name or self.flags.split()[-1].strip("-").replace("-", "_")

    @property
    def otherwise(self) -> Any:
        """What is passed if the option is not given."""
        if self.several:
            return ()
        if self.counts:
            return 0
        return False if self.takes is Takes.NOTHING else self.default


CONFIG = Option(
    flags="--config", metavar="FILE", takes=Takes.PATH,
    help=f"The settings file, instead of the nearest {settings_file.FILE}.",
)  # fmt: skip

FORMATS = registry.names("reporter")

OUTPUT = Option(
    flags="-o --output", name="outputs", metavar="FORMAT=FILE", several=True,
    help="Write a report to a file; repeatable.",
)  # fmt: skip


def format_option(besides: str = "") -> Option:
    """`besides` are formats that are not built in."""
    known = ", ".join((*FORMATS, besides) if besides else FORMATS)
    return Option(
        flags="--format", name="format_", metavar="FORMAT", default="text",
        help=f"The format on standard output: {known}.", complete=tuple(FORMATS),
    )  # fmt: skip


def options(*several: Option) -> Callable[[F], F]:
    """Give a command these options, in this order."""

    def decorated(command: F) -> F:
        for one in reversed(several):
            command = _of_click(one)(command)
        return command

    return decorated


def _of_click(one: Option) -> Callable[[F], F]:
    import click  # not for who understands plain words

    more: dict[str, Any] = {}
    if one.counts:
        more["count"] = True
    elif one.takes is Takes.NOTHING:
        more["is_flag"] = True
    elif one.takes is Takes.PATH:
        more["type"] = click.Path()
    elif isinstance(one.takes, Number):
        more["type"] = click.IntRange(one.takes.least, one.takes.most)
    elif not isinstance(one.takes, Takes):
        more["type"] = click.Choice(list(one.takes))
    if one.several:
        more["multiple"] = True
    if one.default is not None:
        more |= {"default": one.default, "show_default": True}
    if one.complete:
        more["shell_complete"] = lambda ctx, param, typed: [
            word for word in one.complete if word.startswith(typed)
        ]
    return click.option(
        *one.flags.split(), one.parameter, metavar=one.metavar, help=one.help, **more
    )
