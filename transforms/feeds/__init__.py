"""Feeds in: RSS, Atom and JSON Feed over HTTP or from files, each entry one record."""
