"""A demonstration of the platform on a local sandbox: ``make demo``, or ``python -m demo``."""
