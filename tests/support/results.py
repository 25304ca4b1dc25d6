"""Results of operations: values, and what iterators yield, read before the session is closed."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Iterator
from typing import Any

from bitfount_api import AsyncWeightsStream, WeightsStream


def read(result: Any) -> Any:
    """Return the result of a sync method: of a stream its bytes, of an iterator a list."""
    return _whole(result, list(result)) if isinstance(result, Iterator) else result


async def aread(result: Any) -> Any:
    """Return the result of an async method, see :func:`read`."""
    if inspect.isawaitable(result):
        result = await result
    if isinstance(result, AsyncIterator):
        return _whole(result, [each async for each in result])
    return result


def _whole(result: object, items: list[Any]) -> list[Any] | bytes:
    is_stream = isinstance(result, WeightsStream | AsyncWeightsStream)
    return b"".join(items) if is_stream else items
