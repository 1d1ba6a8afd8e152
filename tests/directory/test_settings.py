"""A district is made by its file, and kept in line with it."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.actor import Service, Visitor
from app.audit.models import AuditEntry
from app.database import Database, Db
from app.directory.district_file import load_document, read_district
from app.directory.models import BroadcastType, District, Sender
from app.directory.settings import apply_district, find_district
from app.errors import Forbidden, Invalid, NotFound
from app.vocabulary import OptOutHandling

OPERATOR = Service("portal")
SPRINGFIELD = """
key = "springfield"
name = "Springfield Public Schools"
timezone = "America/Chicago"
region = "US"
opt_out_handling = "REVIEW"
consent_required = ["SMS"]
contact_edit = "REQUEST"
voice_stop_covers = ["VOICE"]
quiet_hours = { VOICE = ["21:00", "07:00"], SMS = ["21:00", "07:00"] }

[[sender]]
provider = "twilio"
number = "(217) 555-0100"
provider_confirms = false

[[broadcast_type]]
code = "ATTENDANCE"
name = { en = "Attendance", es = "Asistencia" }
description = { en = "Your child is absent or late.", es = "Su hijo está ausente o llega tarde." }
emergency = false
default = { VOICE = true, SMS = true, EMAIL = true, PUSH = true }
locked = ["EMAIL"]

[[broadcast_type]]
code = "EMERGENCY"
name = { en = "Emergency" }
emergency = true
"""


def applied(database: Database, text: str = SPRINGFIELD, **changes: Any) -> District:
    with database.write(OPERATOR) as db:
        return apply_district(db, OPERATOR, tomllib.loads(text) | changes)


def types(db: Db) -> dict[str, BroadcastType]:
    return {kind.code: kind for kind in db.session.scalars(sa.select(BroadcastType))}


def audited(db: Db) -> list[str]:
    return list(db.session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)))


def test_a_district_file_makes_the_district_with_its_types_and_senders(database: Database) -> None:
    applied(database)
    with database.read(OPERATOR) as db:
        district = find_district(db, "springfield")
        assert district.name == "Springfield Public Schools"
        assert district.consent_required == ["SMS"]
        assert district.quiet_hours["SMS"] == ["21:00", "07:00"]
        assert district.version == 1
        assert [sender.number for sender in db.session.scalars(sa.select(Sender))] == [
            "+12175550100"
        ]
        assert types(db)["ATTENDANCE"].locked == ["EMAIL"]
        assert types(db)["EMERGENCY"].description == {"en": "Emergency"}
        assert audited(db) == ["district.created"]


def test_the_same_file_again_changes_nothing(database: Database) -> None:
    applied(database)
    applied(database)
    with database.read(OPERATOR) as db:
        assert find_district(db, "springfield").version == 1
        assert {kind.version for kind in types(db).values()} == {1}
        assert audited(db) == ["district.created"]


def test_a_changed_setting_raises_the_version_and_is_audited(database: Database) -> None:
    applied(database)
    applied(database, opt_out_handling="AUTOMATIC")
    with database.read(OPERATOR) as db:
        district = find_district(db, "springfield")
        assert district.opt_out_handling is OptOutHandling.AUTOMATIC
        assert district.version == 2
        assert audited(db) == ["district.created", "district.changed"]


def test_a_type_that_left_the_file_is_retired_and_comes_back_as_itself(database: Database) -> None:
    applied(database)
    before, _, attendance_gone = SPRINGFIELD.partition("[[broadcast_type]]")
    with database.read(OPERATOR) as db:
        before_id = types(db)["ATTENDANCE"].id
    applied(
        database, before + "[[broadcast_type]]" + attendance_gone.partition("[[broadcast_type]]")[2]
    )
    with database.read(OPERATOR) as db:
        assert types(db)["ATTENDANCE"].retired_at == db.now
        assert types(db)["EMERGENCY"].retired_at is None
    applied(database)
    with database.read(OPERATOR) as db:
        back = types(db)["ATTENDANCE"]
        assert (back.id, back.retired_at, back.version) == (before_id, None, 3)


def test_a_sender_that_left_the_file_is_removed(database: Database) -> None:
    applied(database)
    applied(database, sender=[])
    with database.read(OPERATOR) as db:
        assert db.session.scalars(sa.select(Sender)).all() == []
        assert find_district(db, "springfield").version == 2


def test_only_an_operator_sets_up_a_district(database: Database) -> None:
    with pytest.raises(Forbidden), database.write(Visitor()) as db:
        apply_district(db, Visitor(), tomllib.loads(SPRINGFIELD))


def test_a_district_that_is_not_there_is_not_found(database: Database) -> None:
    with pytest.raises(NotFound), database.read(OPERATOR) as db:
        find_district(db, "shelbyville")


ATTENDANCE = {"code": "ATTENDANCE", "name": {"en": "Attendance"}}
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"colour": "red"}, "colour: is not a setting"),
    ({"name": " "}, "name: must be a text"),
    ({"key": "Spring Field"}, "key: must be made of"),
    ({"timezone": "Chicago"}, "timezone: must be a time zone"),
    ({"timezone": ["America/Chicago"]}, "timezone: must be a time zone"),
    ({"region": "us"}, "region: must be a country"),
    ({"opt_out_handling": "MAYBE"}, "opt_out_handling: must be REVIEW or AUTOMATIC"),
    ({"contact_edit": None}, "contact_edit: must be REQUEST or LOCKED"),
    ({"consent_required": "SMS"}, "consent_required: must be a list"),
    ({"consent_required": ["FAX"]}, "consent_required: must be a list"),
    ({"consent_required": ["SMS", "SMS"]}, "consent_required: names a channel twice"),
    ({"voice_stop_covers": ["SMS"]}, "voice_stop_covers: must hold VOICE"),
    ({"voice_stop_covers": ["VOICE", "EMAIL"]}, "voice_stop_covers: must be a list of VOICE, SMS"),
    ({"quiet_hours": {"EMAIL": ["21:00", "07:00"]}}, "quiet_hours: must be given for"),
    ({"quiet_hours": {"SMS": ["21:00", "21:00"]}}, "quiet_hours: SMS begins and ends"),
    ({"quiet_hours": {"SMS": ["9pm", "07:00"]}}, "quiet_hours: a time of day"),
    ({"quiet_hours": {"SMS": "21:00-07:00"}}, "quiet_hours: SMS must be"),
    ({"sender": [{"provider": "twilio"}]}, "sender[0].number: is missing"),
    ({"sender": [{"provider": "post", "number": "+12175550100"}]}, "sender[0].provider: must be"),
    ({"sender": [{"provider": "twilio", "number": "110"}]}, "sender[0].number: must be a phone"),
    ({"sender": {"provider": "twilio"}}, "sender: is written as [[sender]]"),
    ({"broadcast_type": [ATTENDANCE, ATTENDANCE]}, "broadcast_type[1].code: is there twice"),
    ({"broadcast_type": [ATTENDANCE | {"code": "a b"}]}, "broadcast_type[0].code: must be made"),
    (
        {"broadcast_type": [ATTENDANCE | {"name": "Attendance"}]},
        "broadcast_type[0].name: must hold",
    ),
    ({"broadcast_type": [ATTENDANCE | {"name": {"es": "x"}}]}, "broadcast_type[0].name: must hold"),
    ({"broadcast_type": [ATTENDANCE | {"lock": []}]}, "broadcast_type[0].lock: is not a setting"),
    (
        {"broadcast_type": [ATTENDANCE | {"default": {"SMS": True}, "locked": ["VOICE"]}]},
        "broadcast_type[0].locked: VOICE is locked on, but its default is false",
    ),
    (
        {"broadcast_type": [ATTENDANCE | {"emergency": True, "default": {"VOICE": True}}]},
        "broadcast_type[0].default: SMS = false, but emergency types always go out",
    ),
    (
        {"broadcast_type": [ATTENDANCE | {"default": {"SMS": "yes"}}]},
        "broadcast_type[0].default: must give true or false",
    ),
]


@pytest.mark.parametrize(("change", "says"), WRONG, ids=[says for _, says in WRONG])
def test_a_wrong_setting_is_refused_by_the_name_of_its_key(
    change: dict[str, Any], says: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        read_district(tomllib.loads(SPRINGFIELD) | change)
    assert says in refusal.value.message
    assert refusal.value.path


@pytest.mark.parametrize("key", ["key", "name", "timezone", "region"])
def test_a_missing_setting_is_named(key: str) -> None:
    document = tomllib.loads(SPRINGFIELD)
    del document[key]
    with pytest.raises(Invalid, match=f"{key}: is missing"):
        read_district(document)


def test_a_refused_file_leaves_the_district_as_it_was(database: Database) -> None:
    applied(database)
    with pytest.raises(Invalid):
        applied(database, name="Another", voice_stop_covers=[])
    with database.read(OPERATOR) as db:
        assert find_district(db, "springfield").name == "Springfield Public Schools"


def test_a_file_that_is_no_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "district.toml"
    file.write_text('key = "springfield"\nname = Springfield\n')
    with pytest.raises(Invalid, match=r"district\.toml: .*line 2"):
        load_document(file)
    file.write_bytes('name = "Peña"'.encode("latin-1"))
    with pytest.raises(Invalid, match="not UTF-8"):
        load_document(file)
    file.write_text("\ufeff" + SPRINGFIELD)
    assert load_document(file)["key"] == "springfield"
