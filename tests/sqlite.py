"""SQLite files for the tests: each a copy of one that was migrated once."""

import shutil
from pathlib import Path

import sqlalchemy as sa

import migrations
from app.database import create_engine


class Files:
    """Databases as files in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.template = folder / "template.db"
        self._made = 0
        engine = create_engine(f"sqlite:///{self.template}")
        migrations.upgrade(engine)
        engine.dispose()

    def create(self) -> sa.URL:
        """A new database at the newest schema."""
        self._made += 1
        file = shutil.copyfile(self.template, self.folder / f"portal-{self._made}.db")
        return sa.make_url(f"sqlite:///{file}")

    def empty(self, engine: sa.Engine) -> None:
        self.drop(engine)
        shutil.copyfile(self.template, str(engine.url.database))

    def drop(self, engine: sa.Engine) -> None:
        engine.dispose()
        file = Path(str(engine.url.database))
        for suffix in ("", "-wal", "-shm"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)

    def close(self) -> None:
        pass
