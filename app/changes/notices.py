"""What a family is told when the school has decided, in her language."""

from app.changes.models import ChangeRequest
from app.database import Db
from app.directory.models import Contact, District
from app.outbox.queue import enqueue_mail
from app.translation import say
from app.vocabulary import ChangeRequestStatus
from auth.models import Account

SAID = {
    ChangeRequestStatus.APPROVED: "Your school has made the change you asked for.",
    ChangeRequestStatus.PARTLY_APPROVED: "Your school has made a part of the change you asked for.",
    ChangeRequestStatus.REJECTED: "Your school has not made the change you asked for.",
}


def tell_decision(db: Db, request: ChangeRequest, contact: Contact) -> None:
    """A mail to the account that asked. It names no number and no address."""
    account = db.session.get(Account, request.account_id) if request.account_id else None
    district = db.session.get(District, request.district_id)
    if account is None or account.disabled_at is not None or district is None:
        return
    language = contact.language
    said = say(language, SAID[request.status])
    reason = say(language, "Their reason: {reason}", reason=request.reason or "")
    enqueue_mail(
        db,
        kind="change-decided",
        recipient=account.email,
        subject=say(language, "Your request to {district}", district=district.name),
        text="\n\n".join([said, reason] if request.reason else [said]),
        district_id=district.id,
    )
