"""How fast the portal is, each figure beside a bare floor: `python -m tests.bench`."""

import argparse
import contextlib
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import orjson
import sqlalchemy as sa

from app.config import Settings
from app.database import Database
from auth.bearer import identify
from auth.tokens import AccessTokens
from tests.bench import roster
from tests.bench.district import Parent, build
from tests.bench.load import CONNECTIONS, Measured, Plan
from tests.bench.questions import COUNTER, QUESTIONS, Question
from tests.postgresql import Cluster, cluster_for_this_run
from tests.serving import Server, serving
from tests.sqlite import Files

ASKING = 500  # parents
LIFETIME = timedelta(days=1)
SECRET = "benchmark" * 5
Figures = dict[str, str]


def main() -> None:
    options = argparse.ArgumentParser(prog="tests.bench", description=__doc__)
    options.add_argument("--seconds", type=float, default=5, help="of each figure (5)")
    seconds = options.parse_args().seconds
    before = os.getloadavg()[0]
    with _places() as (folder, places):
        files = roster.write_files(folder)
        found = {
            name: requests(place, folder, seconds) | first_load(place, files, folder)
            for name, place in places.items()
        }
    print_table(found)
    print(
        f"\n{CONNECTIONS} connections, {os.cpu_count()} cores, Python {platform.python_version()}; "
        f"load average before: {before:.1f}"
    )


@contextlib.contextmanager
def _places() -> Iterator[tuple[Path, dict[str, Files | Cluster]]]:
    """Where databases of each kind are made, and a folder for files."""
    with tempfile.TemporaryDirectory() as folder, cluster_for_this_run() as cluster:
        cluster.start()
        yield Path(folder), {"SQLite": Files(Path(folder)), "PostgreSQL": cluster}
        cluster.close()


def requests(place: Files | Cluster, folder: Path, seconds: float) -> Figures:
    url = _text(place.create())
    database = Database(url)
    tell("writing 5,000 contacts with 400,000 deliveries")
    parents = random.Random(1).sample(build(database), ASKING)
    tidy(database)
    tokens = AccessTokens(database, Settings(secret_key=SECRET))
    asking = {
        tokens.mint(p.account_id, p.session_id, database.clock(), LIFETIME): p for p in parents
    }
    figures = _version(database) | token_cost(database, tokens, list(asking))
    settings = {"database_url": url, "secret_key": SECRET}
    with (
        serving("app.main:create_app", folder, **settings) as portal,
        serving("tests.bench.floor:create_floor", folder, **settings) as floor,
    ):
        for question in QUESTIONS:
            figures |= compared(question, asking, portal, floor, seconds)
    place.drop(database.engine)
    return figures


def _version(database: Database) -> Figures:
    numbers = database.engine.dialect.server_version_info or ()
    return {"version": ".".join(map(str, numbers))}


def tidy(database: Database) -> None:
    """As a database is that has not just been filled."""
    with database.engine.connect() as opened:
        connection = opened.execution_options(isolation_level="AUTOCOMMIT")
        if database.sqlite:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            connection.exec_driver_sql("VACUUM ANALYZE")


def compared(
    question: Question, asking: dict[str, Parent], portal: Server, floor: Server, seconds: float
) -> Figures:
    ours = [question.ask(parent, token) for token, parent in asking.items()]
    bare = [question.ask_bare(parent) for parent in asking.values()]
    tell(f"{question.name}: the portal, then the bare handler")
    measured = measure(portal, _in_turn(ours), question.expected, seconds)
    least = measure(floor, _in_turn(bare), question.expected_bare, seconds)
    return {
        f"{question.name}: a second": f"{measured.per_second:.0f}",
        f"{question.name}: p50 / p95": f"{measured.p50:.0f} / {measured.p95:.0f} ms",
        f"{question.name}: bare handler": f"{least.per_second:.0f}",
        f"{question.name}: share of it": f"{measured.per_second / least.per_second:.0%}",
    }


def _in_turn(requests: list[list[str]]) -> list[str]:
    """Everybody's first request, then everybody's second."""
    return [each[turn] for turn in (0, 1) for each in requests]


def measure(server: Server, requests: list[str], expected: str, seconds: float) -> Measured:
    plan = orjson.dumps(asdict(Plan(requests, expected, COUNTER)))
    command = [sys.executable, "-m", "tests.bench.load", str(server.port), str(seconds)]
    done = subprocess.run(command, input=plan, stdout=subprocess.PIPE, check=True)
    return Measured(**orjson.loads(done.stdout))


def token_cost(database: Database, tokens: AccessTokens, texts: list[str]) -> Figures:
    """What it takes to know who asks, one after the other."""
    now = database.clock()
    return {
        "token: new to the server": _median(lambda text: tokens.verify(text, now), texts),
        "token: seen before": _median(lambda text: tokens.verify(text, now), texts),
        "token: with session and contacts": _median(
            lambda text: identify(database, tokens, f"Bearer {text}"), texts
        ),
    }


def _median(act: Callable[[str], object], texts: list[str]) -> str:
    durations = []
    for text in texts:
        began = time.perf_counter()
        act(text)
        durations.append(time.perf_counter() - began)
    return f"{1_000_000 * statistics.median(durations):.0f} µs"


def first_load(place: Files | Cluster, files: Path, folder: Path) -> Figures:
    url = place.create()
    settings = Settings(database_url=_text(url), secret_key=SECRET, ledger_dir=folder / "ledger")
    tell(f"roster: a first load of {roster.CONTACTS:,} contacts")
    load = roster.first_load(
        files,
        folder,
        {
            "PORTAL_DATABASE_URL": settings.database_url,
            "PORTAL_SECRET_KEY": settings.secret_key,
            "PORTAL_LEDGER_DIR": str(settings.ledger_dir),
        },
    )
    place.drop(sa.create_engine(url))
    return {
        "roster of 50,000: time": f"{load.seconds:.0f} s",
        "roster of 50,000: memory": f"{load.megabytes:.0f} MB",
    }


def print_table(found: dict[str, Figures]) -> None:
    """In Markdown, as docs/performance.md holds it."""
    names = next(iter(found.values()))
    rows = [["", *found], *([name, *(of[name] for of in found.values())] for name in names)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    rows.insert(1, ["-" * width for width in widths])
    for row in rows:
        print("| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |")


def tell(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def _text(url: sa.URL) -> str:
    return url.render_as_string(hide_password=False)


if __name__ == "__main__":
    main()
