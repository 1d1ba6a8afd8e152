"""Is the ledger what it was? Walks every chain, every checkpoint and the copy outside.

What is wrong first is named: lines in order of their chain and sequence, then checkpoints in
order of their number, then tables that differ from what their chain adds up to.
"""

from app.actor import Service
from app.config import Settings
from app.consent.checkpoints import copy_outside
from app.consent.faults import Fault, VerifyReport
from app.consent.verify_chains import check_chains
from app.consent.verify_checkpoints import check_checkpoints, lines_outside
from app.database import Database
from app.directory.models import District

VERIFIER = "ledger"


def verify_district(database: Database, settings: Settings, district: District) -> VerifyReport:
    """Check the district's ledger as it is at one instant, while others go on writing."""
    report = VerifyReport(district.key)
    # Measured before the snapshot: a checkpoint is outside only after it is committed.
    outside = lines_outside(copy_outside(settings, district.key))
    with database.read(Service(VERIFIER, frozenset({district.id}))) as db:
        try:
            differing = check_chains(db, district.id, report)
            check_checkpoints(db, settings, district.id, outside, report)
            report.fault = differing
        except Fault as fault:
            report.fault = fault.with_traceback(None)
    return report
