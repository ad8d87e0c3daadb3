"""Scripts that build the data files of `transforms/` from maintained sources; run by hand, results committed."""
