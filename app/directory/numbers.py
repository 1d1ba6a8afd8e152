"""What a telephone number is, as somebody typed it."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from app.errors import Invalid
from app.vocabulary import LineType

LONGEST = 60
# What a school may call or text; no premium rate, shared cost, pager, personal or company number.
LINE_TYPES = {
    PhoneNumberType.FIXED_LINE: LineType.LANDLINE,
    PhoneNumberType.MOBILE: LineType.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: LineType.UNKNOWN,
    PhoneNumberType.VOIP: LineType.VOIP,
    PhoneNumberType.TOLL_FREE: LineType.LANDLINE,
}
NO_COUNTRY = "001"  # satellite phones and other numbers that belong to no country
# Digits come first, so that a text which merely holds a number is none.
TYPED = re.compile(r"[+( ]*\d[\dA-Za-z ().,/#:*\u2010-\u2015-]*")
PLAIN = re.compile(r"[0-9+(). /-]+")


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """`value` is E.164. `display` is what was typed where that shows each digit, else formatted.

    `line_type` is what the numbering plan tells; UNKNOWN where it does not, as in North America.
    """

    value: str
    display: str
    extension: str | None
    line_type: LineType


@lru_cache(maxsize=65_536)
def parse_number(text: str, region: str) -> PhoneNumber:
    """Read a number; `region` (ISO 3166) is for those written without a country.

    Letters count as their keys (1-800-FLOWERS). Raises Invalid, without repeating the number.
    """
    typed = " ".join(unicodedata.normalize("NFKC", text).split())
    if len(typed) > LONGEST or not TYPED.fullmatch(typed):
        raise Invalid("This is not a phone number.")
    try:
        number = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException as error:
        raise Invalid("This is not a phone number.") from error
    kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.UNKNOWN:  # what has no type is not valid
        raise Invalid("This number does not exist.")
    line_type = LINE_TYPES.get(kind)
    if line_type is None or _country(number) == NO_COUNTRY:
        raise Invalid("The school cannot use this kind of number.")
    extension, number.extension = number.extension, None
    return PhoneNumber(
        value=phonenumbers.format_number(number, PhoneNumberFormat.E164),
        display=typed if PLAIN.fullmatch(typed) else _formatted(number, region),
        extension=extension,
        line_type=line_type,
    )


def _country(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.region_code_for_country_code(number.country_code or 0)


def _formatted(number: phonenumbers.PhoneNumber, region: str) -> str:
    at_home = number.country_code == phonenumbers.country_code_for_region(region)
    style = PhoneNumberFormat.NATIONAL if at_home else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)


def is_region(code: str) -> bool:
    """Whether numbers can be written without a country there."""
    return code in phonenumbers.SUPPORTED_REGIONS
