"""Becomes another program, in a session of its own that ends with the process that started it.

    python own_session.py PROGRAM [ARGUMENT ...]

newsbeam starts Prism so. Ctrl-C goes to all processes of a terminal: without Prism nothing could be drained. And Prism
should not stay behind where newsbeam is killed with `kill -9` (on Linux; elsewhere it does).
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""Of Linux's prctl(2): the signal that comes when the parent dies."""


def main(command: list[str]) -> None:
    """Run `command` in place of this process."""
    os.setsid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
