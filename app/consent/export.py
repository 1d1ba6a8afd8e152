"""A chain as lines of JSON that anybody can check; docs/ledger.md describes them."""

from collections.abc import Iterator
from uuid import UUID

import orjson

from app.consent.ledger import canonical, canonical_line
from app.consent.verify_chains import LINES
from app.database import Db


def export_chain(db: Db, district_id: UUID, chain: str) -> Iterator[bytes]:
    """The lines of `destination:<id>` or `contact:<id>`, first to last, with their evidence.

    Evidence holds personal values: who may read it is the caller's to say.
    """
    kind, _, holder = chain.partition(":")
    with db.execute(LINES[kind], district_id=district_id, holder_id=UUID(holder)) as lines:
        for line in lines:
            evidence = {"content": line.content, "salt": line.salt} if line.evidence_id else None
            exported = {
                "evidence": evidence,
                "hash": line.hash,
                "line": orjson.Fragment(canonical_line(line)),
                "previous_hash": line.previous_hash,
            }
            yield canonical(exported) + b"\n"
