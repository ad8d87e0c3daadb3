"""Tables and weights that the rules of repair read; each file names its source and licence."""
