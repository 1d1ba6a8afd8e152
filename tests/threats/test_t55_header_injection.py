"""T55: a line break in an address or a subject never becomes a header of a mail."""

import pytest

from app.actor import Service
from app.config import Settings
from app.database import Database
from app.errors import Invalid
from app.outbox.delivery import Sender, deliver_next
from app.outbox.mail import SmtpServer
from app.outbox.models import OutboxItem
from app.outbox.queue import enqueue_mail
from app.vocabulary import Channel
from tests.outbox.mail_server import a_mail_server

pytestmark = pytest.mark.threat("T55")
SERVICE = Service("test")
BREAKS = ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\x00"]
INJECTED = "Bcc: everybody@example.com"


@pytest.mark.parametrize(
    ("recipient", "subject", "place"),
    [
        ("marge@example.org{0}" + INJECTED, "Hello", "recipient"),
        ("{0}marge@example.org", "Hello", "recipient"),
        ("marge{0}@example.org", "Hello", "recipient"),
        ("Marge{0} <marge@example.org>", "Hello", "recipient"),
        ("marge@example.org", "Hello{0}" + INJECTED, "subject"),
        ("marge@example.org", "Hello{0}", "subject"),
    ],
)
def test_it_is_refused_before_it_is_queued(
    database: Database, recipient: str, subject: str, place: str
) -> None:
    with database.write(SERVICE) as db:
        for line_break in BREAKS:
            with pytest.raises(Invalid) as refused:
                enqueue_mail(
                    db,
                    kind="test",
                    recipient=recipient.format(line_break),
                    subject=subject.format(line_break),
                    text="Hello.",
                )
            assert refused.value.path == (place,)
        assert db.session.query(OutboxItem).count() == 0


@pytest.mark.parametrize(
    ("recipient", "content"),
    [
        (f"marge@example.org\r\n{INJECTED}", {"subject": "Hello", "text": "Hello."}),
        ("marge@example.org", {"subject": f"Hello\r\n{INJECTED}", "text": "Hello."}),
        ("no address", {"subject": "Hello", "text": "Hello."}),
        ("", {"subject": "Hello", "text": "Hello."}),
        ("marge@example.org", {}),
    ],
)
def test_a_poisoned_row_is_given_up_and_the_queue_goes_on(
    database: Database, recipient: str, content: dict[str, str]
) -> None:
    with database.write(SERVICE) as db:
        poison = OutboxItem(
            channel=Channel.EMAIL,
            kind="test",
            recipient=recipient,
            content=content,
            created_at=db.now,
            not_before=db.now,
        )
        db.add(poison)
        db.flush()
        enqueue_mail(
            db, kind="test", recipient="ned@example.org", subject="Hello", text=f"{INJECTED}\n"
        )
    with a_mail_server() as (postmaster, place):
        server = SmtpServer.from_settings(Settings(smtp_url=f"smtp://{place}"))
        while deliver_next(database, Sender(server.send, keeps_text=False)):
            pass
    assert postmaster.recipients == ["ned@example.org"]
    (message,) = postmaster.taken
    assert message["Bcc"] is None
    assert postmaster.texts == [f"{INJECTED}\n"]
    with database.read(SERVICE) as db:
        given_up = db.session.get_one(OutboxItem, poison.id)
    assert given_up.failed_at is not None
    assert given_up.attempts == 1
