"""T73: a dependency is swapped for another file of the same name and version."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PINS = sorted((ROOT / "requirements").glob("*.txt"))
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
pytestmark = pytest.mark.threat("T73")


def pinned(file: Path) -> list[str]:
    """The requirements of a file, each with its continued lines."""
    lines = [line for line in file.read_text().splitlines() if not line.lstrip().startswith("#")]
    return "\n".join(lines).replace("\\\n", "").splitlines()


@pytest.mark.parametrize("file", PINS, ids=lambda file: file.name)
def test_every_dependency_is_pinned_by_version_and_hash(file: Path):
    assert pinned(file)
    for requirement in pinned(file):
        assert re.match(r"[a-z0-9.\-]+(\[[a-z,]+\])?==\S+", requirement), requirement
        assert HASH.search(requirement), requirement


def test_every_dependency_of_the_application_is_among_the_pins():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pins = {re.split(r"[\[=]", line)[0] for line in pinned(ROOT / "requirements" / "runtime.txt")}
    assert {re.split(r"[\[<>=]", asked)[0] for asked in project["dependencies"]} <= pins


def test_a_swapped_file_is_not_installed(tmp_path: Path):
    """The installer that the Makefile falls back on, with a file that has another content."""
    name, version = "typer", "0.1.0"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(tmp_path / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", "raise SystemExit('swapped')")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    pins = tmp_path / "pins.txt"
    pins.write_text(f"{name}=={version} --hash=sha256:{'0' * 64}\n")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--isolated", "--no-index", "--no-deps",
         f"--find-links={tmp_path}", f"--target={tmp_path / 'there'}", "--require-hashes", "-r", pins],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr
    assert not (tmp_path / "there").exists()
