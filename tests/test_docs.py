"""The generated docs are current."""

from __future__ import annotations

import subprocess
import sys


def test_generated_docs_are_current() -> None:
    done = subprocess.run([sys.executable, "docs/generate.py", "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
