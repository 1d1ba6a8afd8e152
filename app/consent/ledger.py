"""The ledger: every change of what somebody said, append-only and hash-chained.

docs/ledger.md describes the bytes, so that somebody else can check them.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from app.actor import Actor, identity
from app.clock import rfc3339
from app.consent.models import ConsentEvent, Disclosure, Evidence
from app.database import Db
from app.directory.models import Contact, Destination
from app.exchange.models import FeedLine
from app.vocabulary import Channel, ConsentAction, OptOutScope, Source

BEFORE_THE_FIRST = "0" * 64
FEED_KIND = "consent-event"


@dataclass(frozen=True, slots=True)
class Saying:
    """Who said something, through which door, and what shows it.

    `at` is the provider's time where it has one, else the transaction's. `evidence` may hold
    personal values: it is kept apart from the line and can be erased.
    """

    actor: Actor
    at: datetime
    source: Source
    contact_id: UUID | None = None
    evidence: Mapping[str, Any] | None = None
    disclosure: Disclosure | None = None


def append(
    db: Db,
    chain: Destination | Contact,
    action: ConsentAction,
    saying: Saying,
    *,
    channel: Channel | None = None,
    scope: OptOutScope | None = None,
    broadcast_type_id: UUID | None = None,
    link_id: UUID | None = None,
    detail: Mapping[str, Any] | None = None,
) -> ConsentEvent:
    """Add one line to the chain of a row that this transaction has locked."""
    evidence = _evidence(saying)
    event = ConsentEvent(
        district_id=chain.district_id,
        id=uuid7(),
        destination_id=chain.id if isinstance(chain, Destination) else None,
        contact_id=chain.id if isinstance(chain, Contact) else None,
        sequence=chain.chain_sequence + 1,
        at=saying.at,
        action=action,
        channel=channel,
        source=saying.source,
        actor=identity(saying.actor),
        actor_contact_id=saying.contact_id,
        scope=scope,
        broadcast_type_id=broadcast_type_id,
        link_id=link_id,
        disclosure_version=saying.disclosure.version if saying.disclosure else None,
        disclosure_language=saying.disclosure.language if saying.disclosure else None,
        detail=dict(detail or {}),
        evidence_hash=evidence_hash(evidence.salt, evidence.content) if evidence else None,
        previous_hash=chain.chain_hash or BEFORE_THE_FIRST,
    )
    event.hash = line_hash(event)
    chain.chain_sequence, chain.chain_hash = event.sequence, event.hash
    db.add(event)
    db.flush()
    if evidence:
        evidence.district_id, evidence.id = event.district_id, event.id
        db.add(evidence)
    db.add(
        FeedLine(district_id=event.district_id, kind=FEED_KIND, subject_id=event.id, at=event.at)
    )
    return event


def _evidence(saying: Saying) -> Evidence | None:
    if not saying.evidence:
        return None
    return Evidence(salt=secrets.token_hex(16), content=dict(saying.evidence))


def evidence_hash(salt: str, content: Mapping[str, Any] | None) -> str:
    """SHA-256 over the salt and the canonical evidence, hex."""
    return hashlib.sha256(salt.encode() + b"\n" + canonical(content)).hexdigest()


def canonical(value: Any) -> bytes:
    """UTF-8 JSON, keys sorted, no spaces."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def line_hash(event: Any) -> str:
    """SHA-256 over the hash of the line before and the canonical line, hex.

    Takes the row or the object: whatever has the columns of ConsentEvent as attributes.
    """
    return hashlib.sha256(event.previous_hash.encode() + b"\n" + canonical_line(event)).hexdigest()


def canonical_line(event: Any) -> bytes:
    """The line as docs/ledger.md describes it. It has every column but the two hashes."""
    return canonical(
        {
            "action": event.action,
            "actor": event.actor,
            "actor_contact": _text(event.actor_contact_id),
            "at": rfc3339(event.at),
            "broadcast_type": _text(event.broadcast_type_id),
            "chain": chain_name(event),
            "channel": event.channel,
            "detail": event.detail,
            "disclosure_language": event.disclosure_language,
            "disclosure_version": event.disclosure_version,
            "district": str(event.district_id),
            "evidence": event.evidence_hash,
            "id": str(event.id),
            "link": _text(event.link_id),
            "scope": event.scope,
            "sequence": event.sequence,
            "source": event.source,
        }
    )


def chain_name(event: Any) -> str:
    """`destination:<id>` or `contact:<id>`."""
    if event.destination_id is not None:
        return f"destination:{event.destination_id}"
    return f"contact:{event.contact_id}"


def _text(id: UUID | None) -> str | None:
    return None if id is None else str(id)
