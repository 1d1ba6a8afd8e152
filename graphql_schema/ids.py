"""Global ids: type, district and id of a row in one opaque text."""

import base64
import binascii
from enum import Enum
from uuid import UUID

import strawberry

from app.directory.links import Key
from app.errors import NotFound

NOTHING: Key = (UUID(int=0), UUID(int=0))


class Kind(Enum):
    """The first byte of an id. A letter is never used for something else."""

    DISTRICT = b"D"
    SCHOOL = b"S"
    STUDENT = b"T"
    BROADCAST_TYPE = b"B"
    CONTACT = b"C"
    LINK = b"L"
    CONSENT_EVENT = b"E"
    MESSAGE = b"M"
    CHANGE_REQUEST = b"R"


def global_id(kind: Kind, district_id: UUID, id: UUID) -> strawberry.ID:
    packed = kind.value + district_id.bytes + id.bytes
    return strawberry.ID(base64.urlsafe_b64encode(packed).decode())


def read_id(text: str) -> tuple[Kind, Key]:
    """Raises NotFound on what is no id of ours: nonsense answers like what does not exist."""
    try:
        packed = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
        if len(packed) != 33:
            raise NotFound
        return Kind(packed[:1]), (UUID(bytes=packed[1:17]), UUID(bytes=packed[17:]))
    except (ValueError, binascii.Error):
        raise NotFound from None


def key_of(text: str, kind: Kind) -> Key:
    """The (district, id) behind an id of this kind. Raises NotFound."""
    found, key = read_id(text)
    if found is not kind:
        raise NotFound
    return key


def asked_key(text: str, kind: Kind) -> Key:
    """As `key_of`, for a use case, which first asks who acts and then refuses at its own place:
    nonsense becomes the key of nothing.
    """
    try:
        return key_of(text, kind)
    except NotFound:
        return NOTHING


def optional_asked_key(text: str | None, kind: Kind) -> Key | None:
    """As `asked_key`; None stays None."""
    return None if text is None else asked_key(text, kind)
