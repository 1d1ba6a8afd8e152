"""T57: phone numbers that cost money, reach nobody, or are not what they seem."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from app.directory.links import links_of
from app.directory.numbers import LINE_TYPES, NO_COUNTRY, parse_number
from app.errors import Invalid
from app.vocabulary import Channel
from tests.world import World, a_contact, a_link, a_phone

pytestmark = pytest.mark.threat("T57")

COSTLY = [kind for kind in PhoneNumberType.values() if kind not in LINE_TYPES]
EXAMPLES = [
    (region, kind, example)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    for kind in PhoneNumberType.values()
    if (example := phonenumbers.example_number_for_type(region, kind))
]


def test_no_country_s_costly_numbers_are_taken() -> None:
    for region, kind, example in EXAMPLES:
        typed = phonenumbers.format_number(example, PhoneNumberFormat.E164)
        if phonenumbers.number_type(example) in COSTLY:
            with pytest.raises(Invalid):
                parse_number(typed, region)
        else:
            assert parse_number(typed, region).value == typed, (region, kind)


@pytest.mark.parametrize("code", phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS)
def test_satellite_phones_and_other_numbers_of_no_country_are_not_taken(code: int) -> None:
    assert phonenumbers.region_code_for_country_code(code) == NO_COUNTRY
    example = phonenumbers.example_number_for_non_geo_entity(code)
    assert example is not None
    with pytest.raises(Invalid):
        parse_number(phonenumbers.format_number(example, PhoneNumberFormat.E164), "US")


@given(st.text(max_size=80))
def test_whatever_is_typed_is_a_valid_number_or_refused(typed: str) -> None:
    try:
        number = parse_number(typed, "US")
    except Invalid:
        return
    assert phonenumbers.is_valid_number(phonenumbers.parse(number.value))


@given(st.from_regex(r"\A[0-9]{3}-[0-9]{3}-[A-Z]{4}\Z"))
def test_letters_never_hide_the_digits_from_the_reviewer(typed: str) -> None:
    try:
        number = parse_number(typed, "US")
    except Invalid:
        return
    assert not any(character.isalpha() for character in number.display)


def test_an_extension_is_kept_apart_and_gets_no_text(world: World) -> None:
    number = parse_number("217-555-0143 ext 12", "US")
    assert (number.value, number.extension) == ("+12175550143", "12")
    with world.database.write(world.service) as db:
        contact = a_contact(db, world.district)
        phone = a_phone(db, world.district, number.value)
        a_link(db, contact, phone, extension=number.extension)
        (held,) = links_of(db, [(contact.district_id, contact.id)])
    assert held.reaches(Channel.VOICE)
    assert not held.reaches(Channel.SMS)
