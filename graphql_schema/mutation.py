"""The one way a mutation runs: one transaction, acting once, refusals as data."""

import dataclasses
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import structlog

from app.actor import Actor, Visitor, identity
from app.audit.record import record
from app.database import Db
from app.errors import Forbidden, PortalError, Unauthenticated
from auth.idempotency import remember, remembered
from graphql_schema.context import Context
from graphql_schema.errors import UserError, as_data, user_error

log = structlog.get_logger()


@dataclass(slots=True)
class Effect:
    """What a mutation did: ids to find the changed objects again, and what it refused."""

    ids: Mapping[str, Any] | None = None
    errors: Sequence[PortalError] = ()


@dataclass(slots=True)
class Done:
    """An Effect as it is answered, now or on a repeat; `ids` None = nothing was changed."""

    ids: Mapping[str, Any] | None
    errors: list[UserError] = field(default_factory=list)


class _NothingDone(Exception):
    def __init__(self, errors: Sequence[PortalError]) -> None:
        self.errors = errors


Act = Callable[[Db, Actor], Effect]


def run(context: Context, mutation: str, input: Any, act: Act) -> Done:
    """Run `act` once for this caller and clientMutationId.

    A repeat answers over the same objects; a refusal that changed nothing is not stored.
    """
    if isinstance(context.actor, Visitor):
        raise Unauthenticated("Please sign in.")
    try:
        with context.write() as db:
            outcome = _once(db, context.actor, mutation, input, act)
    except _NothingDone as nothing:
        return _refused(context, mutation, nothing.errors)
    except Unauthenticated:
        raise
    except PortalError as error:
        return _refused(context, mutation, [error])
    return _answer(context, outcome)


def run_command(
    context: Context, mutation: str, input: object, act: Callable[[Db, Actor], None]
) -> Done:
    """A mutation whose answer needs nothing but its input."""

    def acted(db: Db, actor: Actor) -> Effect:
        act(db, actor)
        return Effect({})

    return run(context, mutation, input, acted)


def _once(db: Db, actor: Actor, mutation: str, input: Any, act: Act) -> Mapping[str, Any]:
    caller, key = identity(actor), input.client_mutation_id
    stored = remembered(db, caller, key, mutation, _fingerprint(input))
    if stored is not None:
        return stored
    effect = act(db, actor)
    if effect.ids is None:
        raise _NothingDone(effect.errors)
    _log_refusals(actor, mutation, effect.errors)
    outcome = {"ids": dict(effect.ids), "errors": [as_data(error) for error in effect.errors]}
    remember(db, caller, key, outcome)
    return outcome


def _fingerprint(input: Any) -> str:
    """A hash of the coerced input, its key left out."""
    said = dataclasses.asdict(input)
    del said["client_mutation_id"]
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _refused(context: Context, mutation: str, errors: Sequence[PortalError]) -> Done:
    _log_refusals(context.actor, mutation, errors)
    if any(isinstance(error, Forbidden) for error in errors):
        _audit_refusal(context, mutation)
    return _answer(context, {"ids": None, "errors": [as_data(error) for error in errors]})


def _log_refusals(actor: Actor, mutation: str, errors: Sequence[PortalError]) -> None:
    for error in errors:
        log.info("mutation.refused", actor=identity(actor), mutation=mutation, code=error.code)


def _audit_refusal(context: Context, mutation: str) -> None:
    """Somebody tried what she may not: an auditor wants to know, the undone act left no trace."""
    with context.write() as db:
        for district in sorted(context.actor.districts):
            record(db, context.actor, district, "mutation.refused", mutation=mutation)


def _answer(context: Context, outcome: Mapping[str, Any]) -> Done:
    errors = [user_error(data, context.language) for data in outcome["errors"]]
    return Done(outcome["ids"], errors)
