"""Settings of the Pub/Sub source."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from transforms.pubsub.config import PubSubConfig


def test_a_topic_is_read_through_a_subscription_of_its_own():
    config = PubSubConfig(topic="projects/p/topics/news")
    assert config.subscription_path() == "projects/p/subscriptions/news-newsbeam"


def test_a_subscription_is_read_as_it_is():
    config = PubSubConfig(subscription="projects/p/subscriptions/news")
    assert config.subscription_path() == "projects/p/subscriptions/news"


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"topic": "projects/p/topics/news", "subscription": "projects/p/subscriptions/news"},
        {"topic": "news"},
        {"topic": "projects/p/topics/no"},
        {"subscription": "projects/p/topics/news"},
        {"topic": "projects/p/topics/news", "max_messages": 0},
        {"topic": "projects/p/topics/news", "speed": 3},
    ],
)
def test_mistakes_are_refused(settings):
    with pytest.raises(ValidationError):
        PubSubConfig(**settings)
