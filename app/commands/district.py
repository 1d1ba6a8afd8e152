"""Set a district up."""

from pathlib import Path
from typing import Annotated

import typer

from app.commands.operation import messages, operation, print_json
from app.directory.district_file import load_document
from app.directory.settings import apply_district

commands = typer.Typer(help="Create or update a district.", no_args_is_help=True)


@commands.command()
def apply(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Create or update one district from its district.toml."""
    document = load_document(file)
    with operation() as opened:
        actor = opened.operator()
        with opened.database.write(actor) as db:
            district = apply_district(db, actor, document)
            result = {"district": district.key, "version": district.version}
    if json:
        print_json(result)
    messages.print(f"{result['district']} stands at version {result['version']}.", markup=False)
