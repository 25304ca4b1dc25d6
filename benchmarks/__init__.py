"""Measurements that can be compared: ``python -m benchmarks``, or ``make bench``."""
