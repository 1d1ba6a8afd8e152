"""The floor under each figure: a bare handler that runs one statement on the driver itself.

Served by the same server with the same settings. It knows no person, rule or ledger, and builds
its JSON in the database.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import psycopg
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.config import Settings
from app.database import SQLITE_PRAGMAS
from graphql_schema.http import THREADS

HOME = """
SELECT CAST({object}(
    'given_name', c.given_name, 'family_name', c.family_name, 'version', c.version,
    'students', (
        SELECT {array}({object}('given_name', s.given_name, 'grade', s.grade, 'school', h.name))
        FROM guardianship g
        JOIN student s ON s.district_id = g.district_id AND s.id = g.student_id
        JOIN school h ON h.district_id = s.district_id AND h.id = s.school_id
        WHERE g.district_id = c.district_id AND g.contact_id = c.id
            AND g.rights <> 'NO_RIGHTS' AND g.retired_at IS NULL),
    'destinations', (
        SELECT {array}({object}(
            'value', d.value, 'label', l.label, 'version', l.version,
            'consents', (
                SELECT {array}({object}('channel', k.channel, 'status', k.status))
                FROM consent k
                WHERE k.district_id = d.district_id AND k.destination_id = d.id),
            'opt_outs', (
                SELECT {array}({object}('channel', o.channel, 'scope', o.scope))
                FROM opt_out o
                WHERE o.district_id = d.district_id AND o.destination_id = d.id),
            'preferences', (
                SELECT {array}({object}('channel', p.channel, 'type', t.code, 'wanted', p.wanted))
                FROM preference p JOIN broadcast_type t
                    ON t.district_id = p.district_id AND t.id = p.broadcast_type_id
                WHERE p.district_id = l.district_id AND p.link_id = l.id)))
        FROM link l JOIN destination d ON d.district_id = l.district_id AND d.id = l.destination_id
        WHERE l.district_id = c.district_id AND l.contact_id = c.id AND l.retired_at IS NULL)
) AS text)
FROM contact c WHERE c.district_id = {district} AND c.id = {contact}
"""
HISTORY = """
SELECT CAST({array}({object}(
    'id', m.id, 'sent_at', m.sent_at, 'read_at', m.read_at,
    'subject', m.subject, 'body', m.body, 'type', m.broadcast_type_id, 'school', m.school,
    'deliveries', (
        SELECT {array}({object}(
            'channel', d.channel, 'sent_to', d.sent_to, 'status', d.status, 'at', d.at))
        FROM delivery d WHERE d.district_id = m.district_id AND d.message_id = m.id),
    'students', (
        SELECT {array}({object}('given_name', s.given_name))
        FROM message_student a JOIN student s
            ON s.district_id = a.district_id AND s.id = a.student_id
        WHERE a.district_id = m.district_id AND a.message_id = m.id)
)) AS text)
FROM (
    SELECT m.*, b.subject, b.body, b.broadcast_type_id, h.name AS school
    FROM message m
    JOIN broadcast b ON b.district_id = m.district_id AND b.id = m.broadcast_id
    LEFT JOIN school h ON h.district_id = b.district_id AND h.id = b.school_id
    WHERE m.district_id = {district} AND m.contact_id = {contact}
    ORDER BY m.sent_at DESC, m.id DESC LIMIT 50
) m
"""
WRITE = """
UPDATE preference SET wanted = {wanted}, version = version + 1
WHERE district_id = {district} AND link_id = {link} AND channel = 'SMS'
    AND broadcast_type_id = {type}
RETURNING CAST({object}('version', version) AS text)
"""
STATEMENTS = {"home": HOME, "history": HISTORY, "write": WRITE}
NAMES = ("district", "contact", "link", "type", "wanted")
Run = Callable[[str, dict[str, Any]], str]


def create_floor(settings: Settings) -> Starlette:
    """The bare application; its paths are the names of the statements."""
    run = _sqlite(settings) if settings.database_url.startswith("sqlite") else _postgresql(settings)
    threads = ThreadPoolExecutor(THREADS)

    async def respond(request: Request) -> Response:
        asked = orjson.loads(await request.body())
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(threads, run, request.url.path[1:], asked)
        return Response(answer, media_type="application/json")

    return Starlette(routes=[Route(f"/{name}", respond, methods=["POST"]) for name in STATEMENTS])


def _sqlite(settings: Settings) -> Run:
    file = sa.make_url(settings.database_url).database or ""
    words = {"object": "json_object", "array": "json_group_array"}
    texts = _texts(words | {name: f":{name}" for name in NAMES})
    own, one_writer = threading.local(), threading.Lock()

    def run(name: str, asked: dict[str, Any]) -> str:
        if not hasattr(own, "connection"):
            own.connection = sqlite3.connect(file, isolation_level=None)
            for pragma in SQLITE_PRAGMAS:
                own.connection.execute(f"PRAGMA {pragma}")
        if name != "write":
            return str(own.connection.execute(texts[name], asked).fetchone()[0])
        with one_writer:
            return str(own.connection.execute(texts[name], asked).fetchall()[0][0])

    return run


def _postgresql(settings: Settings) -> Run:
    url = settings.database_url.replace("postgresql+psycopg", "postgresql")
    words = {"object": "json_build_object", "array": "json_agg"}
    texts = _texts(words | {name: f"%({name})s" for name in NAMES})
    own = threading.local()

    def run(name: str, asked: dict[str, Any]) -> str:
        if not hasattr(own, "connection"):
            own.connection = psycopg.connect(url, autocommit=True)
        return str(own.connection.execute(texts[name], asked).fetchone()[0])

    return run


def _texts(words: dict[str, str]) -> dict[str, str]:
    return {name: text.format(**words) for name, text in STATEMENTS.items()}
