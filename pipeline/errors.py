"""How a run fails that a user can do something about."""

from __future__ import annotations


class RunError(Exception):
    """A run that can't start or has failed; the message says why and what to do, in one line."""


class BeamOptionsError(RunError):
    """What stands after `--` is nothing that Beam knows."""
