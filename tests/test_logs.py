"""What a log line holds, and what it never holds. Each test looks at a process of its own."""

import json
import subprocess
import sys
import textwrap
from typing import Any

import pytest

SECRET = "ana@canary.example"


def logged(program: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stderr_of(program).splitlines()]


def stderr_of(program: str) -> str:
    """What a process writes that configures logging and runs `program`."""
    source = (
        f"import asyncio, logging, structlog\n"
        f"from app.logs import configure_logging\n"
        f"SECRET = {SECRET!r}\nlog = structlog.get_logger('test')\n"
        f"configure_logging()\n{textwrap.dedent(program)}"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout == ""
    return done.stderr


def test_an_event_is_one_line_of_json_with_its_time_level_and_fields():
    [line] = logged("log.info('imported', rows=3)")
    assert (line["event"], line["level"], line["logger"], line["rows"]) == (
        "imported",
        "info",
        "test",
        3,
    )
    assert line["timestamp"].endswith("Z")


def test_a_librarys_log_comes_out_the_same_way():
    [line] = logged("logging.getLogger('alembic').warning('%s tables', 3)")
    assert (line["event"], line["level"], line["logger"]) == ("3 tables", "warning", "alembic")


def test_configuring_twice_writes_no_line_twice():
    assert len(logged("configure_logging(); log.info('once')")) == 1


def test_what_is_bound_to_a_request_stands_in_its_lines():
    [line] = logged(
        """
        with structlog.contextvars.bound_contextvars(request_id='r-1'):
            logging.getLogger('sqlalchemy').warning('slow')
        """
    )
    assert line["request_id"] == "r-1"


@pytest.mark.threat("T66")
def test_of_an_exception_a_line_keeps_type_and_place_but_no_word():
    lines = logged(
        """
        def inner():
            local = SECRET
            raise ValueError(local)
        def outer():
            try:
                inner()
            except ValueError as cause:
                raise KeyError(SECRET) from cause
        speakers = (
            lambda caught: log.exception('failed'),
            lambda caught: log.error('failed', exc_info=True),
            lambda caught: log.error('failed', exc_info=caught),
            lambda caught: logging.getLogger('lib').exception('failed'),
            lambda caught: logging.getLogger('lib').error(f'failed\\n{caught!r}', exc_info=caught),
        )
        for speak in speakers:
            try:
                outer()
            except KeyError as caught:
                speak(caught)
        """
    )
    assert [line["event"] for line in lines] == ["failed"] * 5
    for line in lines:
        outer, cause = line["exception"]
        assert (outer["type"], cause["type"]) == ("builtins.KeyError", "builtins.ValueError")
        assert cause["at"][-1].endswith("inner")
    assert SECRET not in json.dumps(lines)


@pytest.mark.threat("T66")
def test_a_failed_statement_shows_neither_its_values_nor_its_row():
    [line] = logged(
        """
        import sqlalchemy
        engine = sqlalchemy.create_engine('sqlite://')
        try:
            with engine.connect() as connection:
                connection.execute(sqlalchemy.text('SELECT :a FROM nowhere'), {'a': SECRET})
        except Exception:
            log.exception('failed')
        """
    )
    assert "sqlalchemy.exc.OperationalError" in json.dumps(line)
    assert SECRET not in json.dumps(line)
    assert "SELECT" not in json.dumps(line)


@pytest.mark.threat("T66")
def test_a_task_that_nobody_awaited_tells_no_words_either():
    lines = logged(
        """
        async def fail(): raise ValueError(SECRET)
        async def main():
            asyncio.get_running_loop().create_task(fail())
            await asyncio.sleep(0.01)
        asyncio.run(main())
        import gc; gc.collect()
        """
    )
    assert [line["event"] for line in lines] == ["Task exception was never retrieved"]
    assert SECRET not in json.dumps(lines)


@pytest.mark.threat("T60")
def test_no_text_can_begin_a_second_line_or_command_a_terminal():
    texts = [
        "a\nb",
        "a\r\nb",
        "a\u2028b\u2029c\x85d",
        "\x1b[31mred\x1b[0m",
        "\x9b2J",
        "a\0b\x07c\x7fd",
        '"}\n{"event": "fake"',
        "\u202etxt.exe",
        "José 🏃",
    ]
    program = f"""
        for text in {texts!r}:
            log.info(text, field=text)
            logging.getLogger('lib').info('%s', text)
        """
    written = stderr_of(program)
    assert written.isascii()
    assert written.replace("\n", "").isprintable()
    lines = [json.loads(line) for line in written.splitlines()]
    ours, theirs = lines[::2], lines[1::2]
    assert [line["event"] for line in ours] == texts
    assert [line["field"] for line in ours] == texts
    assert [line["event"] for line in theirs] == texts
