"""Check the ledger."""

from typing import Annotated, Any

import sqlalchemy as sa
import typer

from app.commands.operation import messages, operation, print_json
from app.consent.faults import VerifyReport
from app.consent.verify import verify_district
from app.directory.models import District

commands = typer.Typer(help="The ledger of what was said.", no_args_is_help=True)


@commands.callback()
def ledger() -> None:
    """The ledger of what was said."""


@commands.command()
def verify(
    district: Annotated[str | None, typer.Option("--district", help="only this district")] = None,
    json: Annotated[bool, typer.Option("--json", help="print the result as JSON")] = False,
) -> None:
    """Check every chain; names the first bad line."""
    with operation() as opened:
        actor = opened.operator(district)
        with opened.database.read(actor) as db:
            wanted = sa.select(District).where(District.id.in_(list(actor.districts)))
            districts = db.session.scalars(wanted.order_by(District.key)).all()
        reports = [verify_district(opened.database, opened.settings, one) for one in districts]
    if json:
        print_json([_as_json(report) for report in reports])
    for report in reports:
        messages.print(_in_words(report), markup=False)
    if any(report.fault for report in reports):
        raise typer.Exit(1)


def _as_json(report: VerifyReport) -> dict[str, Any]:
    fault = report.fault
    return {
        "district": report.district,
        "lines": report.lines,
        "chains": report.chains,
        "checkpoints": report.checkpoints,
        "outside": report.outside,
        "fault": fault
        and {
            "chain": fault.chain,
            "sequence": fault.sequence,
            "id": fault.id,
            "problem": fault.problem,
        },
    }


def _in_words(report: VerifyReport) -> str:
    counted = (
        f"{report.lines} lines in {report.chains} chains, {report.checkpoints} checkpoints "
        f"({report.outside} outside)"
    )
    if report.fault is None:
        return f"{report.district}: {counted}: whole"
    return f"{report.district}: {counted}: {report.fault}"
