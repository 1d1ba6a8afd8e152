"""Mutations of what a parent says for a number: consent and opt-outs."""

from collections.abc import Callable

import strawberry

from app.actor import Actor
from app.consent import choices
from app.database import Db
from app.vocabulary import Channel, OptOutScope
from graphql_schema.context import Context, Info
from graphql_schema.destination import Consent, Destination, changed_destination
from graphql_schema.errors import UserError
from graphql_schema.ids import Kind, asked_key, optional_asked_key
from graphql_schema.mutation import Done, run_command


@strawberry.input
class GrantConsentInput:
    client_mutation_id: strawberry.ID
    destination_id: strawberry.ID
    channel: Channel
    disclosure_version: str
    version: int | None = None


@strawberry.input
class RevokeConsentInput:
    client_mutation_id: strawberry.ID
    destination_id: strawberry.ID
    channel: Channel


@strawberry.input
class OptOutInput:
    client_mutation_id: strawberry.ID
    destination_id: strawberry.ID
    channel: Channel
    scope: OptOutScope
    broadcast_type_id: strawberry.ID | None = None


@strawberry.input
class LiftOptOutInput:
    client_mutation_id: strawberry.ID
    destination_id: strawberry.ID
    channel: Channel
    scope: OptOutScope
    broadcast_type_id: strawberry.ID | None = None


@strawberry.type
class ConsentPayload:
    consent: Consent | None
    destination: Destination | None
    errors: list[UserError]
    client_mutation_id: strawberry.ID


@strawberry.type
class OptOutPayload:
    destination: Destination | None
    errors: list[UserError]
    client_mutation_id: strawberry.ID


def _consent(
    context: Context, input: GrantConsentInput | RevokeConsentInput, done: Done
) -> ConsentPayload:
    destination = changed_destination(context, done, input.destination_id)
    consent = None
    if destination is not None:
        spoken = destination.batch.book.consent(destination.held, input.channel)
        consent = Consent.of(spoken, context.db.now)
    return ConsentPayload(
        consent=consent,
        destination=destination,
        errors=done.errors,
        client_mutation_id=input.client_mutation_id,
    )


def _change_opt_out(
    context: Context,
    mutation: str,
    input: OptOutInput | LiftOptOutInput,
    use_case: Callable[..., None],
) -> OptOutPayload:
    def act(db: Db, actor: Actor) -> None:
        use_case(
            db,
            actor,
            asked_key(input.destination_id, Kind.LINK),
            input.channel,
            input.scope,
            optional_asked_key(input.broadcast_type_id, Kind.BROADCAST_TYPE),
        )

    done = run_command(context, mutation, input, act)
    return OptOutPayload(
        destination=changed_destination(context, done, input.destination_id),
        errors=done.errors,
        client_mutation_id=input.client_mutation_id,
    )


@strawberry.type
class ConsentMutation:
    @strawberry.mutation
    def grant_consent(self, info: Info, input: GrantConsentInput) -> ConsentPayload:
        def act(db: Db, actor: Actor) -> None:
            link = asked_key(input.destination_id, Kind.LINK)
            choices.grant_consent(
                db, actor, link, input.channel, input.disclosure_version, input.version
            )

        return _consent(info.context, input, run_command(info.context, "grantConsent", input, act))

    @strawberry.mutation
    def revoke_consent(self, info: Info, input: RevokeConsentInput) -> ConsentPayload:
        def act(db: Db, actor: Actor) -> None:
            link = asked_key(input.destination_id, Kind.LINK)
            choices.revoke_consent(db, actor, link, input.channel)

        return _consent(info.context, input, run_command(info.context, "revokeConsent", input, act))

    @strawberry.mutation
    def opt_out(self, info: Info, input: OptOutInput) -> OptOutPayload:
        return _change_opt_out(info.context, "optOut", input, choices.opt_out)

    @strawberry.mutation
    def lift_opt_out(self, info: Info, input: LiftOptOutInput) -> OptOutPayload:
        return _change_opt_out(info.context, "liftOptOut", input, choices.lift_opt_out)
