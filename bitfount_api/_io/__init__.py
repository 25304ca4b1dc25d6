"""The sync and async drivers, which perform what flows yield, and their connections."""
