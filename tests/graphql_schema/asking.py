"""Ask an application in this process, as a client over HTTP would."""

import asyncio
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.types import ASGIApp

from app.config import Settings

DEVELOPMENT = Settings(environment="development", secret_key="k" * 40)
PRODUCTION = Settings(secret_key="k" * 40, public_url="https://portal.example")
GRAPHQL_JSON = "application/graphql-response+json"
JSON = "application/json"
# Well formed, of a key that only the database could know.
A_TOKEN_TO_LOOK_UP = {
    "authorization": "Bearer "
    + jwt.encode(
        {}, Ed25519PrivateKey.generate(), "EdDSA", headers={"typ": "at+jwt", "kid": "unknown"}
    )
}


def ask(app: ASGIApp, method: str, path: str, **request: Any) -> httpx.Response:
    return ask_at_once(app, [(method, path, request)])[0]


def ask_at_once(
    app: ASGIApp, requests: list[tuple[str, str, dict[str, Any]]]
) -> list[httpx.Response]:
    async def talk() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://portal.test") as client:
            return await asyncio.gather(
                *(client.request(method, path, **request) for method, path, request in requests)
            )

    return asyncio.run(talk())


def run(
    app: ASGIApp, query: object, *, headers: dict[str, str] | None = None, **parameters: Any
) -> httpx.Response:
    """One GraphQL operation by POST."""
    return ask(app, "POST", "/graphql", json={"query": query, **parameters}, headers=headers)


def codes(response: httpx.Response) -> list[str]:
    """The code of each error; every error also carries the id that the response has."""
    errors = response.json()["errors"]
    for error in errors:
        assert error["extensions"]["requestId"] == response.headers["x-request-id"]
        assert error["message"]
    return [error["extensions"]["code"] for error in errors]
