"""Log lines: text for people, JSON for machines. No article's text is in either at INFO."""

from __future__ import annotations

import datetime as dt
import json
import logging

LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("text", "json")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message; stage and article (its id) where they are known."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        time = dt.datetime.fromtimestamp(record.created, dt.timezone.utc).isoformat(timespec="milliseconds")
        line = {"time": time, "level": record.levelname, "logger": record.name, "message": record.getMessage()}
        for name in ("stage", "article"):
            if (value := getattr(record, name, None)) is not None:
                line[name] = str(value)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def set_up_logging(level: str, style: str) -> None:
    """Send log lines to standard error.

    Args:
      level: one of `LEVELS`. At `error` Beam is silent: it logs each failed bundle with its traceback, and the command
        says in one line what failed. Beam's own `debug` is left out: it logs elements.
      style: one of `FORMATS`.
    """
    handler = logging.StreamHandler()
    handler.setLevel(level.upper())  # Prism's lines are handed to it past every logger's level
    handler.setFormatter(
        JsonFormatter() if style == "json" else logging.Formatter("%(levelname)s %(name)s: %(message)s")
    )
    logging.basicConfig(level=level.upper(), handlers=[handler])
    logging.captureWarnings(True)  # those of libraries, such as that Python 3.10 grows old
    beam = logging.CRITICAL if level == "error" else logging.INFO if level == "debug" else level.upper()
    logging.getLogger("apache_beam").setLevel(beam)
