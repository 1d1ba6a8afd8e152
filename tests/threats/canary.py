"""T66 over the whole suite: no test may leave a number or an address in a log line.

The worlds of the tests use numbers and domains that nothing else holds, so that any of them in
a line is a leak; the test that caused it fails.
"""

import logging
import re
from collections.abc import Iterator

import pytest

CANARY = re.compile(r"1?217[-. )]*555[-. ]*\d{4}|@[\w.-]*example\.(?:org|com)", re.IGNORECASE)


class Lines(logging.Handler):
    """Keeps each line as it goes out."""

    def __init__(self, formatter: logging.Formatter | None) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self.leaks: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.partition(".")[0] == "mail":  # the tests' own mail server
            return
        line = self.format(record)
        if CANARY.search(line):
            self.leaks.append(line)


@pytest.fixture(autouse=True)
def no_personal_data_in_the_log() -> Iterator[None]:
    root = logging.getLogger()
    ours = next((h.formatter for h in root.handlers if type(h) is logging.StreamHandler), None)
    lines = Lines(ours)
    root.addHandler(lines)
    yield
    root.removeHandler(lines)
    assert not lines.leaks, f"personal data in the log: {lines.leaks[0]}"
