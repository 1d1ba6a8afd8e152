"""The development page that shows the outbox."""

import asyncio

import httpx
from starlette.applications import Starlette

from app.actor import Service
from app.config import Settings
from app.database import Database
from app.outbox.queue import enqueue_mail
from app.outbox.routes import outbox_routes


def page(database: Database, settings: Settings) -> httpx.Response:
    app = Starlette(routes=outbox_routes(database, settings))

    async def got() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get("/dev/outbox")

    return asyncio.run(got())


def test_mails_are_shown_newest_first_and_as_text(database: Database) -> None:
    settings = Settings(environment="development")
    assert "Nothing yet." in page(database, settings).text
    with database.write(Service("test")) as db:
        for subject in ("older", "<script>newer</script>"):
            enqueue_mail(
                db,
                kind="test",
                recipient="a@example.org",
                subject=subject,
                text="<b>{bold}</b> & co",
            )
    shown = page(database, settings)
    assert shown.status_code == 200
    assert "<script" not in shown.text
    assert "&lt;b&gt;{bold}&lt;/b&gt; &amp; co" in shown.text
    assert shown.text.index("newer&lt;") < shown.text.index("older")


def test_the_page_does_not_exist_in_production(database: Database) -> None:
    assert page(database, Settings(environment="production")).status_code == 404
