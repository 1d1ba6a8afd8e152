"""What npm brings for the tests: installed once, whichever worker comes first."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "node"
LOCK = FOLDER / "package-lock.json"
INSTALLED = FOLDER / "node_modules" / ".package-lock.json"
NPM_SECONDS = 120


def installed_packages() -> Path:
    """The folder of the tests' own npm packages, as the lock file says."""
    with LOCK.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not INSTALLED.exists() or INSTALLED.stat().st_mtime < LOCK.stat().st_mtime:
            _run("npm", "ci")
    return FOLDER


def run_node(script: str, *arguments: str) -> str:
    return _run("node", script, *arguments)


def _run(program: str, *arguments: str) -> str:
    programs = Path(sys.executable).parent
    path = os.pathsep.join((str(programs), os.environ["PATH"]))
    done = subprocess.run(
        (programs / program, *arguments),
        cwd=FOLDER,
        env=os.environ | {"PATH": path, "NO_PROXY": "127.0.0.1", "NODE_USE_SYSTEM_CA": "1"},
        capture_output=True,
        text=True,
        timeout=NPM_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
