"""Settings of the feeds source."""

from __future__ import annotations

import functools
import importlib.metadata
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class FeedsConfig(BaseModel):
    """Which feeds to read, and how politely and carefully to fetch them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["feeds"] = "feeds"
    feeds: list[str] = Field(
        min_length=1,
        description="paths, globs (on any Beam filesystem), file:// and http(s):// addresses; lists of them (*.opml, "
        "*.yaml, *.txt)",
    )
    contact: str | None = Field(
        default=None, description="address or e-mail that sites can turn to, sent in the User-Agent"
    )
    user_agent: str | None = Field(default=None, description="whole User-Agent; default: newsbeam/VERSION (+contact)")
    connect_timeout: float = Field(default=10.0, gt=0, le=300, description="seconds to connect")
    read_timeout: float = Field(default=20.0, gt=0, le=300, description="seconds to wait for the next bytes")
    total_timeout: float = Field(
        default=60.0, gt=0, le=3600, description="seconds for a feed with all redirects, retries and waits"
    )
    max_bytes: int = Field(
        default=16 * 1024 * 1024, ge=1024, le=1024**3, description="longest feed, in bytes after decompression"
    )
    max_redirects: int = Field(default=5, ge=0, le=20, description="redirects followed for a feed")
    per_host: int = Field(
        default=2,
        ge=1,
        le=32,
        description="requests to one host at once, of one machine (of one process where that is not Linux)",
    )
    concurrency: int = Field(default=16, ge=1, le=256, description="feeds fetched at once, in one process")
    retries: int = Field(default=2, ge=0, le=10, description="further attempts after a failure that may pass")
    allow_private: bool = Field(
        default=False, description="permit addresses in private, loopback, link-local and reserved networks"
    )

    streaming: bool = Field(
        default=False, description="poll the feeds for ever, each at its own pace; else each is read once"
    )
    min_interval: float = Field(
        default=300.0, ge=1, le=7 * 86_400, description="streaming: seconds between two polls of a feed, at least"
    )
    max_interval: float = Field(
        default=7200.0, ge=1, le=30 * 86_400, description="streaming: seconds between two polls of a feed, at most"
    )
    reread: float = Field(
        default=300.0, ge=1, description="streaming: seconds after which the lists and globs in `feeds` are read again"
    )
    max_outstanding: int = Field(
        default=5000,
        ge=1,
        description="streaming: polling pauses while so many entries of a process are not stored yet",
    )

    @model_validator(mode="after")
    def _bounds(self) -> FeedsConfig:
        if self.min_interval > self.max_interval:
            raise ValueError(f"min_interval ({self.min_interval:g}) is above max_interval ({self.max_interval:g})")
        return self

    def agent(self) -> str:
        """Return the User-Agent to send."""
        if self.user_agent:
            return self.user_agent
        contact = f" (+{self.contact})" if self.contact else ""
        return f"newsbeam/{_version()}{contact}"


@functools.cache
def _version() -> str:
    try:
        return importlib.metadata.version("newsbeam")
    except importlib.metadata.PackageNotFoundError:
        return "dev"
