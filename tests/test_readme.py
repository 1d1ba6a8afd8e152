"""What the README tells a new user to paste works, and answers what stands below it."""

import os
import re
import subprocess
from pathlib import Path

from tests.postgresql import free_port

ROOT = Path(__file__).parent.parent
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CHANGES = {
    r"[A-Za-z0-9_-]{43}=": "ID",
    r"\d+ checkpoints \(\d+ outside\)": "checkpoints",
}


def blocks() -> list[tuple[str, str]]:
    """(language, text) of the fenced blocks of "Check it yourself"."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("## Check it yourself")[1]
    return FENCE.findall(section.split("\n## ")[0])


def steady(text: str) -> list[str]:
    for pattern, word in CHANGES.items():
        text = re.sub(pattern, word, text)
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def test_check_it_yourself_answers_as_printed(tmp_path):
    """A shell runs the blocks in order; each answer is compared whole."""
    for name in ("docs", ".venv"):
        (tmp_path / name).symlink_to(ROOT / name)
    script = "set -e\n" + "".join(text for language, text in blocks() if language == "sh")
    port = free_port()
    script = script.replace("make setup\n", "").replace("localhost:8000", f"localhost:{port}")
    script = script.replace("portal serve", f"portal serve --port {port}")
    clean = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    run = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=clean,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    expected = [line for language, text in blocks() if language != "sh" for line in steady(text)]
    assert steady(run.stdout) == expected
