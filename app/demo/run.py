"""`portal demo`: a district to try everything on, kept from one start to the next."""

import os
import subprocess
import sys
import webbrowser
from pathlib import Path
from threading import Timer

from rich.console import Console

import migrations
from app.actor import Service
from app.config import DEVELOPMENT_KEY, Settings
from app.consent.checkpoints import sign_all
from app.database import Database
from app.demo.files import HERE, write_broadcasts, write_roster
from app.demo.people import ADMINISTRATOR, MARIA, WHO, grant_staff, say_what_they_said
from app.demo.springfield import SCHOOLS, Family, Town
from app.directory.district_file import load_document
from app.directory.models import District
from app.directory.settings import apply_district
from app.exchange.broadcasts import import_broadcasts
from app.exchange.roster import import_roster
from app.main import create_app
from app.server import serve
from auth.sign_in import token_for

OPERATOR = "demo"
HOURS = 12
SECOND_TO_START = 2.0
screen = Console(stderr=True, highlight=False, soft_wrap=True)


def run_demo(data: Path, port: int, *, open_browser: bool) -> None:
    """Make the district if it is not there, then serve it with a worker beside it."""
    data = data.resolve()
    data.mkdir(parents=True, exist_ok=True)
    settings = demo_settings(data, port)
    prepare(settings, data)
    worker = _start_worker(settings)
    _tell(settings, data)
    if open_browser:
        opener = Timer(SECOND_TO_START, webbrowser.open, [f"{settings.public_url}/graphql"])
        opener.daemon = True
        opener.start()
    try:
        serve(settings, "127.0.0.1", port, 1, create_app)
    finally:
        worker.terminate()
        worker.wait()


def demo_settings(data: Path, port: int) -> Settings:
    return Settings(
        environment="development",
        database_url=f"sqlite:///{data / 'portal.db'}",
        public_url=f"http://localhost:{port}",
        secret_key=DEVELOPMENT_KEY,
        ledger_dir=data / "ledger",
    )


def prepare(settings: Settings, data: Path) -> None:
    """Bring the demo's districts in as any district comes in: by its files."""
    database = Database(settings.database_url)
    migrations.upgrade(database.engine)
    done = data / "ready"
    if not done.exists():
        screen.print("Making the demo district …")
        _make(database, settings, data / "files")
        done.touch()
    database.dispose()


def _make(database: Database, settings: Settings, files: Path) -> None:
    town = Town()
    families = list(town.families())
    springfield = _district(database, "springfield")
    _import_people(database, springfield, files, families, SCHOOLS)
    sent = files / "springfield-broadcasts.ndjson"
    write_broadcasts(sent, families, town, database.clock())
    operator = _operator(springfield)
    with sent.open("rb") as lines:
        import_broadcasts(database, operator, springfield.key, lines)
    grant_staff(database, operator, springfield)
    _import_people(
        database,
        _district(database, "shelbyville"),
        files,
        [_second_home(town)],
        {"sch-east": "Shelbyville East"},
    )
    say_what_they_said(database, settings)
    sign_all(database, settings)


def _district(database: Database, key: str) -> District:
    document = load_document(HERE / "districts" / f"{key}.toml")
    anywhere = Service(OPERATOR)
    with database.write(anywhere) as db:
        return apply_district(db, anywhere, document)


def _import_people(
    database: Database,
    district: District,
    files: Path,
    families: list[Family],
    schools: dict[str, str],
) -> None:
    folder = files / f"{district.key}-roster"
    write_roster(folder, families, schools)
    import_roster(database, _operator(district), district.key, folder)


def _operator(district: District) -> Service:
    return Service(OPERATOR, frozenset({district.id}))


def _second_home(town: Town) -> Family:
    """Maria has a stepson in the next district: two districts in one login."""
    maria = town.person("Maria", "Lopez", MARIA)
    son = town.child("Rivera", "sch-north")
    son.school = "sch-east"
    return Family([maria], [son], [(maria, son, "stepmother", "FULL")])


def _start_worker(settings: Settings) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", "worker"], env=os.environ | environment(settings)
    )


def environment(settings: Settings) -> dict[str, str]:
    """The settings as the environment of another `portal` command."""
    return {
        "PORTAL_ENVIRONMENT": settings.environment,
        "PORTAL_DATABASE_URL": settings.database_url,
        "PORTAL_PUBLIC_URL": settings.public_url,
        "PORTAL_LEDGER_DIR": str(settings.ledger_dir),
    }


def _tell(settings: Settings, data: Path) -> None:
    """Where to go, and who to be."""
    database = Database(settings.database_url)
    minutes = HOURS * 60
    parent = token_for(database, settings, MARIA, minutes=minutes)
    staff = token_for(database, settings, ADMINISTRATOR, staff=True, minutes=minutes)
    database.dispose()
    url = settings.public_url
    screen.print("\n[bold]Where to go[/bold]", f"  {url}/graphql     ask the schema", sep="\n")
    screen.print(f"  {url}/dev/outbox  the mails it sends")
    screen.print("\n[bold]Who to be[/bold]")
    for email, said in WHO.items():
        screen.print(f"  {email:32} {said}")
    screen.print("\n[bold]In another shell[/bold], so that `portal` finds this demo:")
    for name, value in environment(settings).items():
        screen.print(f"  export {name}={value}")
    screen.print(f"  export PARENT={parent}")
    screen.print(f"  export STAFF={staff}")
    screen.print(f"\nIts files lie in {data / 'files'}. Stop with Ctrl-C; all is kept.\n")
