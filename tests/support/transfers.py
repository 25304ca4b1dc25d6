"""Call the Hub's transfers, sync and async, against a test store."""

from __future__ import annotations

import asyncio
from typing import Any

from bitfount_api import APIKeysHandler, AsyncBitfountHub, BitfountHub, BitfountSession, RetryPolicy

QUICK = RetryPolicy(retries=2, backoff=0.001, max_backoff=0.01)


class Caller:
    """Calls one method of a Hub client at a time.

    Args:
        url: URL of the Hub.
        asynchronous: Whether to use the async client.
    """

    def __init__(self, url: str, *, asynchronous: bool) -> None:
        self.url = url
        self.asynchronous = asynchronous

    def __call__(self, name: str, *arguments: Any, **named: Any) -> Any:
        """Call the method. ``options`` are passed to ``with_options``."""
        options = {"retry": QUICK, "timeout": 20.0, **named.pop("options", {})}
        session = BitfountSession(APIKeysHandler("id", "key", "alice"))
        if not self.asynchronous:
            with session:
                hub = BitfountHub(session, self.url).with_options(**options)
                return getattr(hub, name)(*arguments, **named)

        results: list[Any] = []

        async def main() -> None:
            async with session:
                twin = AsyncBitfountHub(session, self.url).with_options(**options)
                result = await getattr(twin, name)(*arguments, **named)
                assert asyncio.all_tasks() == {asyncio.current_task()}
                results.append(result)

        # Do not return the result from the task: asyncio.run formats it as text, which is slow.
        asyncio.run(main())
        return results[0]
