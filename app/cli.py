"""The `portal` command."""

import sys

import typer

from app.commands import district, imports, ledger, people, server
from app.commands.operation import messages
from app.config import EX_CONFIG, SettingsError
from app.errors import PortalError, Unavailable
from app.logs import configure_logging

portal = typer.Typer(
    help="The Preference Portal: where families say how a school may reach them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
RUN, DATA, PEOPLE, PROOF = "Run it", "Bring data in", "Who may come in", "Proof and contract"

for command in (server.demo, server.serve, server.worker, server.migrate, server.check):
    portal.command(rich_help_panel=RUN)(command)
portal.add_typer(district.commands, name="district", rich_help_panel=DATA)
portal.add_typer(imports.commands, name="import", rich_help_panel=DATA)
portal.command(rich_help_panel=PEOPLE)(people.token)
portal.add_typer(people.commands, name="access", rich_help_panel=PEOPLE)
portal.add_typer(ledger.commands, name="ledger", rich_help_panel=PROOF)


@portal.command(rich_help_panel=PROOF)
def schema() -> None:
    """The GraphQL schema, as text."""
    from graphql_schema.schema import schema as built  # noqa: PLC0415 (slow, and only needed here)

    typer.echo(built.as_str())


def main() -> None:
    """Exit 0 on success, 1 on a refused job (nothing changed), 2 on wrong usage, 78 on settings."""
    configure_logging()
    try:
        portal()
    except SettingsError as error:
        messages.print(f"portal: {error}", markup=False)
        sys.exit(EX_CONFIG)
    except PortalError as error:
        place = ".".join(error.path)
        messages.print(f"{place}: {error.message}" if place else error.message, markup=False)
        sys.exit(1)
    except Unavailable as error:
        messages.print(f"portal: {error}", markup=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
