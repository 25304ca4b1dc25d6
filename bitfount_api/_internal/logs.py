"""The library's loggers, which write nothing unless the user says where."""

from __future__ import annotations

import logging

PACKAGE = "bitfount_api"
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

# Without a handler, Python itself would print warnings to standard error.
logging.getLogger(PACKAGE).addHandler(logging.NullHandler())


def get_logger(name: str) -> logging.Logger:
    """Return a logger of the library."""
    return logging.getLogger(name)


def write_to_stderr(level: str) -> None:
    """Log from a level on; to standard error, unless a program has set up logging.

    Args:
        level: ``debug``, ``info`` or ``warning``.
    """
    logger = logging.getLogger(PACKAGE)
    logger.setLevel(level.upper())
    handlers = (*logger.handlers, *logging.getLogger().handlers)
    if all(isinstance(handler, logging.NullHandler) for handler in handlers):
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter(_FORMAT))
        logger.addHandler(handler)
