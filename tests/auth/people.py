"""The sign-in as a browser or an app meets it, and the mails it sends."""

import asyncio
import re
from typing import Any

import httpx
import sqlalchemy as sa
from starlette.applications import Starlette

from app.actor import Actor, Visitor
from app.config import Settings
from app.database import Database
from app.outbox.models import OutboxItem
from auth.bearer import identify
from auth.routes import auth_routes
from auth.tokens import AccessTokens

SETTINGS = Settings(public_url="https://portal.example.org", secret_key="s" * 32)


class Door:
    """The sign-in routes of one process, and what came of them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.tokens = AccessTokens(database, SETTINGS)
        self.app = Starlette(routes=auth_routes(database, SETTINGS, self.tokens))

    def client(self, host: str = "192.0.2.1") -> httpx.AsyncClient:
        """Somebody at this network address."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(host, 50_000))
        return httpx.AsyncClient(transport=transport, base_url=SETTINGS.public_url)

    def send(self, path: str, *, host: str = "192.0.2.1", **request: Any) -> httpx.Response:
        async def sent() -> httpx.Response:
            async with self.client(host) as client:
                return await client.post(path, **request)

        return asyncio.run(sent())

    def post(self, path: str, body: Any, *, host: str = "192.0.2.1") -> httpx.Response:
        return self.send(path, host=host, json=body)

    def ask(self, email: str, **more: Any) -> httpx.Response:
        return self.post("/auth/code", {"email": email, **more})

    def sign_in(self, email: str, **more: Any) -> dict[str, Any]:
        """Ask, read the mail, answer: the credentials."""
        assert self.ask(email, **more).status_code == 202
        answer = self.post("/auth/token", {"email": email, "code": self.code_for(email)})
        assert answer.status_code == 200, answer.text
        credentials: dict[str, Any] = answer.json()
        return credentials

    def mails(self, to: str | None = None) -> list[OutboxItem]:
        """Oldest first."""
        statement = sa.select(OutboxItem).order_by(OutboxItem.id)
        if to is not None:
            statement = statement.where(OutboxItem.recipient == to)
        with self.database.read(Visitor()) as db:
            return list(db.session.scalars(statement))

    def code_for(self, email: str) -> str:
        found = re.search(r"#(\d{6})$", str(self.mails(email.lower())[-1].content["text"]).strip())
        assert found is not None
        return found.group(1)

    def actor(self, credentials: dict[str, Any]) -> Actor:
        authorization = f"{credentials['token_type']} {credentials['access_token']}"
        return identify(self.database, self.tokens, authorization)


def another(code: str) -> str:
    """A code that is not this one."""
    return f"{(int(code) + 1) % 10**6:06}"
