"""Prism's port: one that is free on every address, and a clear word where the user names one that is not.

Needs Prism.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.stream import free_port

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def held_port() -> Iterator[int]:
    """A port that is taken on another loopback address than 127.0.0.1, where Beam looks."""
    with socket.create_server(("127.0.1.7", 0)) as server:
        yield server.getsockname()[1]


def test_a_port_held_on_another_address_is_told(prism, held_port, tmp_path):
    (tmp_path / "feeds.opml").write_text('<opml version="2.0"><body/></opml>')
    config = tmp_path / "feeds.yaml"
    config.write_text(
        f"source: {{type: feeds, streaming: true, feeds: ['{tmp_path}/feeds.opml']}}\n"
        "entities: {backend: none}\n"
        f"sinks: [{{type: jsonl, path: '{tmp_path}/records'}}]\n"
        f"dead_letters: {{path: '{tmp_path}/letters'}}\n"
    )
    options = [f"--prism_location={prism}", f"--job_port={held_port}"]
    command = [sys.executable, "-m", "pipeline", "run", str(config), "--", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert "Prism does not start the job" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_free_port_is_free_on_every_address():
    port = free_port()
    for address in ("127.0.0.1", "127.0.1.7", ""):
        socket.create_server((address, port)).close()
