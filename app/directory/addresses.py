"""What an e-mail address is, when two are the same, and which look like another."""

import unicodedata

from email_validator import EmailNotValidError, validate_email

from app.directory.names import code_point
from app.errors import Invalid


def normalised_address(text: str) -> str:
    """The address as it is stored and compared: all in lower case, no spaces around it.

    RFC 5321 lets the part before the @ tell capitals apart; no mailbox in the field does, and
    phones capitalise what people type. Addresses with other than ASCII letters before the @
    (SMTPUTF8, RFC 6531) are refused, because many mail servers still cannot take them; a domain
    with such letters is kept in its ASCII form (RFC 5891), which passes for no other.
    Raises Invalid, without repeating the address.
    """
    try:
        found = validate_email(
            text.strip(" "), check_deliverability=False, allow_smtputf8=False, strict=True
        )
    except EmailNotValidError as error:
        raise Invalid("This is not an e-mail address.") from error
    assert found.ascii_email is not None, "only SMTPUTF8 addresses have no ASCII form"
    return found.ascii_email.lower()


def lookalikes(address: str) -> list[str]:
    """The letters that could pass for others, each as `U+0430 CYRILLIC SMALL LETTER A`.

    These are the letters outside Latin of an address that also has Latin ones (UTS 39, mixed
    scripts). Takes the address as typed or as stored.
    """
    letters = [character for character in _readable(address) if character.isalpha()]
    foreign = [letter for letter in letters if not _is_latin(letter)]
    if len(foreign) == len(letters):
        return []
    return [f"{code_point(letter)} {unicodedata.name(letter)}" for letter in dict.fromkeys(foreign)]


def _readable(address: str) -> str:
    """The domain as a reader sees it."""
    local, at, domain = address.rpartition("@")
    try:
        return local + at + domain.encode("ascii").decode("idna")
    except UnicodeError:
        return address


def _is_latin(letter: str) -> bool:
    return letter.isascii() or unicodedata.name(letter, "").startswith("LATIN ")
