"""Mails by SMTP (RFC 5321), encrypted and checked wherever the server offers it."""

import contextlib
import smtplib
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit
from uuid import UUID

from app.config import Settings, SettingsError

TIMEOUT_SECONDS = 10  # for each step of the conversation
PORTS = {"smtp": 25, "smtps": 465}


@dataclass(frozen=True, slots=True)
class Mail:
    id: UUID
    recipient: str
    subject: str
    text: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """The server that takes our mails; `smtps` is TLS from the first byte."""

    scheme: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    mail_from: str

    @classmethod
    def from_settings(cls, settings: Settings) -> "SmtpServer":
        """From smtp[s]://user:password@host:port; raises SettingsError where no host is named."""
        try:
            url = urlsplit(settings.smtp_url)
            port = url.port or PORTS[url.scheme]
        except (KeyError, ValueError) as error:
            raise SettingsError("PORTAL_SMTP_URL must be smtp[s]://host:port") from error
        if not url.hostname:
            raise SettingsError("PORTAL_SMTP_URL names no host")
        user, password = unquote(url.username or ""), unquote(url.password or "")
        return cls(url.scheme, url.hostname, port, user, password, settings.mail_from)

    def send(self, mail: Mail) -> None:
        """Hand over one mail on a connection of its own, so that none can spoil another.

        Raises ValueError or LookupError for a mail that cannot be built, smtplib's errors and OSError for what
        the server or the way to it did.
        """
        message = build_message(mail, self.mail_from)
        with contextlib.closing(self._connected()) as smtp:
            self._secure(smtp)
            if self.user:
                smtp.login(self.user, self.password)
            smtp.send_message(message)
            with contextlib.suppress(OSError):  # it has the mail: a lost farewell changes nothing
                smtp.quit()

    def _connected(self) -> smtplib.SMTP:
        name = Address(addr_spec=parseaddr(self.mail_from)[1]).domain
        if self.scheme == "smtps":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(
                self.host, self.port, name, timeout=TIMEOUT_SECONDS, context=context
            )
        return smtplib.SMTP(self.host, self.port, name, timeout=TIMEOUT_SECONDS)

    def _secure(self, smtp: smtplib.SMTP) -> None:
        """STARTTLS (RFC 3207) where it is offered; a password never travels in clear."""
        if self.scheme == "smtps":
            return
        smtp.ehlo()
        if smtp.has_extn("starttls"):
            smtp.starttls(context=ssl.create_default_context())
        elif self.user:
            raise smtplib.SMTPNotSupportedError("no TLS for the password")


def build_message(mail: Mail, mail_from: str) -> EmailMessage:
    """A plain text mail. A repeat has the same Message-ID, so that a mailbox can tell.

    Raises ValueError or LookupError for what is no address or would break out of its header.
    """
    domain = Address(addr_spec=parseaddr(mail_from)[1]).domain
    message = EmailMessage(policy=SMTP)
    message["From"] = mail_from
    message["To"] = Address(addr_spec=mail.recipient)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = f"<{mail.id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notice answers it
    message.set_content(mail.text, cte="quoted-printable")
    return message
