"""The demo's files, in the forms any school would bring: settings, roster, sent messages."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from app.clock import rfc3339
from app.demo.springfield import SCHOOLS, Child, Family, Person, Town

DAYS = 90
HERE = Path(__file__).parent
SUBJECTS: dict[str, tuple[str, str]] = {
    "EMERGENCY": (
        "School is closed today",
        "All schools are closed today because of snow. Please keep your child at home. We will "
        "write again by six tonight about tomorrow.",
    ),
    "ATTENDANCE": (
        "{child} was not in class",
        "{child} was not in class this morning. If you know why, please call the school office.",
    ),
    "BUS": ("Bus 12 is late", "Bus 12 is about 20 minutes late this morning."),
    "LUNCH": (
        "{child}'s lunch account is low",
        "{child} has less than five dollars left for lunch. You can add money at the office.",
    ),
    "EVENTS": (
        "Family night on Thursday",
        "Please join us on Thursday at six for family night. There will be food and music.",
    ),
    "SURVEY": ("Two questions for you", "What should we do better? It takes two minutes."),
}


def write_roster(folder: Path, families: Sequence[Family], schools: dict[str, str]) -> None:
    """The tidy CSV set."""
    folder.mkdir(parents=True, exist_ok=True)
    people = [person for family in families for person in family.people]
    children = [child for family in families for child in family.children]
    _write(folder / "schools.csv", ["source_id", "name"], schools.items())
    _write(
        folder / "students.csv",
        ["source_id", "given_name", "family_name", "grade", "school"],
        ([c.source_id, c.given_name, c.family_name, c.grade, c.school] for c in children),
    )
    _write(
        folder / "contacts.csv",
        ["source_id", "given_name", "family_name", "language"],
        ([p.source_id, p.given_name, p.family_name, p.language] for p in people),
    )
    _write(
        folder / "guardianships.csv",
        ["student", "contact", "relation", "rights"],
        (
            [child.source_id, person.source_id, relation, rights]
            for family in families
            for person, child, relation, rights in family.ties
        ),
    )
    _write(
        folder / "phones.csv",
        ["contact", "number", "label", "extension", "line_type", "priority"],
        (
            [p.source_id, number, label, extension, line_type, place]
            for p in people
            for place, (number, label, line_type, extension) in enumerate(p.phones)
        ),
    )
    _write(
        folder / "emails.csv",
        ["contact", "address", "label", "priority"],
        ([p.source_id, address, "home", 0] for p in people for address in p.emails),
    )


def _write(file: Path, header: list[str], rows: Iterable[Iterable[Any]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(header)
        writer.writerows(rows)


def write_broadcasts(file: Path, families: Sequence[Family], town: Town, now: datetime) -> None:
    """Ninety days of messages of six types, one a line."""
    with file.open("wb") as opened:
        for number, line in enumerate(_sent(families, town, now), start=1):
            opened.write(orjson.dumps({"id": f"b-{number}", **line}) + b"\n")


def _sent(families: Sequence[Family], town: Town, now: datetime) -> Iterator[dict[str, Any]]:
    for day in range(DAYS, -1, -1):
        at = (now - timedelta(days=day)).replace(hour=14, minute=5, second=0, microsecond=0)
        if at.weekday() > 4 or at > now:
            continue
        for kind, wanted in _of_the_day(families, town, at):
            yield _broadcast(kind, wanted, at, f"{day}")


def _of_the_day(
    families: Sequence[Family], town: Town, at: datetime
) -> Iterator[tuple[str, list[tuple[Family, Child]]]]:
    """The types sent on a day, with the children each is about."""
    every = [(family, child) for family in families for child in family.children]
    if at.day == 17:
        yield "EMERGENCY", every
    for kind, share in (("ATTENDANCE", 0.04), ("LUNCH", 0.02)):
        for one in every:
            if town.random.random() < share:
                yield kind, [one]
    if at.weekday() == 0:
        yield "BUS", [one for one in every if one[1].school == "sch-north"]
    if at.weekday() == 1:
        school = list(SCHOOLS)[at.isocalendar().week % len(SCHOOLS)]
        yield "EVENTS", [one for one in every if one[1].school == school]
    if at.day == 3:
        yield "SURVEY", every


def _broadcast(
    kind: str, about: list[tuple[Family, Child]], at: datetime, day: str
) -> dict[str, Any]:
    subject, body = SUBJECTS[kind]
    schools = {child.school for _, child in about}
    words = {"child": about[0][1].given_name if len(about) == 1 else ""}
    return {
        "type": kind,
        "school": schools.pop() if len(schools) == 1 else None,
        "subject": subject.format(**words),
        "body": body.format(**words),
        "audio_url": None,
        "language": "en",
        "sent_at": rfc3339(at),
        "deliveries": list(_deliveries(kind, about, at, day)),
    }


def _deliveries(
    kind: str, about: list[tuple[Family, Child]], at: datetime, day: str
) -> Iterator[dict[str, Any]]:
    students: dict[str, tuple[Person, list[str]]] = {}
    for family, child in about:
        for person, tied, _, rights in family.ties:
            if tied is child and rights != "NO_RIGHTS":
                students.setdefault(person.source_id, (person, []))[1].append(child.source_id)
    for person, ids in students.values():
        for channel, to in _ways(kind, person):
            at_last = at + timedelta(seconds=3)
            yield {
                "id": f"d-{day}-{kind}-{ids[0]}-{person.source_id}-{channel}-{to[-4:]}",
                "contact": person.source_id,
                "students": ids,
                "channel": channel,
                "to": to,
                "status": "FAILED" if to.endswith("13") else "DELIVERED",
                "at": rfc3339(at_last),
            }


def _ways(kind: str, person: Person) -> Iterator[tuple[str, str]]:
    """How such a message went to a person: calls when it matters, texts to mobiles, mail."""
    for number, _, line_type, extension in person.phones:
        if kind in ("EMERGENCY", "ATTENDANCE"):
            yield "VOICE", number
        if line_type == "MOBILE" and not extension and kind != "SURVEY":
            yield "SMS", number
    for address in person.emails:
        yield "EMAIL", address
