"""The threat model and the tests name the same rows."""

import ast
import re
from pathlib import Path

import pytest

from tests.threats.owed import OWED

TESTS = Path(__file__).parents[1]
MODEL = TESTS.parent / "docs" / "threats.md"


@pytest.fixture(scope="module")
def tested() -> set[str]:
    """Every row that a `@pytest.mark.threat("T00")` above a test names."""
    trees = [ast.parse(file.read_text()) for file in TESTS.rglob("test_*.py")]
    calls = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {
        row.value
        for call in calls
        if ast.unparse(call.func) == "pytest.mark.threat"
        for row in call.args
        if isinstance(row, ast.Constant)
    }


@pytest.fixture(scope="module")
def described() -> list[str]:
    return re.findall(r"^\| (T\d\d) \|", MODEL.read_text(), re.MULTILINE)


def test_every_owed_threat_has_a_test(tested: set[str]):
    assert sorted(OWED - tested) == []


def test_every_tested_threat_is_described_once(tested: set[str], described: list[str]):
    assert sorted(described) == sorted(OWED | tested)
