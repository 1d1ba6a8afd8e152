"""Prints every threat row with its result, whichever worker ran its tests."""

from collections import Counter, defaultdict

import pytest

KEY = "threat"
RESULTS = pytest.StashKey[dict[str, Counter[str]]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[RESULTS] = defaultdict(Counter)
    config.pluginmanager.register(Collector(config.stash[RESULTS]))


class Collector:
    """Counts outcomes by row; reports reach the controlling process with their properties."""

    def __init__(self, results: dict[str, Counter[str]]) -> None:
        self.results = results

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            for key, row in report.user_properties:
                if key == KEY:
                    self.results[str(row)][report.outcome] += 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for mark in item.iter_markers(KEY):
            item.user_properties.extend((KEY, row) for row in mark.args)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    results = terminalreporter.config.stash[RESULTS]
    if not results:
        return
    terminalreporter.section("threats")
    for row, outcomes in sorted(results.items()):
        terminalreporter.line(line(row, outcomes), red="failed" in outcomes)


def line(row: str, outcomes: Counter[str]) -> str:
    """`T01 passed (3 tests)`, or what is worse."""
    worst = next(word for word in ("failed", "skipped", "passed") if word in outcomes)
    total = outcomes.total()
    return f"{row} {worst} ({total} test{'' if total == 1 else 's'})"
