"""The same articles through batch and through Pub/Sub on a streaming runner give the same records."""

from __future__ import annotations

import os

import pytest
from parity import article, batch, compare, stream

ARTICLES = 100


@pytest.mark.parametrize("runner", ["prism", "flink"])
def test_the_same_records_as_in_batch(runner, tmp_path):
    if runner == "flink" and not {"CI", "NEWSBEAM_FLINK"} & os.environ.keys():
        pytest.skip("set NEWSBEAM_FLINK=1 to run a Flink cluster: it takes minutes to start on two cores")
    articles = [article(number) for number in range(ARTICLES)]
    expected = batch(tmp_path, articles, "none")
    assert len(expected) == ARTICLES
    assert sum(bool(record["edits"]) for record in expected) > ARTICLES / 4  # there is something to compare
    result = compare(expected, stream(runner, articles, ARTICLES, "none", 300))
    assert result.good, result
