"""Writes the decision table of docs/rules.md: `python -m tests.consent.rules_page`.

The words are the clauses' own; answers and reasons are what they say in the tests' situations.
"""

from pathlib import Path

from app.consent.rules import CLAUSES, Clause
from tests.consent.situations import SITUATIONS

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"
BEGIN, END = "<!-- the table: python -m tests.consent.rules_page -->\n", "<!-- end -->\n"


def with_table(page: str) -> str:
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table()}{END}{after}"


def table() -> str:
    rows = (row(number, clause) for number, clause in enumerate(CLAUSES, start=1))
    return "| # | if | may it go out? | reason |\n|---|---|---|---|\n" + "".join(rows)


def row(number: int, clause: Clause) -> str:
    answers = [each.expected for each in SITUATIONS if each.clause is clause]
    allowed = {"yes" if answer.allowed else "no" for answer in answers}
    until = ", until `not_before`" if any(answer.not_before for answer in answers) else ""
    reasons = " or ".join(f"`{answer.reason}`" for answer in answers)
    text = " ".join((clause.__doc__ or "").split())
    return f"| {number} | {text} | {' or '.join(sorted(allowed))}{until} | {reasons} |\n"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text()))
