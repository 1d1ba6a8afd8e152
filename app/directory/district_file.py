"""What district.toml may say. Pure: a document in, checked settings out."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import available_timezones

from app.directory.numbers import is_region, parse_number
from app.directory.policy import minute_of_day
from app.errors import Invalid
from app.vocabulary import Channel, ContactEditMode, OptOutHandling

KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
CODE = re.compile(r"[A-Z0-9][A-Z0-9_]{0,62}")
QUIET_CHANNELS = (Channel.VOICE, Channel.SMS, Channel.PUSH)
STOPPED_BY_VOICE = (Channel.VOICE, Channel.SMS)
PROVIDERS = ("twilio",)
LANGUAGE_ALL_READ = "en"
NO_CHANNEL: list[str] = []
NO_QUIET_HOURS: dict[str, list[str]] = {}
EVERY_CHANNEL = {channel.value: True for channel in Channel}

Word = TypeVar("Word", bound=StrEnum)
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class SenderSettings:
    provider: str
    number: str
    provider_confirms: bool


@dataclass(frozen=True, slots=True)
class TypeSettings:
    code: str
    name: dict[str, str]
    description: dict[str, str]
    emergency: bool
    default: dict[str, bool]
    locked: list[str]


@dataclass(frozen=True, slots=True)
class DistrictSettings:
    """`columns` are the district's own; senders and types have tables of theirs."""

    key: str
    columns: dict[str, Any]
    senders: list[SenderSettings]
    types: list[TypeSettings]


def load_document(path: Path) -> dict[str, Any]:
    """The document in a TOML file; raises Invalid with line and column."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Invalid(f"{path.name}: this file is not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"{path.name}: {error}") from error


def read_district(document: Mapping[str, Any]) -> DistrictSettings:
    """Check a document; raises Invalid that names the key."""
    section = Section(document)
    region = section.take("region", _region)
    settings = DistrictSettings(
        key=section.take("key", _matching(KEY, "lower-case letters, digits and hyphens")),
        columns={
            "name": section.take("name", _text),
            "timezone": section.take("timezone", _timezone),
            "region": region,
            "opt_out_handling": section.take(
                "opt_out_handling", _word(OptOutHandling), OptOutHandling.REVIEW
            ),
            "consent_required": section.take(
                "consent_required", _channels(tuple(Channel)), NO_CHANNEL
            ),
            "contact_edit": section.take(
                "contact_edit", _word(ContactEditMode), ContactEditMode.REQUEST
            ),
            "voice_stop_covers": section.take(
                "voice_stop_covers", _voice_stop_covers, [Channel.VOICE.value]
            ),
            "quiet_hours": section.take("quiet_hours", _quiet_hours, NO_QUIET_HOURS),
        },
        senders=[_sender(each, region) for each in section.tables("sender")],
        types=[_type(each) for each in section.tables("broadcast_type")],
    )
    section.refuse_the_rest()
    _refuse_twice("broadcast_type", "code", [each.code for each in settings.types])
    _refuse_twice("sender", "number", [each.number for each in settings.senders])
    return settings


class Section:
    """One table of the document; what nobody took from it is unknown and refused."""

    def __init__(self, values: Mapping[str, Any], place: tuple[str, ...] = ()) -> None:
        self.place = place
        self._values = dict(values)

    def take(self, key: str, read: Callable[[Any], Value], default: Value | None = None) -> Value:
        """The value under `key`, checked; without a default it must be there."""
        if key not in self._values:
            if default is None:
                raise wrong(self.place, key, "is missing")
            return default
        try:
            return read(self._values.pop(key))
        except ValueError as error:
            raise wrong(self.place, key, str(error)) from error

    def tables(self, key: str) -> list["Section"]:
        """`[[key]]`, in order."""
        values = self._values.pop(key, [])
        if not isinstance(values, list) or not all(isinstance(each, dict) for each in values):
            raise wrong(self.place, key, f"is written as [[{key}]]")
        return [Section(each, (*self.place, key, str(i))) for i, each in enumerate(values)]

    def refuse_the_rest(self) -> None:
        for key in self._values:
            raise wrong(self.place, key, "is not a setting of a district")


def wrong(place: tuple[str, ...], key: str, why: str) -> Invalid:
    """`broadcast_type[0].default: why`, with the same place as a path for programs."""
    path = (*place, key)
    text = "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in path)
    return Invalid(f"{text.removeprefix('.')}: {why}", path=path)


def _sender(section: Section, region: str) -> SenderSettings:
    sender = SenderSettings(
        provider=section.take("provider", _one_of(PROVIDERS)),
        number=section.take("number", lambda value: _number(value, region)),
        provider_confirms=section.take("provider_confirms", _flag, default=False),
    )
    section.refuse_the_rest()
    return sender


def _type(section: Section) -> TypeSettings:
    name = section.take("name", _texts)
    emergency = section.take("emergency", _flag, default=False)
    read = TypeSettings(
        code=section.take("code", _matching(CODE, "capitals, digits and underscores")),
        name=name,
        description=section.take("description", _texts, name),
        emergency=emergency,
        default=section.take("default", _defaults, EVERY_CHANNEL),
        locked=section.take("locked", _channels(tuple(Channel)), NO_CHANNEL),
    )
    section.refuse_the_rest()
    for channel, wanted in read.default.items():
        if emergency and not wanted:
            raise wrong(
                section.place, "default", f"{channel} = false, but emergency types always go out"
            )
        if channel in read.locked and not wanted:
            raise wrong(
                section.place, "locked", f"{channel} is locked on, but its default is false"
            )
    return read


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a text")
    return value.strip()


def _texts(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not value.get(LANGUAGE_ALL_READ):
        raise ValueError('must hold a text for each language, "en" among them')
    return {language: _text(text) for language, text in value.items()}


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")  # noqa: TRY004 (a value of the file, not a type)
    return value


def _matching(pattern: re.Pattern[str], made_of: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError(f"must be made of {made_of}, at most 63")
        return value

    return read


def _one_of(words: tuple[str, ...]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in words:
            raise ValueError(f"must be {' or '.join(words)}")
        return str(value)

    return read


def _word(words: type[Word]) -> Callable[[Any], Word]:
    read = _one_of(tuple(words))
    return lambda value: words(read(value))


def _channels(allowed: tuple[Channel, ...]) -> Callable[[Any], list[str]]:
    def read(value: Any) -> list[str]:
        if not isinstance(value, list) or not all(each in allowed for each in value):
            raise ValueError(f"must be a list of {', '.join(allowed)}")
        if len(set(value)) < len(value):
            raise ValueError("names a channel twice")
        return [str(each) for each in value]

    return read


def _voice_stop_covers(value: Any) -> list[str]:
    channels = _channels(STOPPED_BY_VOICE)(value)
    if Channel.VOICE not in channels:
        raise ValueError("must hold VOICE: a stop on the phone stops at least the calls")
    return channels


def _defaults(value: Any) -> dict[str, bool]:
    """Channels that are not named are off."""
    if not isinstance(value, dict) or not all(
        key in tuple(Channel) and isinstance(wanted, bool) for key, wanted in value.items()
    ):
        raise ValueError(f"must give true or false for {', '.join(Channel)}")
    return {channel.value: value.get(channel, False) for channel in Channel}


def _quiet_hours(value: Any) -> dict[str, list[str]]:
    if not isinstance(value, dict) or not all(channel in QUIET_CHANNELS for channel in value):
        raise ValueError(f"must be given for {', '.join(QUIET_CHANNELS)}")
    for channel, span in value.items():
        if not isinstance(span, list) or len(span) != 2:
            raise ValueError(f'{channel} must be ["HH:MM", "HH:MM"]')
        first, last = (minute_of_day(str(each)) for each in span)
        if first == last:
            raise ValueError(f"{channel} begins and ends at the same time")
    return {channel: list(span) for channel, span in value.items()}


def _timezone(value: Any) -> str:
    if not isinstance(value, str) or value not in available_timezones():
        raise ValueError("must be a time zone by its IANA name, such as America/Chicago")
    return value


def _region(value: Any) -> str:
    if not isinstance(value, str) or not is_region(value):
        raise ValueError("must be a country by its two letters, such as US")
    return value


def _number(value: Any, region: str) -> str:
    try:
        return parse_number(str(value), region).value
    except Invalid as error:
        raise ValueError("must be a phone number") from error


def _refuse_twice(table: str, key: str, values: list[str]) -> None:
    for i, value in enumerate(values):
        if value in values[:i]:
            raise wrong((table, str(i)), key, "is there twice")
