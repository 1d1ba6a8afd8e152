"""The words of the contract: every enum that the API, the files and the tables share."""

from enum import StrEnum


class Channel(StrEnum):
    VOICE = "VOICE"
    SMS = "SMS"
    EMAIL = "EMAIL"
    PUSH = "PUSH"


class DestinationKind(StrEnum):
    PHONE = "PHONE"
    MAILBOX = "MAILBOX"
    DEVICE = "DEVICE"


CHANNELS_OF = {
    DestinationKind.PHONE: (Channel.VOICE, Channel.SMS),
    DestinationKind.MAILBOX: (Channel.EMAIL,),
    DestinationKind.DEVICE: (Channel.PUSH,),
}


class LineType(StrEnum):
    MOBILE = "MOBILE"
    LANDLINE = "LANDLINE"
    VOIP = "VOIP"
    UNKNOWN = "UNKNOWN"


class ConsentStatus(StrEnum):
    UNKNOWN = "UNKNOWN"
    GRANTED = "GRANTED"
    REVOKED = "REVOKED"


class OptOutScope(StrEnum):
    BROADCAST_TYPE = "BROADCAST_TYPE"
    NON_EMERGENCY = "NON_EMERGENCY"
    ALL = "ALL"


class Source(StrEnum):
    """The door through which a change came."""

    APP = "APP"
    WEB = "WEB"
    VOICE = "VOICE"
    SMS = "SMS"
    EMAIL = "EMAIL"
    STAFF = "STAFF"
    IMPORT = "IMPORT"
    API = "API"


class DecisionReason(StrEnum):
    UNREACHABLE = "UNREACHABLE"
    BLOCKED = "BLOCKED"
    NO_RIGHTS = "NO_RIGHTS"
    CONSENT_REVOKED = "CONSENT_REVOKED"
    OPTED_OUT = "OPTED_OUT"
    HELD = "HELD"
    EMERGENCY = "EMERGENCY"
    CONSENT_MISSING = "CONSENT_MISSING"
    PAUSED = "PAUSED"
    QUIET_HOURS = "QUIET_HOURS"
    CHOSEN = "CHOSEN"
    DEFAULT = "DEFAULT"


class ConsentAction(StrEnum):
    """What a line of the ledger says has happened."""

    GRANTED = "GRANTED"
    REVOKED = "REVOKED"
    LAPSED = "LAPSED"
    OPT_IN_PENDING = "OPT_IN_PENDING"
    OPTED_OUT = "OPTED_OUT"
    OPT_OUT_LIFTED = "OPT_OUT_LIFTED"
    HELD = "HELD"
    HOLD_ENDED = "HOLD_ENDED"
    BLOCKED = "BLOCKED"
    UNBLOCKED = "UNBLOCKED"
    PREFERENCE_SET = "PREFERENCE_SET"
    PREFERENCE_CLEARED = "PREFERENCE_CLEARED"
    QUIET_HOURS_SET = "QUIET_HOURS_SET"
    PAUSED = "PAUSED"
    PAUSE_ENDED = "PAUSE_ENDED"
    IMPORTED = "IMPORTED"
    ERASED = "ERASED"


class OptOutHandling(StrEnum):
    REVIEW = "REVIEW"
    AUTOMATIC = "AUTOMATIC"


class OptOutReportStatus(StrEnum):
    PENDING = "PENDING"
    APPLIED = "APPLIED"
    DISMISSED = "DISMISSED"
    WITHDRAWN = "WITHDRAWN"


class ContactEditMode(StrEnum):
    """Whether parents of a district may ask for changed contact data."""

    REQUEST = "REQUEST"
    LOCKED = "LOCKED"


class Rights(StrEnum):
    FULL = "FULL"
    RESTRICTED = "RESTRICTED"
    NO_RIGHTS = "NO_RIGHTS"


class DeliveryStatus(StrEnum):
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    NOT_ALLOWED = "NOT_ALLOWED"


class ChangeRequestStatus(StrEnum):
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    PARTLY_APPROVED = "PARTLY_APPROVED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"


class ChangeDecision(StrEnum):
    APPROVE = "APPROVE"
    REJECT = "REJECT"
    PER_ITEM = "PER_ITEM"


class ContactField(StrEnum):
    GIVEN_NAME = "GIVEN_NAME"
    FAMILY_NAME = "FAMILY_NAME"
    LANGUAGE = "LANGUAGE"
    ADDRESS = "ADDRESS"
    ADD_PHONE = "ADD_PHONE"
    REPLACE_PHONE = "REPLACE_PHONE"
    REMOVE_PHONE = "REMOVE_PHONE"
    ADD_EMAIL = "ADD_EMAIL"
    REPLACE_EMAIL = "REPLACE_EMAIL"
    REMOVE_EMAIL = "REMOVE_EMAIL"
    NOT_MY_NUMBER = "NOT_MY_NUMBER"
    NOT_MY_CHILD = "NOT_MY_CHILD"
    LINK_STUDENT = "LINK_STUDENT"


class Feature(StrEnum):
    """What a staff member may be granted, for a district or for some of its schools."""

    VIEW_CONTACTS = "VIEW_CONTACTS"
    EDIT_PREFERENCES = "EDIT_PREFERENCES"
    REVIEW_CHANGES = "REVIEW_CHANGES"
    REVIEW_OPT_OUTS = "REVIEW_OPT_OUTS"
    BLOCK_NUMBERS = "BLOCK_NUMBERS"
    IMPORT_DATA = "IMPORT_DATA"
    EXPORT = "EXPORT"
    VIEW_AUDIT = "VIEW_AUDIT"
    MANAGE_ACCESS = "MANAGE_ACCESS"
    MANAGE_SETTINGS = "MANAGE_SETTINGS"


class ErrorCode(StrEnum):
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    INVALID = "INVALID"
    CONFLICT = "CONFLICT"
    STALE = "STALE"
    IDEMPOTENCY_MISMATCH = "IDEMPOTENCY_MISMATCH"
    RATE_LIMITED = "RATE_LIMITED"
    COST_LIMIT = "COST_LIMIT"
    INTERNAL = "INTERNAL"
