"""Call the operation of a row, sync or async."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any
from unittest import mock

import attrs
from support import results
from support.faults.legs import Row

import bitfount_api
from bitfount_api import BitfountSession, async_hub, hub

SERVICE_OF = {
    "BitfountHub": "hub",
    "BitfountAM": "access_manager",
    "SMARTOnFHIR": "smart_on_fhir",
}
"""The services of the classes."""


@attrs.frozen
class Services:
    """The services that operations call.

    Args:
        urls: URLs by service.
        session: Function that creates alice's session.
        anonymous: Function that creates the session of static methods.
        after_async: Function that is called in the event loop after an async method.
    """

    urls: Mapping[str, str]
    session: Callable[[], BitfountSession]
    anonymous: Callable[[], BitfountSession]
    after_async: Callable[[], object] = lambda: None

    def call(
        self,
        row: Row,
        arguments: Mapping[str, Any],
        client: Mapping[str, Any],
        *,
        asynchronous: bool,
    ) -> Any:
        """Return the result of a row's method, or the list of what it yields.

        Args:
            row: Operation.
            arguments: Arguments of the method.
            client: Further arguments of the client.
            asynchronous: Whether to use the async client.
        """
        module = async_hub if asynchronous else hub
        with mock.patch.object(module, "_anonymous", self.anonymous):
            if asynchronous:
                return asyncio.run(self._async(row, arguments, client))
            with self.session() as session:
                result = self._method(row, session, "", client)(**arguments)
                return results.read(result)

    async def _async(
        self, row: Row, arguments: Mapping[str, Any], client: Mapping[str, Any]
    ) -> Any:
        async with self.session() as session:
            result = self._method(row, session, "Async", client)(**arguments)
            try:
                return await results.aread(result)
            finally:
                self.after_async()

    def _method(
        self, row: Row, session: BitfountSession, prefix: str, client: Mapping[str, Any]
    ) -> Any:
        url = self.urls[SERVICE_OF[row.kind]]
        made = getattr(bitfount_api, prefix + row.kind)(session, url, **client)
        return getattr(made, row.method)
