"""A first load of 50,000 contacts, by the command itself: how long, and how much memory."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.bench.district import DISTRICT_FILE
from tests.exchange.rosters import a_town, write_folder

CONTACTS = 50_000


@dataclass(frozen=True, slots=True)
class Load:
    seconds: float
    megabytes: float


def write_files(folder: Path) -> Path:
    """The tidy CSV set of a town of this size."""
    return write_folder("tidy", a_town(CONTACTS), folder / "roster")


def first_load(files: Path, folder: Path, settings: dict[str, str]) -> Load:
    """Bring the files into an empty database; the command's progress shows on the terminal."""
    environment = os.environ | settings
    _portal("district", "apply", str(DISTRICT_FILE), environment=environment)
    report = folder / "usage.json"
    command = [sys.executable, "-m", "tests.bench.usage", str(report), sys.executable, "-m"]
    command += ["app.cli", "import", "roster", str(files), "--district", "springfield"]
    subprocess.run(command, env=environment, check=True)
    return Load(**json.loads(report.read_text()))


def _portal(*arguments: str, environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "app.cli", *arguments]
    subprocess.run(command, env=environment, check=True, capture_output=True)
