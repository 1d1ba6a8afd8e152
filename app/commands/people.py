"""Who may come in: tokens for operators, the features of staff."""

from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
import typer

from app.commands.operation import messages, operation, print_json, the_district
from app.database import Db
from app.directory.models import School
from app.errors import Invalid
from app.vocabulary import Feature
from auth.access import Access, grant_access, list_access, revoke_access
from auth.sign_in import token_for

commands = typer.Typer(help="What staff may do.", no_args_is_help=True)
Key = Annotated[str, typer.Option("--district", help="the district's key")]
Schools = Annotated[
    list[str] | None, typer.Option("--school", help="a school's source id; none = all schools")
]
Json = Annotated[bool, typer.Option("--json", help="print the result as JSON")]
LONGEST_MINUTES = 24 * 60


def token(
    email: str,
    staff: Annotated[bool, typer.Option("--staff", help="for the desk, not as a parent")] = False,
    minutes: Annotated[int, typer.Option(min=1, max=LONGEST_MINUTES)] = 60,
) -> None:
    """An access token for one person who is on file (or has access)."""
    with operation() as opened:
        text = token_for(opened.database, opened.settings, email, staff=staff, minutes=minutes)
    typer.echo(text)


@commands.command()
def grant(
    email: str,
    features: Annotated[list[Feature], typer.Argument(case_sensitive=False)],
    district: Key,
    school: Schools = None,
    json: Json = False,
) -> None:
    """Give features; the first administrator is made this way."""
    with operation() as opened:
        actor = opened.operator(district)
        place = the_district(actor)
        with opened.database.write(actor) as db:
            schools = _schools(db, place, school or [])
            held = grant_access(db, actor, email, features, place, schools)
            _tell(db, place, held, json=json)


@commands.command()
def revoke(
    email: str,
    features: Annotated[list[Feature], typer.Argument(case_sensitive=False)],
    district: Key,
    school: Schools = None,
    json: Json = False,
) -> None:
    """Take features back."""
    with operation() as opened:
        actor = opened.operator(district)
        place = the_district(actor)
        with opened.database.write(actor) as db:
            schools = _schools(db, place, school or [])
            held = revoke_access(db, actor, email, features, place, schools)
            _tell(db, place, held, json=json)


@commands.command("list")
def list_(district: Key, json: Json = False) -> None:
    """Who holds what."""
    with operation() as opened:
        actor = opened.operator(district)
        with opened.database.read(actor) as db:
            place = the_district(actor)
            _tell(db, place, list_access(db, actor, place), json=json)


def _schools(db: Db, district_id: UUID, source_ids: list[str]) -> list[UUID]:
    rows = db.all(
        sa.select(School.id, School.source_id).where(
            School.district_id == district_id, School.retired_at.is_(None)
        )
    )
    known = {row.source_id: row.id for row in rows}
    for source_id in source_ids:
        if source_id not in known:
            raise Invalid(f"there is no school with the source id {source_id}")
    return [known[source_id] for source_id in source_ids]


def _tell(db: Db, district_id: UUID, held: list[Access], *, json: bool) -> None:
    rows = db.all(sa.select(School.id, School.source_id).where(School.district_id == district_id))
    names = {row.id: row.source_id for row in rows}
    lines = [
        {
            "email": access.email,
            "feature": access.feature,
            "school": names[access.school_id] if access.school_id else None,
            "granted_at": access.granted_at,
            "granted_by": access.granted_by,
        }
        for access in held
    ]
    if json:
        print_json(lines)
        return
    for line in lines:
        messages.print(f"{line['email']}: {line['feature']} ({line['school'] or 'all schools'})")
