"""What a check of the ledger finds."""

from dataclasses import dataclass
from uuid import UUID

# What reading a row raises whose columns hold no values of their kind at all.
UNREADABLE = (TypeError, ValueError, LookupError, AttributeError)


class Fault(Exception):
    """Where the ledger is broken: `chain` is `destination:<id>`, `contact:<id>` or `checkpoints`.

    `sequence` (the number, for a checkpoint) is None where a table differs and no line is bad;
    `id` is None where the line is missing.
    """

    def __init__(self, chain: str, sequence: int | None, id: UUID | None, problem: str) -> None:
        at = "" if sequence is None else f" line {sequence}"
        super().__init__(f"{chain}{at}{f' ({id})' if id else ''}: {problem}")
        self.chain = chain
        self.sequence = sequence
        self.id = id
        self.problem = problem


@dataclass(slots=True)
class VerifyReport:
    """What was checked, and the first fault. `outside` counts lines of the copy outside."""

    district: str
    lines: int = 0
    chains: int = 0
    checkpoints: int = 0
    outside: int = 0
    fault: Fault | None = None
