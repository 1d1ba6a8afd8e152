"""A real SMTP server on loopback that behaves as told and keeps what it took."""

import asyncio
import contextlib
import ssl
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

PASSWORD = b"a pass:word/@"


class Postmaster:
    """Takes mails; each hook can be told to answer otherwise."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.encrypted: list[bool] = []
        self.to_recipient = "250 OK"
        self.to_data = "250 OK"
        self.logins = 0
        self.drops = 0
        self.drops_after_taking = 0
        self.sleeps = 0.0

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self.sleeps)
        if self.drops:
            self.drops -= 1
            server.transport.abort()
            return "421 gone"
        if self.to_data.startswith("250"):
            assert isinstance(envelope.content, bytes)
            message = message_from_bytes(envelope.content, policy=default)
            assert isinstance(message, EmailMessage)
            self.taken.append(message)
            self.recipients += envelope.rcpt_tos
            self.encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        if self.drops_after_taking:
            self.drops_after_taking -= 1
            server.transport.abort()
        return self.to_data

    def authenticate(self, *conversation: Any) -> AuthResult:
        data = conversation[-1]
        self.logins += 1
        right = isinstance(data, LoginPassword) and data.password == PASSWORD
        return AuthResult(success=right, handled=False)

    @property
    def texts(self) -> list[str]:
        return [message.get_content().replace("\r\n", "\n") for message in self.taken]


class OnAnyPort(Controller):
    def _trigger_server(self) -> None:
        """Learn which port the system gave, before aiosmtpd tries it."""
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextlib.contextmanager
def a_mail_server(
    *, tls: ssl.SSLContext | None = None, from_first_byte: bool = False, auth: bool = False
) -> Iterator[tuple[Postmaster, str]]:
    """The postmaster, and the host:port where he listens."""
    postmaster = Postmaster()
    controller = OnAnyPort(
        postmaster,
        hostname="127.0.0.1",
        port=0,
        ssl_context=tls if from_first_byte else None,
        tls_context=None if from_first_byte else tls,
        auth_required=auth,
        auth_require_tls=tls is not None,
        authenticator=postmaster.authenticate,
    )
    controller.start()
    try:
        yield postmaster, f"localhost:{controller.port}"
    finally:
        controller.stop()
