"""The docs name what there is: settings, commands, codes, types of the schema."""

import re
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from app.cli import portal
from app.config import Settings
from app.exchange.ndjson import Fault
from app.exchange.roster.report import Code
from graphql_schema.schema import schema

ROOT = Path(__file__).parent.parent
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
EXCHANGE = (ROOT / "docs" / "exchange.md").read_text(encoding="utf-8")


def command_names(group: TyperGroup, words: tuple[str, ...] = ("portal",)) -> list[str]:
    found = []
    for name, command in group.commands.items():
        path = (*words, name)
        found += (
            command_names(command, path) if isinstance(command, TyperGroup) else [" ".join(path)]
        )
    return found


@pytest.mark.parametrize("name", Settings.__dataclass_fields__)
def test_each_setting_has_its_line(name):
    assert f"| `PORTAL_{name.upper()}` |" in OPERATIONS


def test_each_command_is_named():
    names = command_names(typer.main.get_command(portal))
    assert names
    assert [name for name in names if f"`{name}`" not in OPERATIONS] == []


@pytest.mark.parametrize("code", sorted({*Code, *Fault}))
def test_each_code_of_a_problem_is_explained(code):
    codes = EXCHANGE.split("## Codes of problems")[1]
    assert re.search(rf"^\|[^|]*\b{code}\b[^|]*\|", codes, re.MULTILINE)


def test_the_schema_in_the_repository_is_the_one_that_is_served():
    """`portal schema > schema.graphql` after a change of the schema."""
    kept = (ROOT / "schema.graphql").read_text(encoding="utf-8")
    assert kept == schema.as_str() + "\n"


def test_every_link_in_the_docs_leads_somewhere():
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
