"""Prints every threat row with its result, whichever worker ran its tests."""

from collections import defaultdict

import pytest

from tests.threats.owed import OWED

KEY = "threat"
WORST_FIRST = ("failed", "skipped", "passed")
Results = dict[str, dict[str, str]]  # row -> test -> outcome


class ThreatReport:
    """Gathers outcomes where the summary is printed; they travel there with each report."""

    def __init__(self) -> None:
        self.results: Results = defaultdict(dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" and report.outcome == "passed":
            return
        for key, row in report.user_properties:
            if key == KEY:
                self.results[str(row)].setdefault(report.nodeid, "passed")
                if report.outcome != "passed":
                    self.results[str(row)][report.nodeid] = report.outcome

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self.results:
            return
        terminalreporter.section("threats")
        for row, outcomes in sorted(self.results.items()):
            result, tests = worst(outcomes), len(outcomes)
            terminalreporter.line(
                f"{row} {result} ({tests} test{'' if tests == 1 else 's'})",
                red=result == "failed",
                yellow=result == "skipped",
            )
        if missing := sorted(OWED - self.results.keys()):
            terminalreporter.line(f"not run: {' '.join(missing)}", yellow=True)


def worst(outcomes: dict[str, str]) -> str:
    return next(word for word in WORST_FIRST if word in outcomes.values())


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(ThreatReport())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for mark in item.iter_markers(KEY):
            item.user_properties.extend((KEY, row) for row in mark.args)
