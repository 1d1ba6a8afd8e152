"""What an e-mail address is, and when two are the same."""

from email_validator import EmailNotValidError, validate_email

from app.errors import Invalid


def normalised_address(text: str) -> str:
    """The address as it is stored and compared: all in lower case, no spaces around it.

    RFC 5321 lets the part before the @ tell capitals apart; no mailbox in the field does, and
    phones capitalise what people type. Addresses with other than ASCII letters before the @
    (SMTPUTF8, RFC 6531) are refused, because many mail servers still cannot take them.
    Raises Invalid, without repeating the address.
    """
    try:
        found = validate_email(text.strip(" "), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise Invalid("This is not an e-mail address.") from error
    return found.normalized.lower()
