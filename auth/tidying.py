"""For the worker: what sign-in and idempotency need no longer is forgotten."""

from app.actor import Service
from app.database import Database
from auth.codes import forget_codes
from auth.idempotency import forget_old_keys
from auth.sessions import forget_successors


def forget_what_is_old(database: Database) -> None:
    with database.write(Service("worker")) as db:
        forget_codes(db)
        forget_successors(db)
        forget_old_keys(db)
