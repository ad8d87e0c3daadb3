"""Settings of the Pub/Sub source and sink."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


def _named(kind: str) -> AfterValidator:
    pattern = re.compile(rf"projects/[^/\s]+/{kind}/[^/\s]{{3,255}}")

    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError(f"must look like projects/PROJECT/{kind}/NAME, with a NAME of 3 to 255 characters")
        return value

    return AfterValidator(check)


SubscriptionName = Annotated[str, _named("subscriptions")]
TopicName = Annotated[str, _named("topics")]


class PubSubConfig(BaseModel):
    """Reads articles from Google Cloud Pub/Sub."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["pubsub"] = "pubsub"
    subscription: SubscriptionName | None = Field(None, description="projects/PROJECT/subscriptions/NAME")
    topic: TopicName | None = Field(
        None, description="projects/PROJECT/topics/NAME; read through a subscription NAME-newsbeam, made if missing"
    )
    id_attribute: str | None = Field(
        None, description="attribute by which repeated messages are told and dropped before they are parsed"
    )
    id_seconds: int = Field(600, ge=1, description="how long a value of `id_attribute` is remembered")
    timestamp_attribute: str | None = Field(
        None,
        description="attribute with the article's time (RFC 3339, or milliseconds since 1970), used where it has none",
    )
    max_messages: int = Field(500, ge=1, le=1000, description="most messages taken by one pull")
    max_outstanding: int = Field(
        5000, ge=1, description="pulling pauses while this many messages of one process are not acknowledged yet"
    )
    pullers: int = Field(1, ge=1, le=64, description="pulls under way at the same time, over all workers")
    lease_seconds: int = Field(60, ge=10, le=600, description="a message not acknowledged after this comes again")
    max_message_bytes: int = Field(10_000_000, ge=1, description="larger messages become dead letters")
    native: bool = Field(False, description="let the runner read: Dataflow only")
    emulator: str | None = Field(
        None, description="HOST:PORT of an emulator; without it PUBSUB_EMULATOR_HOST counts, then Google Cloud"
    )

    @model_validator(mode="after")
    def _one_of(self) -> PubSubConfig:
        if (self.subscription is None) == (self.topic is None):
            raise ValueError("give either subscription or topic")
        return self

    def subscription_path(self) -> str:
        """Return the full name of the subscription that is read."""
        return self.subscription or f"{self.topic}-newsbeam".replace("/topics/", "/subscriptions/")


class PubSubSinkConfig(BaseModel):
    """Publishes records to a Pub/Sub topic."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["pubsub"] = "pubsub"
    topic: TopicName = Field(description="projects/PROJECT/topics/NAME")
    emulator: str | None = Field(
        None, description="HOST:PORT of an emulator; without it PUBSUB_EMULATOR_HOST counts, then Google Cloud"
    )
