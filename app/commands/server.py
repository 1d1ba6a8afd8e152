"""Run it: demo, serve, worker, migrate, check."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

import migrations
from app.check import findings
from app.commands.operation import messages, operation, print_json, refuse
from app.config import Settings
from app.consent.checkpoints import sign_all
from app.database import Database
from app.outbox.worker import Job, run_worker, stop_on_signal
from app.server import serve as serve_application
from auth.tidying import forget_what_is_old

PANEL = "Run"
CHECKPOINT_EVERY = timedelta(minutes=5)
TIDY_EVERY = timedelta(hours=1)


def demo(
    port: int = 8000,
    data: Annotated[Path, typer.Option(help="where the demo keeps what is done")] = Path(
        "var/demo"
    ),
    no_open: Annotated[bool, typer.Option("--no-open", help="open no browser")] = False,
) -> None:
    """A demo district in an embedded database, with server and worker."""
    from app.demo.run import run_demo  # noqa: PLC0415 (the schema is slow to build)

    run_demo(data, port, open_browser=not no_open)


def serve(host: str = "127.0.0.1", port: int = 8000, workers: int = 1) -> None:
    """Serve the portal."""
    from app.main import create_app  # noqa: PLC0415 (the schema is slow to build)

    with operation() as opened:
        if not migrations.is_current(opened.database.engine):
            raise refuse("The database is not at the newest schema. Run: portal migrate")
    serve_application(opened.settings, host, port, workers, create_app)


def worker() -> None:
    """Send what the outbox holds, apply what has fallen due."""
    with operation() as opened:
        jobs = periodic_jobs(opened.database, opened.settings)
        run_worker(opened.database, opened.settings, jobs, stop_on_signal())


def periodic_jobs(database: Database, settings: Settings) -> list[Job]:
    return [
        Job("checkpoint", CHECKPOINT_EVERY, lambda: sign_all(database, settings)),
        Job("tidying", TIDY_EVERY, lambda: forget_what_is_old(database)),
    ]


def migrate() -> None:
    """Bring the database to the newest schema."""
    with operation() as opened:
        if opened.database.sqlite:
            Path(str(opened.database.engine.url.database)).parent.mkdir(parents=True, exist_ok=True)
        migrations.upgrade(opened.database.engine)
        messages.print("The database is at the newest schema.")


def check(
    deploy: Annotated[bool, typer.Option("--deploy", help="as strict as production")] = False,
    json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Say what is missing or unsafe."""
    with operation() as opened:
        found = findings(opened.database, opened.settings, deploy=deploy)
    if json:
        print_json([{"level": one.level, "message": one.message} for one in found])
    for one in found:
        messages.print(f"{one.level}: {one.message}", markup=False)
    if any(one.level == "error" for one in found):
        raise typer.Exit(1)
    messages.print("Ready." if not found else "Ready, with the warnings above.")
