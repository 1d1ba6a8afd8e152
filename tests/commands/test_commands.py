"""The `portal` command as an operator types it: exit codes, answers, clear refusals."""

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.cli import main

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "docs" / "example"


@dataclass(frozen=True, slots=True)
class Ran:
    returncode: int
    stdout: str
    stderr: str


Portal = Callable[..., Ran]


@pytest.fixture
def portal(tmp_path, monkeypatch, capfd) -> Portal:
    """Type `portal …`, on a database with the example district; gives what came of it."""
    monkeypatch.setenv("PORTAL_ENVIRONMENT", "development")
    monkeypatch.setenv("PORTAL_DATABASE_URL", f"sqlite:///{tmp_path}/var/portal.db")
    monkeypatch.setenv("PORTAL_LEDGER_DIR", str(tmp_path / "ledger"))

    def run(*words: str, stdin: str = "", **changed: str) -> Ran:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["portal", *words])
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
            for name, value in changed.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                main()
            said = capfd.readouterr()
        return Ran(int(ended.value.code or 0), said.out, said.err)

    assert run("migrate").returncode == 0
    assert run("district", "apply", str(EXAMPLE / "springfield.toml")).returncode == 0
    roster = run("import", "roster", str(EXAMPLE / "roster"), "--district", "springfield", "--json")
    assert json.loads(roster.stdout)["created"]["contacts"] == 1
    return run


def test_a_repeated_import_changes_nothing(portal):
    again = portal(
        "import", "roster", str(EXAMPLE / "roster"), "--district", "springfield", "--json"
    )
    report = json.loads(again.stdout)
    assert (report["created"]["contacts"], report["unchanged"]["contacts"]) == (0, 1)
    assert [error["code"] for error in report["errors"]] == ["NUMBER"]


def test_broadcasts_are_read_from_standard_input(portal):
    lines = (EXAMPLE / "broadcasts.ndjson").read_text(encoding="utf-8") + "{cut\n"
    ran = portal("import", "broadcasts", "-", "--district", "springfield", "--json", stdin=lines)
    report = json.loads(ran.stdout)
    assert (ran.returncode, report["deliveries_created"]) == (0, 2)
    assert [(error["line"], error["code"]) for error in report["errors"]] == [(2, "JSON")]


def test_the_past_comes_in_and_the_ledger_agrees(portal, tmp_path):
    stop = {"id": "o-1", "to": "+12175550143", "channel": "SMS", "scope": "ALL", "input": "STOP"}
    stops = json.dumps(stop | {"at": "2024-05-03T10:00:00Z"})
    said = portal("import", "optouts", "-", "--district", "springfield", "--json", stdin=stops)
    assert json.loads(said.stdout)["applied"] == 1
    file = tmp_path / "consents.csv"
    file.write_text(
        "contact,to,channel,method,date\nc-7,+12175550143,VOICE,form,2025-08-20\n"
        "c-7,+12175550143,SMS,form,2025-08-20\n",
        encoding="utf-8",
    )
    words = ("--district", "springfield", "--evidence", "filing cabinet 3", "--operator", "Ana")
    given = json.loads(portal("import", "consents", str(file), *words, "--json").stdout)
    assert (given["granted"], given["revoked"]) == (1, 1)
    verified = portal("ledger", "verify", "--json")
    [report] = json.loads(verified.stdout)
    assert (verified.returncode, report["fault"], report["lines"]) == (0, None, 2)


def test_access_is_given_listed_and_taken_back(portal):
    who = ("ana@springfield.example.org", "REVIEW_CHANGES", "--district", "springfield")
    given = portal("access", "grant", *who, "--school", "sch-1", "--json")
    assert json.loads(given.stdout)[0]["school"] == "sch-1"
    assert portal("token", "ana@springfield.example.org", "--staff").returncode == 0
    portal("access", "revoke", *who)
    listed = portal("access", "list", "--district", "springfield", "--json")
    assert json.loads(listed.stdout) == []
    assert portal("token", "ana@springfield.example.org", "--staff").returncode == 1


def test_check_is_content_in_development_and_strict_for_families(portal):
    assert portal("check").returncode == 0
    strict = portal("check", "--deploy")
    assert strict.returncode == 1
    for setting in ("PORTAL_ENVIRONMENT", "PORTAL_PUBLIC_URL", "PORTAL_SMTP_URL"):
        assert f"error: {setting}" in strict.stderr


REFUSED = [
    (("token", "nobody@example.org"), 1, "Nobody can sign in with this address."),
    (("token", "no address"), 1, "This is not an e-mail address."),
    (("import", "roster", str(EXAMPLE), "--district", "springfield"), 1, ""),
    (("import", "broadcasts", "no-such.ndjson", "--district", "springfield"), 1, "no-such.ndjson"),
    (("import", "broadcasts", "-", "--district", "shelbyville"), 1, "shelbyville"),
    (("access", "grant", "a@b.org", "FLY", "--district", "springfield"), 2, "FLY"),
    (
        ("access", "grant", "a@b.org", "EXPORT", "--district", "springfield", "--school", "x"),
        1,
        "x",
    ),
    (("import", "roster", "no-such-folder", "--district", "springfield"), 2, "no-such-folder"),
    (("fly",), 2, "fly"),
]


@pytest.mark.parametrize(("words", "code", "said"), REFUSED)
def test_a_refusal_says_why_and_prints_no_result(portal, words, code, said):
    ran = portal(*words)
    assert (ran.returncode, ran.stdout) == (code, "")
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr


SETTINGS = [
    ({"PORTAL_DATABASE_URL": "mysql://x"}, "PORTAL_DATABASE_URL"),
    ({"PORTAL_ENVIRONMENT": "test"}, "PORTAL_ENVIRONMENT"),
    ({"PORTAL_ENVIRONMENT": "production"}, "PORTAL_SECRET_KEY"),
    ({"PORTAL_PUBLIC_URL": "ftp://x"}, "PORTAL_PUBLIC_URL"),
    ({"PORTAL_SMTP_URL": "http://x"}, "PORTAL_SMTP_URL"),
    ({"PORTAL_COLOUR": "blue"}, "PORTAL_COLOUR"),
]


@pytest.mark.parametrize(("changed", "named"), SETTINGS)
def test_a_wrong_setting_stops_with_exit_78_and_one_line(portal, changed, named):
    ran = portal("check", **changed)
    assert ran.returncode == 78
    [line] = ran.stderr.splitlines()
    assert named in line


def test_a_database_that_cannot_be_used_is_one_line(portal):
    ran = portal("token", "a@b.org", PORTAL_DATABASE_URL="sqlite:////proc/none/portal.db")
    assert ran.returncode == 1
    assert ran.stderr.splitlines() == ["portal: the database cannot be used now"]


def test_serving_an_old_schema_is_refused(portal, tmp_path):
    ran = portal("serve", PORTAL_DATABASE_URL=f"sqlite:///{tmp_path}/empty.db")
    assert ran.returncode == 1
    assert "portal migrate" in ran.stderr
