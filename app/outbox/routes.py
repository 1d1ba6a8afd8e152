"""The page /dev/outbox: in development, where mails that nobody sends can be read."""

from html import escape

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from app.actor import Visitor
from app.config import Settings
from app.database import Database
from app.outbox.models import OutboxItem
from app.outbox.queue import newest_items

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Outbox</title>
</head>
<body>
<h1>Outbox</h1>
<p>What this portal has sent, newest first. This page exists in development only.</p>
{items}
</body>
</html>
"""
ITEM = """\
<article id="{id}">
<h2>{subject}</h2>
<p>To {recipient}, {created_at} ({kind}, {state})</p>
<pre>{text}</pre>
</article>
"""


def outbox_routes(database: Database, settings: Settings) -> list[Route]:
    """The page, or nothing outside development: codes stand on it for all to read."""
    if not settings.development:
        return []

    async def page(_request: Request) -> HTMLResponse:
        return HTMLResponse(await run_in_threadpool(_page, database))

    return [Route("/dev/outbox", page)]


def _page(database: Database) -> str:
    with database.read(Visitor()) as db:
        items = newest_items(db)
    return PAGE.format(items="".join(_item(item) for item in items) or "<p>Nothing yet.</p>")


def _item(item: OutboxItem) -> str:
    return ITEM.format(
        id=item.id,
        subject=escape(item.content.get("subject", "")),
        recipient=escape(item.recipient),
        created_at=item.created_at.isoformat(timespec="seconds"),
        kind=escape(item.kind),
        state=_state(item),
        text=escape(item.content.get("text", "")),
    )


def _state(item: OutboxItem) -> str:
    if item.sent_at is not None:
        return "sent"
    return "given up" if item.failed_at is not None else "waiting"
