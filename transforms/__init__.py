"""The stages of newsbeam: pure functions, each wrapped in one Beam PTransform."""
