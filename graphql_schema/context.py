"""What one request carries: who asks, and the transactions it runs in."""

import contextlib
from collections.abc import Callable, Hashable, Iterator
from typing import Any, TypeVar

import strawberry

from app.actor import Actor
from app.config import Settings
from app.database import Database, Db

Loaded = TypeVar("Loaded")


class Context:
    """One reader for the queries of a request, opened when first needed; a writer a mutation."""

    def __init__(
        self, *, database: Database, actor: Actor, request_id: str, settings: Settings
    ) -> None:
        self.database = database
        self.actor = actor
        self.request_id = request_id
        self.settings = settings
        self._reading = contextlib.ExitStack()
        self._db: Db | None = None
        self._loaded: dict[Hashable, Any] = {}

    @property
    def language(self) -> str:
        return self.actor.language

    @property
    def db(self) -> Db:
        """For reading; sees all that this request has written."""
        if self._db is None:
            self._db = self._reading.enter_context(self.database.read(self.actor))
        return self._db

    def once(self, what: Hashable, load: Callable[[], Loaded]) -> Loaded:
        """What was loaded before in this reading, else what is loaded now."""
        if what not in self._loaded:
            self._loaded[what] = load()
        return self._loaded[what]  # type: ignore[no-any-return]

    @contextlib.contextmanager
    def write(self) -> Iterator[Db]:
        """The transaction of one mutation. Reading begins anew after it."""
        self.close()
        with self.database.write(self.actor) as db:
            yield db

    def close(self) -> None:
        """End reading; called at the end of the request, whatever came of it."""
        self._db = None
        self._loaded.clear()
        self._reading.close()


Info = strawberry.Info[Context, None]
