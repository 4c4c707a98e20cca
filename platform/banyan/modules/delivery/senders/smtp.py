"""E-mail over SMTP, encrypted unless the settings say otherwise."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from banyan.kernel.i18n import _
from banyan.kernel.sending import Channel, Letter, Send, Sending, SendingFailed

TIMEOUT_SECONDS = 20
# A mailbox that is full or a server that is busy answers 4xx; 5xx is for good, but for these.
_PASSING = (421, 450, 451, 452)


@dataclass(frozen=True, slots=True)
class SmtpSender:
    """Sends through one mail server. A message-id made of the message's own lets mailboxes drop a second copy."""

    settings: Sending
    channel: Channel = "email"
    name: str = "smtp"
    repeatable: bool = False

    @contextmanager
    def open(self) -> Iterator[Send]:
        """A signed-in connection; `SendingFailed` where there is none to be had."""
        try:
            server = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            raise SendingFailed(f"{type(error).__name__}: {_said(error)}") from error
        try:
            yield lambda letter: self._send(server, letter)
        finally:
            with suppress(OSError, smtplib.SMTPException):
                server.quit()

    def _connect(self) -> smtplib.SMTP:
        settings, trust = self.settings, ssl.create_default_context()
        server: smtplib.SMTP
        if settings.smtp_security == "tls":
            server = smtplib.SMTP_SSL(settings.smtp_host, settings.smtp_port, timeout=TIMEOUT_SECONDS, context=trust)
        else:
            server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=TIMEOUT_SECONDS)
        try:
            if settings.smtp_security == "starttls":
                server.starttls(context=trust)
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password)
        except BaseException:
            server.close()
            raise
        return server

    def _send(self, server: smtplib.SMTP, letter: Letter) -> str:
        mail = written(letter, self.settings.smtp_from)
        try:
            server.send_message(mail, from_addr=self.settings.smtp_from, to_addrs=[letter.recipient])
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise SendingFailed(f"{code} {_text(said)}", final=code not in _PASSING and code >= 500) from error
        except smtplib.SMTPResponseException as error:
            final = error.smtp_code >= 500 and not isinstance(error, smtplib.SMTPAuthenticationError)
            raise SendingFailed(f"{error.smtp_code} {_text(error.smtp_error)}", final=final) from error
        except (OSError, smtplib.SMTPException) as error:
            raise SendingFailed(f"{type(error).__name__}: {_said(error)}") from error
        return str(mail["Message-ID"])


def written(letter: Letter, sent_from: str) -> EmailMessage:
    """A letter as mail."""
    mail = EmailMessage()
    name, _at, domain = sent_from.rpartition("@")
    mail["From"] = Address(_("Banyan"), name, domain)
    mail["To"] = letter.recipient
    mail["Subject"] = " ".join(letter.subject.split())
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = f"<{letter.id}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("\n\n".join(part for part in (letter.body, letter.link) if part) + "\n")
    if letter.html:
        link = f'<p><a href="{letter.link}">{letter.link}</a></p>' if letter.link else ""
        mail.add_alternative(f"<!doctype html><html><body>{letter.html}{link}</body></html>", subtype="html")
    return mail


def _said(error: Exception) -> str:
    return str(error)[:200]


def _text(said: bytes | str) -> str:
    return (said.decode("utf-8", "replace") if isinstance(said, bytes) else said)[:200]
