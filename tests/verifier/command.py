"""Runs the verifier as an outsider does: a program of its own, with the standard library alone."""

import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).parents[2] / "verifier" / "verify_draw.py"


def run(file: Path, *options: str) -> subprocess.CompletedProcess[str]:
    # -I and -S: no site-packages, no environment variables, so that an import of anything else would fail.
    return subprocess.run(
        [sys.executable, "-I", "-S", PROGRAM, file, *options], capture_output=True, text=True, timeout=120, check=False
    )
