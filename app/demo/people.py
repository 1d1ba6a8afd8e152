"""Who the demo's people are, and what they have said already."""

from datetime import timedelta

import sqlalchemy as sa

from app.actor import Guardian, Service, Visitor
from app.changes.requests import Asked, submit_change
from app.config import Settings
from app.consent.choices import grant_consent, opt_out
from app.consent.disclosures import disclosure_for
from app.consent.preferences import Choice, pause_messages, set_preferences, set_quiet_hours
from app.database import Database, Db
from app.directory.links import Held, links_of
from app.directory.models import District, School
from app.directory.policy import Policy, load_policies
from app.vocabulary import Channel, ContactField, DestinationKind, Feature, OptOutScope
from auth.access import grant_access
from auth.models import Account
from auth.reach import opened_contacts
from auth.sign_in import token_for

MARIA = "maria.lopez@example.org"
DANA = "dana.baker@example.org"
RAY = "ray.castillo@example.org"
ROSA = "rosa.flores@example.org"
ADMINISTRATOR = "admin@springfield.example.org"
CLERK = "clerk@springfield.example.org"
OF_A_CLERK = (Feature.VIEW_CONTACTS, Feature.EDIT_PREFERENCES, Feature.REVIEW_CHANGES)
WHO = {
    MARIA: "a mother of two, three phones, two districts in one login",
    DANA: "a separated mother, with a request open",
    RAY: "the father, in Spanish; restricted for the older child",
    ROSA: "a grandmother, in Spanish, messages paused",
    ADMINISTRATOR: "the district's administrator, all features (--staff)",
    CLERK: "a clerk of North Elementary only (--staff)",
}


def grant_staff(database: Database, operator: Service, district: District) -> None:
    """An administrator of the district, and a clerk of one school."""
    north = sa.select(School.id).where(
        School.district_id == district.id, School.source_id == "sch-north"
    )
    with database.write(operator) as db:
        grant_access(db, operator, ADMINISTRATOR, list(Feature), district.id)
        grant_access(db, operator, CLERK, OF_A_CLERK, district.id, [db.scalar(north)])


def say_what_they_said(database: Database, settings: Settings) -> None:
    """Consents, opt-outs, choices, a pause, and two requests for the school to decide."""
    maria = _signed_in(database, settings, MARIA)
    with database.write(maria) as db:
        _choose_for_maria(db, maria)
    dana = _signed_in(database, settings, DANA)
    with database.write(dana) as db:
        _agree(db, dana, Channel.SMS)
        submit_change(
            db,
            dana,
            dana.contacts[0],
            [
                Asked(ContactField.ADD_PHONE, after="(217) 555-1998", label="work"),
                Asked(ContactField.ADDRESS, after="12 Elm Street, Springfield, IL 62701"),
            ],
            note="I have a new job. Please call there only when it matters.",
        )
    ray = _signed_in(database, settings, RAY)
    with database.write(ray) as db:
        phone = _phone(db, ray)
        opt_out(db, ray, phone.key, Channel.VOICE, OptOutScope.NON_EMERGENCY)
    rosa = _signed_in(database, settings, ROSA)
    with database.write(rosa) as db:
        pause_messages(db, rosa, rosa.contacts[0], db.now + timedelta(days=7))


def _choose_for_maria(db: Db, maria: Guardian) -> None:
    phone = _phone(db, maria)
    policy = _policy(db, phone)
    kinds = {kind.code: (policy.id, kind.id) for kind in policy.offered}
    _agree(db, maria, Channel.SMS)
    _agree(db, maria, Channel.VOICE)
    choices = [
        Choice(phone.key, Channel.SMS, kinds["EVENTS"], wanted=False),
        Choice(phone.key, Channel.VOICE, kinds["BUS"], wanted=True),
    ]
    set_preferences(db, maria, choices)
    set_quiet_hours(db, maria, phone.key, Channel.SMS, ("20:00", "07:30"))
    submit_change(
        db,
        maria,
        (phone.district_id, phone.contact_id),
        [Asked(ContactField.FAMILY_NAME, after="Lopez-Rivera")],
        note="I got married.",
    )


def _agree(db: Db, guardian: Guardian, channel: Channel) -> None:
    phone = _phone(db, guardian)
    version = disclosure_for(_policy(db, phone), channel, guardian.language).version
    grant_consent(db, guardian, phone.key, channel, version)


def _policy(db: Db, held: Held) -> Policy:
    return load_policies(db, [held.district_id])[held.district_id]


def _phone(db: Db, guardian: Guardian) -> Held:
    """Her first mobile in Springfield."""
    for held in links_of(db, guardian.contacts):
        in_springfield = _policy(db, held).key == "springfield"
        if held.kind is DestinationKind.PHONE and held.reaches(Channel.SMS) and in_springfield:
            return held
    raise AssertionError("everybody in the demo has a mobile")


def _signed_in(database: Database, settings: Settings, email: str) -> Guardian:
    """As after her first sign-in: the account is there and opens her contacts."""
    token_for(database, settings, email)
    with database.read(Visitor()) as db:
        account = db.session.scalars(sa.select(Account).where(Account.email == email)).one()
        contacts = opened_contacts(db, account.id)
    return Guardian(account.id, contacts, email=email, language=account.language)
