"""Packages newsbeam. Beam ships it to its workers with `--setup_file ./setup.py`; metadata is in pyproject.toml."""

from setuptools import setup

setup()
