"""Mails leave the outbox at least once, whatever the mail server does."""

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.actor import Service
from app.config import Settings, SettingsError
from app.database import Database
from app.outbox import mail
from app.outbox.delivery import ATTEMPTS, LEASE, WORKER, Sender, deliver_next, retry_after
from app.outbox.mail import Mail, SmtpServer
from app.outbox.models import OutboxItem
from app.outbox.queue import enqueue_mail
from tests.outbox.mail_server import Postmaster, a_mail_server
from tests.world import SetClock

ADDRESS = "marge@example.org"


@pytest.fixture
def server() -> Iterator[tuple[Postmaster, str]]:
    with a_mail_server() as running:
        yield running


@pytest.fixture
def postmaster(server: tuple[Postmaster, str]) -> Postmaster:
    return server[0]


@pytest.fixture
def sender(server: tuple[Postmaster, str]) -> Sender:
    return smtp(f"smtp://{server[1]}")


def smtp(url: str) -> Sender:
    settings = Settings(smtp_url=url, mail_from="Springfield Schools <portal@example.org>")
    return Sender(SmtpServer.from_settings(settings).send, keeps_text=False)


def a_mail(database: Database, text: str = "Hello.\n", **more: Any) -> UUID:
    plausible = {"kind": "test", "recipient": ADDRESS, "subject": "Good day"}
    with database.write(Service("test")) as db:
        return enqueue_mail(db, text=text, **plausible | more)


def row(database: Database, item_id: UUID) -> OutboxItem:
    with database.read(WORKER) as db:
        return db.session.get_one(OutboxItem, item_id)


def deliver_all(database: Database, sender: Sender) -> int:
    count = 0
    while deliver_next(database, sender):
        count += 1
    return count


def test_a_mail_arrives_as_it_was_written(
    database: Database, postmaster: Postmaster, sender: Sender
) -> None:
    text = "¿Fue usted? Entonces no tiene que hacer nada.\n.\n" + "x" * 1500 + "\n"
    item_id = a_mail(database, text, subject="Su código — para entrar")
    assert deliver_all(database, sender) == 1
    (message,) = postmaster.taken
    assert message["From"] == "Springfield Schools <portal@example.org>"
    assert message["To"] == ADDRESS
    assert message["Subject"] == "Su código — para entrar"
    assert message["Message-ID"] == f"<{item_id}@example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"] == "Fri, 20 Nov 2026 15:00:00 +0000"
    assert postmaster.texts == [text]
    assert postmaster.recipients == [ADDRESS]


def test_what_has_been_sent_is_not_kept(database: Database, sender: Sender) -> None:
    item_id = a_mail(database, "Your code is 123456")
    deliver_all(database, sender)
    item = row(database, item_id)
    assert item.sent_at is not None
    assert item.content == {}
    assert deliver_all(database, sender) == 0


def test_an_effect_taken_back_sends_nothing(
    database: Database, postmaster: Postmaster, sender: Sender
) -> None:
    with pytest.raises(RuntimeError), database.write(Service("test")) as db:
        enqueue_mail(db, kind="test", recipient=ADDRESS, subject="s", text="t")
        raise RuntimeError
    assert deliver_all(database, sender) == 0
    assert postmaster.taken == []


def test_a_mail_for_later_waits(
    database: Database, postmaster: Postmaster, sender: Sender, clock: SetClock
) -> None:
    a_mail(database, not_before=clock.now + timedelta(hours=1))
    assert deliver_all(database, sender) == 0
    clock.advance(timedelta(hours=1))
    assert deliver_all(database, sender) == 1
    assert len(postmaster.taken) == 1


@pytest.mark.parametrize("hook", ["to_recipient", "to_data"])
def test_a_mail_refused_for_good_is_given_up_and_the_next_one_goes(
    database: Database, postmaster: Postmaster, sender: Sender, hook: str
) -> None:
    refused = a_mail(database)
    setattr(postmaster, hook, f"550 no such person as {ADDRESS}")
    deliver_all(database, sender)
    item = row(database, refused)
    assert item.failed_at is not None
    assert item.sent_at is None
    assert item.last_error is not None
    assert item.last_error.endswith(" 550")
    assert ADDRESS not in item.last_error
    setattr(postmaster, hook, "250 OK")
    a_mail(database, "the next\n")
    deliver_all(database, sender)
    assert postmaster.texts == ["the next\n"]


@pytest.mark.parametrize("hook", ["to_recipient", "to_data"])
def test_a_mail_refused_for_now_goes_later(
    database: Database, postmaster: Postmaster, sender: Sender, clock: SetClock, hook: str
) -> None:
    a_mail(database)
    setattr(postmaster, hook, "451 later")
    assert deliver_all(database, sender) == 1
    setattr(postmaster, hook, "250 OK")
    assert deliver_all(database, sender) == 0
    clock.advance(timedelta(seconds=8))
    assert deliver_all(database, sender) == 1
    assert len(postmaster.taken) == 1


def test_a_server_that_hangs_up_in_the_middle_gets_the_mail_again(
    database: Database, postmaster: Postmaster, sender: Sender, clock: SetClock
) -> None:
    item_id = a_mail(database)
    postmaster.drops = 1
    deliver_all(database, sender)
    assert row(database, item_id).sent_at is None
    clock.advance(timedelta(seconds=8))
    deliver_all(database, sender)
    assert len(postmaster.taken) == 1
    assert row(database, item_id).attempts == 2


def test_a_repeat_after_a_lost_answer_has_the_same_message_id(
    database: Database, postmaster: Postmaster, sender: Sender, clock: SetClock
) -> None:
    a_mail(database)
    postmaster.drops_after_taking = 1
    deliver_all(database, sender)
    clock.advance(timedelta(seconds=8))
    deliver_all(database, sender)
    first, second = postmaster.taken
    assert first["Message-ID"] == second["Message-ID"]


def test_a_slow_server_is_left_and_tried_again(
    database: Database,
    postmaster: Postmaster,
    sender: Sender,
    clock: SetClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mail, "TIMEOUT_SECONDS", 0.2)
    item_id = a_mail(database)
    postmaster.sleeps = 0.6
    deliver_all(database, sender)
    assert row(database, item_id).sent_at is None
    postmaster.sleeps = 0
    clock.advance(timedelta(seconds=8))
    deliver_all(database, sender)
    assert row(database, item_id).sent_at is not None


def test_no_server_at_all_loses_nothing(database: Database, clock: SetClock) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        item_id = a_mail(database)
        deliver_all(database, smtp(f"smtp://127.0.0.1:{port}"))
    assert row(database, item_id).last_error == "ConnectionRefusedError"
    with a_mail_server() as (postmaster, place):
        clock.advance(timedelta(seconds=8))
        deliver_all(database, smtp(f"smtp://{place}"))
    assert len(postmaster.taken) == 1


def test_after_thirty_attempts_a_mail_is_given_up(database: Database, clock: SetClock) -> None:
    attempts = []

    def fail(mail: Mail) -> None:
        attempts.append(mail.id)
        raise ConnectionRefusedError

    item_id = a_mail(database)
    for _ in range(ATTEMPTS + 5):
        clock.advance(timedelta(hours=2))
        deliver_all(database, Sender(fail, keeps_text=False))
    assert len(attempts) == ATTEMPTS
    assert row(database, item_id).failed_at is not None


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 5), (2, 10), (5, 80), (11, 3600), (30, 3600)]
)
def test_the_pause_doubles_up_to_an_hour_and_varies_by_half(attempts: int, seconds: int) -> None:
    pauses = [retry_after(attempts).total_seconds() for _ in range(50)]
    assert min(pauses) >= seconds * 0.5
    assert max(pauses) <= seconds * 1.5
    assert len(set(pauses)) > 1


def test_two_workers_never_send_the_same_mail(
    database: Database, postmaster: Postmaster, sender: Sender, scale: Callable[[int], int]
) -> None:
    expected = sorted(f"mail {n}\n" for n in range(scale(400)))
    for text in expected:
        a_mail(database, text)
    threads = [threading.Thread(target=deliver_all, args=(database, sender)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    deliver_all(database, sender)
    assert sorted(postmaster.texts) == expected


def test_the_mail_of_a_worker_that_died_goes_when_its_lease_is_over(
    database: Database, postmaster: Postmaster, sender: Sender, clock: SetClock
) -> None:
    class Died(BaseException):
        pass

    def die(_mail: Mail) -> None:
        raise Died

    a_mail(database)
    with pytest.raises(Died):
        deliver_next(database, Sender(die, keeps_text=False))
    assert deliver_all(database, sender) == 0
    clock.advance(LEASE)
    assert deliver_all(database, sender) == 1
    assert len(postmaster.taken) == 1


def test_a_worker_whose_lease_ran_out_does_not_overwrite_the_other(
    database: Database, postmaster: Postmaster, sender: Sender, clock: SetClock
) -> None:
    def slow(_mail: Mail) -> None:
        clock.advance(LEASE)
        deliver_all(database, sender)
        raise ConnectionResetError

    item_id = a_mail(database)
    deliver_next(database, Sender(slow, keeps_text=False))
    item = row(database, item_id)
    assert item.sent_at is not None
    assert item.last_error is None


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's context for `localhost`; SSL_CERT_FILE makes us trust it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def a_letter() -> Mail:
    return Mail(UUID(int=1), ADDRESS, "s", "t\n", dt.datetime(2026, 11, 20, tzinfo=dt.UTC))


def test_starttls_is_used_where_it_is_offered(tls: ssl.SSLContext) -> None:
    with a_mail_server(tls=tls) as (postmaster, place):
        smtp(f"smtp://{place}").send(a_letter())
    assert postmaster.encrypted == [True]


def test_smtps_is_encrypted_from_the_first_byte(tls: ssl.SSLContext) -> None:
    with a_mail_server(tls=tls, from_first_byte=True) as (postmaster, place):
        smtp(f"smtps://{place}").send(a_letter())
    assert postmaster.encrypted == [True]


def test_a_certificate_nobody_vouches_for_gets_no_mail(
    tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with a_mail_server(tls=tls) as (postmaster, place), pytest.raises(ssl.SSLError):
        smtp(f"smtp://{place}").send(a_letter())
    assert postmaster.taken == []


def test_the_password_of_the_url_signs_in(tls: ssl.SSLContext) -> None:
    with a_mail_server(tls=tls, auth=True) as (postmaster, place):
        smtp(f"smtp://portal:a%20pass%3Aword%2F%40@{place}").send(a_letter())
        with pytest.raises(mail.smtplib.SMTPAuthenticationError):
            smtp(f"smtp://portal:wrong@{place}").send(a_letter())
    assert len(postmaster.taken) == 1


def test_a_password_never_travels_in_clear() -> None:
    with (
        a_mail_server() as (postmaster, place),
        pytest.raises(mail.smtplib.SMTPNotSupportedError),
    ):
        smtp(f"smtp://portal:secret@{place}").send(a_letter())
    assert (postmaster.logins, postmaster.taken) == (0, [])


@pytest.mark.parametrize("url", ["smtp://", "smtp://:25", "smtp://host:port", "http://host", "x"])
def test_a_server_that_cannot_be_meant_is_named_at_the_start(url: str) -> None:
    with pytest.raises(SettingsError, match="PORTAL_SMTP_URL"):
        smtp(url)
