"""Doing what flows ask for: the drivers, sync and async, and the connections they use."""
