"""Mutations of what a parent chooses for herself: types, quiet hours, pauses."""

from datetime import datetime

import strawberry

from app.actor import Actor
from app.consent import preferences
from app.database import Db
from app.directory.reading import find_contact, own_links
from app.errors import NotFound
from app.vocabulary import Channel
from graphql_schema.batches import Contacts, Links
from graphql_schema.contact import Contact
from graphql_schema.context import Context, Info
from graphql_schema.destination import (
    ChannelSetting,
    Destination,
    Preference,
    changed_destination,
)
from graphql_schema.errors import UserError
from graphql_schema.ids import Kind, asked_key, global_id, key_of
from graphql_schema.mutation import Done, Effect, run, run_command


@strawberry.input
class PreferenceInput:
    destination_id: strawberry.ID
    channel: Channel
    broadcast_type_id: strawberry.ID
    wanted: bool | None = strawberry.field(default=None, description="Null = forget the choice.")
    version: int | None = None


@strawberry.input
class SetPreferencesInput:
    client_mutation_id: strawberry.ID
    preferences: list[PreferenceInput]


@strawberry.input
class SetQuietHoursInput:
    client_mutation_id: strawberry.ID
    destination_id: strawberry.ID
    channel: Channel
    from_: str | None = strawberry.field(name="from", default=None)
    to: str | None = None
    version: int | None = None


@strawberry.input
class PauseMessagesInput:
    client_mutation_id: strawberry.ID
    contact_id: strawberry.ID
    until: datetime | None = None


@strawberry.type
class SetPreferencesPayload:
    preferences: list[Preference]
    errors: list[UserError]
    client_mutation_id: strawberry.ID


@strawberry.type
class SetQuietHoursPayload:
    destination: Destination | None
    errors: list[UserError]
    client_mutation_id: strawberry.ID


@strawberry.type
class PauseMessagesPayload:
    contact: Contact | None
    errors: list[UserError]
    client_mutation_id: strawberry.ID


@strawberry.type
class PreferenceMutation:
    @strawberry.mutation
    def set_preferences(self, info: Info, input: SetPreferencesInput) -> SetPreferencesPayload:
        def act(db: Db, actor: Actor) -> Effect:
            done, refused = preferences.set_preferences(db, actor, _choices(input))
            return Effect({"preferences": [_names(one) for one in done]} if done else None, refused)

        done = run(info.context, "setPreferences", input, act)
        return SetPreferencesPayload(
            preferences=_preferences(info.context, done),
            errors=done.errors,
            client_mutation_id=input.client_mutation_id,
        )

    @strawberry.mutation
    def set_quiet_hours(self, info: Info, input: SetQuietHoursInput) -> SetQuietHoursPayload:
        def act(db: Db, actor: Actor) -> None:
            link = asked_key(input.destination_id, Kind.LINK)
            span = (input.from_, input.to)
            preferences.set_quiet_hours(db, actor, link, input.channel, span, input.version)

        done = run_command(info.context, "setQuietHours", input, act)
        return SetQuietHoursPayload(
            destination=changed_destination(info.context, done, input.destination_id),
            errors=done.errors,
            client_mutation_id=input.client_mutation_id,
        )

    @strawberry.mutation
    def pause_messages(self, info: Info, input: PauseMessagesInput) -> PauseMessagesPayload:
        def act(db: Db, actor: Actor) -> None:
            contact = asked_key(input.contact_id, Kind.CONTACT)
            preferences.pause_messages(db, actor, contact, input.until)

        context = info.context
        done = run_command(context, "pauseMessages", input, act)
        return PauseMessagesPayload(
            contact=_contact(context, done, input.contact_id),
            errors=done.errors,
            client_mutation_id=input.client_mutation_id,
        )


def _choices(input: SetPreferencesInput) -> list[preferences.Choice]:
    return [
        preferences.Choice(
            asked_key(one.destination_id, Kind.LINK),
            one.channel,
            asked_key(one.broadcast_type_id, Kind.BROADCAST_TYPE),
            one.wanted,
            one.version,
        )
        for one in input.preferences
    ]


def _names(choice: preferences.Choice) -> list[str]:
    return [
        global_id(Kind.LINK, *choice.link_key),
        choice.channel,
        global_id(Kind.BROADCAST_TYPE, *choice.type_key),
    ]


def _contact(context: Context, done: Done, id: str) -> Contact | None:
    if done.ids is None:
        return None
    try:
        row = find_contact(context.db, context.actor, key_of(id, Kind.CONTACT))
    except NotFound:
        return None
    return Contact.of(row, Contacts(context, [row]))


def _preferences(context: Context, done: Done) -> list[Preference]:
    """The changed preferences as they are now, in the order in which they were asked."""
    names = (done.ids or {}).get("preferences", [])
    keys = {key_of(link, Kind.LINK) for link, _, _ in names}
    batch = Links(context, own_links(context.db, context.actor, sorted(keys)) if keys else [])
    found = []
    for link, channel, type_id in names:
        held = batch.by_id.get(key_of(link, Kind.LINK)[1])
        if held is None:
            continue
        setting = ChannelSetting(held=held, batch=batch, channel=Channel(channel))
        kind_id = key_of(type_id, Kind.BROADCAST_TYPE)[1]
        kind = batch.districts.policies[held.district_id].kinds[kind_id]
        row = batch.book.preferences(held, setting.channel).get(kind_id)
        found.append(Preference.of(setting, kind, row))
    return found
