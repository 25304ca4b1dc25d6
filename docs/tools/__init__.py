"""Tools for the documentation site: ``python -m docs.tools`` regenerates its pictures."""
