"""Mail by SMTP, as text and as HTML."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from html import escape
from threading import Event as Flag
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from msgspec import Meta, field

from keymuster.collect.asking.rest import pause_before
from keymuster.errors import SettingsError
from keymuster.estate.channels import _words as words
from keymuster.estate.channels._http import is_loopback
from keymuster.estate.channels._secrets import resolved
from keymuster.estate.channels.base import Change, Message, Options, Undelivered
from keymuster.estate.credentials import Reference

if TYPE_CHECKING:
    from email.message import EmailMessage
    from smtplib import SMTP

_ATTEMPTS = 3
_TIMEOUT_SECONDS = 30

_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?"
)
"""One address, and nothing that could be two, or a name, or a line."""

Mailbox = Annotated[str, Meta(pattern=f"^{_ADDRESS.pattern}$")]


class EmailOptions(Options, frozen=True, kw_only=True):
    """The `server` and its `port` (default: 465 for `tls: always`, otherwise 587), who it is `from`, and `to` whom it goes if no
    route says. Owners that are addresses in one of the `domains` are written to themselves. `user` and
    `password` sign in. `tls` is off to this machine only."""

    kind: Literal["email"] = "email"
    server: str
    sender: Mailbox = field(name="from")
    to: tuple[Mailbox, ...] = ()
    domains: tuple[str, ...] = ()
    port: Annotated[int, Meta(ge=1, le=65535)] | None = None
    tls: Literal["starttls", "always", "off"] = "starttls"
    ca: str = ""
    user: Reference | None = None
    password: Reference | None = None


class Email:
    """One mail for each notification and recipient."""

    name: ClassVar[str] = "email"
    options: ClassVar[type[Options]] = EmailOptions
    takes_recipients: ClassVar[bool] = True
    one_by_one: ClassVar[bool] = False

    def __init__(self, options: EmailOptions, stop: Flag) -> None:
        if options.tls == "off" and not is_loopback(options.server):
            raise SettingsError(
                f"tls: off would send mail to {options.server} in the open",
                "Use starttls, or always.",
            )
        if (options.user is None) != (options.password is None):
            raise SettingsError("`user` and `password` go together")
        if options.ca and not os.path.isfile(options.ca):
            raise SettingsError(f"ca: there is no file {options.ca}")
        self._options = options
        self._stop = stop
        self._port = options.port or (465 if options.tls == "always" else 587)
        self._user = resolved(options.user, "user") if options.user else ""
        self._password = resolved(options.password, "password") if options.password else ""

    def send(self, message: Message) -> None:
        if not is_address(message.recipient):
            raise Undelivered(
                "there is nobody to write to",
                "Name somebody: `to`, or `recipient` of a route.",
                alone=True,
            )
        mail = made(message, self._options.sender)
        for attempt in range(1, _ATTEMPTS + 1):
            problem, is_worth = self._tried(mail, message.recipient)
            if problem is None:
                return
            if not is_worth or attempt == _ATTEMPTS or self._stop.wait(pause_before(attempt)):
                raise problem
        raise AssertionError("an attempt is the last")

    def _tried(self, mail: EmailMessage, recipient: str) -> tuple[Undelivered | None, bool]:
        """What went wrong, and whether another try may help. What the server says is not repeated: it may quote
        anything."""
        import smtplib
        import ssl

        is_taken = False
        try:
            with self._connected() as server:
                if self._user:
                    server.login(self._user, self._password)
                server.send_message(mail, from_addr=self._options.sender, to_addrs=[recipient])
                is_taken = True
        except smtplib.SMTPAuthenticationError as error:
            return Undelivered(
                f"the mail server does not let the user in ({error.smtp_code})"
            ), False
        except smtplib.SMTPRecipientsRefused as error:
            code = next((code for code, _ in error.recipients.values()), 0)
            why = f"the mail server refuses the recipient ({code})"
            return Undelivered(why, alone=True), _is_later(code)
        except smtplib.SMTPResponseException as error:
            if is_taken:  # only its farewell was wrong
                return None, False
            code = error.smtp_code
            return Undelivered(
                f"the mail server refuses it ({code})", refused=code in (552, 554)
            ), _is_later(code)
        except smtplib.SMTPNotSupportedError:
            return Undelivered(
                "the mail server does not offer what is asked of it (TLS, or signing in)"
            ), False
        except ssl.SSLCertVerificationError:
            return Undelivered("the certificate of the mail server is not trusted"), False
        except (smtplib.SMTPException, OSError, ValueError) as error:
            if is_taken:
                return None, False
            return Undelivered(f"the mail server cannot be reached ({type(error).__name__})"), True
        return None, False

    def _connected(self) -> SMTP:
        import smtplib
        import ssl

        options = self._options
        # Left to itself, smtplib would ask a name server who we are.
        at: dict[str, Any] = {
            "host": options.server, "port": self._port, "timeout": _TIMEOUT_SECONDS, "local_hostname": _own_name(),
        }  # fmt: skip
        if options.tls == "off":
            return smtplib.SMTP(**at)
        trusted = ssl.create_default_context(cafile=options.ca or None)
        if options.tls == "always":
            return smtplib.SMTP_SSL(**at, context=trusted)
        server = smtplib.SMTP(**at)
        try:
            server.starttls(context=trusted)
        except BaseException:
            server.close()
            raise
        return server


def _own_name() -> str:
    import socket

    name = socket.gethostname()
    return name if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]{0,200}", name) else "localhost"


def _is_later(code: int) -> bool:
    return 400 <= code < 500


def is_address(text: str) -> bool:
    """Whether it is one address and nothing else."""
    return _ADDRESS.fullmatch(text) is not None


def made(message: Message, sender: str) -> EmailMessage:
    """The mail. What stands in its headers is ours."""
    from email.message import EmailMessage
    from email.policy import SMTP
    from email.utils import format_datetime

    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = message.recipient
    mail["Subject"] = words.shortened(f"keymuster: {words.headline(message)}", 200)
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = f"<{message.key}@keymuster.invalid>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content("\n".join(_text(message)) + "\n", cte="quoted-printable")
    mail.add_alternative("\n".join(_html(message)) + "\n", subtype="html", cte="quoted-printable")
    return mail


def _text(message: Message) -> Iterator[str]:
    yield words.headline(message)
    for owner, changes in words.by_owner(message):
        yield f"\n{owner or words.NOBODY}"
        for change in changes:
            yield f"\n  {change.became}, {change.finding.severity}: {words.title(change)}"
            yield f"    {words.place(change)}"
            yield f"    {change.finding.rule}"
            if why := words.why(change):
                yield f"    {why}"
            if what := _to_do(change):
                yield f"    What to do: {what}"
    if rest := words.left_out(message):
        yield f"\n{rest}"
    if message.left_out:
        yield ""
        yield from (f"  {words.counted(one)}" for one in message.owners)


def _html(message: Message) -> Iterator[str]:
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8"></head>'
    yield '<body style="font-family: sans-serif">'
    yield f"<p><strong>{escape(words.headline(message))}</strong></p>"
    for owner, changes in words.by_owner(message):
        yield f"<h3>{escape(owner or words.NOBODY)}</h3><ul>"
        for change in changes:
            yield f"<li><strong>{change.became}, {change.finding.severity}</strong>: {escape(words.title(change))}"
            yield f"<br><code>{escape(words.place(change))}</code><br>{escape(change.finding.rule)}"
            if why := words.why(change):
                yield f"<br><em>{escape(why)}</em>"
            if what := _to_do(change):
                yield f"<br>What to do: {escape(what)}"
            yield "</li>"
        yield "</ul>"
    if rest := words.left_out(message):
        yield f"<p>{escape(rest)}</p>"
    if message.left_out and message.owners:
        yield "<ul>"
        yield from (f"<li>{escape(words.counted(one))}</li>" for one in message.owners)
        yield "</ul>"
    yield "</body></html>"


def _to_do(change: Change) -> str:
    """Nothing, for what is gone."""
    return "" if change.became in ("resolved", "accepted") else words.remedy(change)
