"""Configuration, wiring and the command line of newsbeam."""

__version__ = "0.1.0"
