"""How good the repair is: clean corpora, damage with known gold, and the scores. Used by `benchmarks/repair.py`."""
