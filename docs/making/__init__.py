"""Tools for the documentation site: ``python -m docs.making`` regenerates its pictures."""
