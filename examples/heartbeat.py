"""Keep pods online until stopped: a service for systemd, a container, or a terminal.

    python heartbeat.py scans notes --key keys/scans.pem

Credentials come from the environment. When heartbeats fail, the service logs the first failure and
continues. SIGTERM and Ctrl-C stop it immediately, with exit status 0.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from typing import TYPE_CHECKING

from bitfount_api import (
    AsyncBitfountHub,
    BitfountError,
    BitfountSession,
    load_private_key,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

log = logging.getLogger("heartbeat")


async def keep_online(
    hub: AsyncBitfountHub, pods: list[str], key: RSAPublicKey, interval: float
) -> None:
    """Send a heartbeat every ``interval`` seconds until cancelled."""
    online: bool | None = None
    while True:
        try:
            await hub.do_pod_heartbeat(pods, key)
        except BitfountError as error:
            if online is not False:
                log.warning("not online: %s", error)
            online = False
        else:
            if online is not True:
                log.info("online: %s", ", ".join(pods))
            online = True
        await asyncio.sleep(interval)


async def serve(options: argparse.Namespace, key: RSAPublicKey) -> None:
    """Keep the pods online until SIGTERM or SIGINT arrives."""
    loop = asyncio.get_running_loop()
    async with BitfountSession(user_agent_suffix="heartbeat/1.0") as session:
        hub = AsyncBitfountHub.from_env(session)
        if options.hub_url:
            hub = AsyncBitfountHub(session, options.hub_url)
        # Limit each heartbeat's duration, so that one that hangs does not block the next.
        hub = hub.with_options(deadline=max(options.interval, 10))
        work = asyncio.create_task(keep_online(hub, options.pods, key, options.interval))
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, work.cancel)
        try:
            await work
        except asyncio.CancelledError:
            log.info("stopped")


def main() -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("pods", nargs="+", help="the names of your pods")
    parser.add_argument("--key", required=True, help="the file of the pods' private key")
    parser.add_argument("--interval", type=float, default=30, help="seconds (%(default)s)")
    parser.add_argument("--hub-url", help="the Hub's URL (default: from the environment)")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        key = load_private_key(options.key).public_key()
        asyncio.run(serve(options, key))
    except (OSError, ValueError, BitfountError) as error:
        # Errors that retrying cannot fix: an invalid name, an unreadable key.
        log.error("%s", error)  # noqa: TRY400 - the message is sufficient
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
