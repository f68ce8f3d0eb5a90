from __future__ import annotations

import email
import email.policy
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from threading import Event as Flag
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from keymuster.errors import SettingsError
from keymuster.estate.channels.base import Undelivered
from keymuster.estate.channels.email import Email, EmailOptions, is_address, made
from keymuster.estate.credentials import Reference
from telling_made import HOSTILE, finding, message

RIGHT = "right"


class Box:
    """What has arrived, and what is answered instead of taking it."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], EmailMessage]] = []
        self.answers: list[str] = []
        self.refused: str = ""
        self.farewell = "221 bye"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return self.farewell

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refused:
            return self.refused
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.answers:
            return self.answers.pop(0)
        content = envelope.content
        assert isinstance(content, bytes)
        parsed = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append((envelope.mail_from or "", envelope.rcpt_tos, parsed))
        return "250 ok"


class Server(Controller):
    """On any port that is free."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def serving(box: Box, **options: Any) -> Iterator[int]:
    controller = Server(box, hostname="127.0.0.1", port=0, **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keymuster.estate.channels.email.pause_before", lambda attempt: 0.0)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ssl.SSLContext]:
    """The file of a made-up authority, and a server that it vouches for."""
    made = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.issue_cert("127.0.0.1").configure_cert(context)
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    made.cert_pem.write_to_path(str(path))
    return str(path), context


def opened(port: int, **options: Any) -> Email:
    words = {"server": "127.0.0.1", "port": port, "sender": "keymuster@acme.test", "tls": "off"}
    return Email(EmailOptions(**{**words, **options}), Flag())


def test_a_mail_has_text_and_html_and_one_recipient(loopback: None) -> None:
    box = Box()
    with serving(box) as port:
        opened(port).send(message(finding(owner="team-a"), recipient="team-a@acme.test"))
    [(sender, recipients, mail)] = box.mails
    assert (sender, recipients) == ("keymuster@acme.test", ["team-a@acme.test"])
    assert mail["Subject"] == "keymuster: 1 new (1 high)"
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_body(("plain",))
    page = mail.get_body(("html",))
    assert text is not None
    assert page is not None
    assert "repository:acme/api: a.py:3" in text.get_content()
    assert "What to do: Revoke it." in text.get_content()
    assert "<h3>team-a</h3>" in page.get_content()


def test_the_words_of_others_are_no_header_and_no_markup(loopback: None) -> None:
    box = Box()
    one = finding(owner=HOSTILE, message=HOSTILE, path=HOSTILE)
    with serving(box) as port:
        opened(port).send(message(one, target=HOSTILE, why=HOSTILE, recipient="a@acme.test"))
    [(_, recipients, mail)] = box.mails
    assert recipients == ["a@acme.test"]
    assert {*mail.keys()} == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress", "MIME-Version",
        "Content-Type",
    } | {"X-Peer", "X-MailFrom", "X-RcptTo"} & {*mail.keys()}  # fmt: skip
    page = mail.get_body(("html",))
    assert page is not None
    assert "<script" not in page.get_content()
    assert "&lt;script&gt;" in page.get_content()
    assert "<b>" not in page.get_content()


def test_the_same_message_has_the_same_id() -> None:
    one = message(finding(), recipient="a@acme.test")
    assert made(one, "k@acme.test")["Message-ID"] == made(one, "k@acme.test")["Message-ID"]


@pytest.mark.parametrize(
    "text",
    ["a@b.test, c@evil.test", "a@b.test\r\nBcc: c@evil.test", "A <a@b.test>", "a b@c.test", '"a"@b.test', "a@", "@b", ""],
)  # fmt: skip
def test_one_recipient_is_one_address(text: str) -> None:
    assert not is_address(text)


def test_a_mail_goes_to_nobody_if_the_recipient_is_none() -> None:
    with pytest.raises(Undelivered, match="nobody to write to"):
        opened(9).send(message(finding(), recipient="a@b.test, c@evil.test"))


def test_tls_and_a_password(
    loopback: None, authority: tuple[str, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    known: list[LoginPassword] = []

    def let_in(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        known.append(data)
        return AuthResult(success=data.password == RIGHT.encode(), handled=False)

    monkeypatch.setenv("MAIL_USER", "keymuster")
    monkeypatch.setenv("MAIL_PASSWORD", RIGHT)
    box = Box()
    ca, context = authority
    signs_in = {"user": Reference(env="MAIL_USER"), "password": Reference(env="MAIL_PASSWORD")}
    said = {"require_starttls": True, "auth_required": True, "authenticator": let_in}
    with serving(box, tls_context=context, **said) as port:
        opened(port, tls="starttls", ca=ca, **signs_in).send(
            message(finding(), recipient="a@acme.test")
        )
        monkeypatch.setenv("MAIL_PASSWORD", "wrong")
        with pytest.raises(Undelivered, match=r"does not let the user in \(535\)"):
            opened(port, tls="starttls", ca=ca, **signs_in).send(
                message(finding(), recipient="a@acme.test")
            )
    assert len(box.mails) == 1
    assert known[0].login == b"keymuster"


def test_a_certificate_that_nobody_vouches_for_is_the_end(
    loopback: None, authority: tuple[str, ssl.SSLContext]
) -> None:
    box = Box()
    with (
        serving(box, tls_context=authority[1]) as port,
        pytest.raises(Undelivered, match="not trusted"),
    ):
        opened(port, tls="starttls").send(message(finding(), recipient="a@acme.test"))
    assert box.mails == []


def test_without_tls_no_mail_leaves(loopback: None) -> None:
    box = Box()
    with serving(box) as port, pytest.raises(Undelivered, match="does not offer"):
        opened(port, tls="starttls").send(message(finding(), recipient="a@acme.test"))
    assert box.mails == []
    with pytest.raises(SettingsError, match="in the open"):
        Email(
            EmailOptions(server="mail.acme.test", sender="k@acme.test", tls="off"),
            Flag(),
        )


@pytest.mark.parametrize(
    ("set_up", "tries", "why"),
    [
        (lambda box: box.answers.extend(["451 later"]), 1, ""),
        (lambda box: box.answers.extend(["451 later"] * 9), 0, "refuses it (451)"),
        (lambda box: box.answers.extend(["554 secret words"]), 0, "refuses it (554)"),
        (lambda box: setattr(box, "refused", "550 secret words"), 0, "refuses the recipient (550)"),
    ],
)
def test_what_is_only_busy_is_tried_again(
    loopback: None, set_up: Callable[[Box], None], tries: int, why: str
) -> None:
    box = Box()
    set_up(box)
    with serving(box) as port:
        if why:
            with pytest.raises(Undelivered) as found:
                opened(port).send(message(finding(), recipient="a@acme.test"))
            assert why in str(found.value)
            assert "secret words" not in repr(found.value)
        else:
            opened(port).send(message(finding(), recipient="a@acme.test"))
    assert len(box.mails) == tries


def test_a_file_that_vouches_is_there_or_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="ca: there is no file"):
        opened(9, tls="always", ca=str(tmp_path / "none"))


def test_no_name_server_is_asked_who_we_are(
    loopback: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object) -> str:
        raise AssertionError("a name server was asked")

    monkeypatch.setattr("socket.getfqdn", asked)
    monkeypatch.setattr("smtplib.socket.getfqdn", asked)
    box = Box()
    with serving(box, server_hostname="box.acme.test") as port:
        opened(port).send(message(finding(), recipient="a@acme.test"))
    assert len(box.mails) == 1


def test_a_mail_that_was_taken_is_not_sent_again_for_a_wrong_farewell(loopback: None) -> None:
    box = Box()
    box.farewell = "421 later"
    with serving(box) as port:
        opened(port).send(message(finding(), recipient="a@acme.test"))
    assert len(box.mails) == 1
