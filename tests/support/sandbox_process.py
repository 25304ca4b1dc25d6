"""``python -m bitfount_api.sandbox`` in a separate process."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import attrs

COMMAND = (sys.executable, "-W", "error", "-m", "bitfount_api.sandbox")


@attrs.frozen
class Running:
    """A running sandbox process and its banner."""

    process: subprocess.Popen[str]
    banner: str

    def url(self, service: str) -> str:
        """Return a service's URL by its name in the banner."""
        found = re.search(rf"^  {service} +(http://\S+)", self.banner, re.MULTILINE)
        assert found, self.banner
        return found[1]

    def key(self, username: str) -> dict[str, str]:
        """Return a user's credentials for the Hub, read from the banner."""
        found = re.search(
            rf"export BITFOUNT_API_KEY_ID=(\w+):\w+\n  export BITFOUNT_API_KEY=([\w-]+):[\w-]+\n"
            rf"  export BITFOUNT_USERNAME={username}$",
            self.banner,
            re.MULTILINE,
        )
        assert found, self.banner
        return {"x-api-key-id": found[1], "x-api-key": found[2]}

    def end(self, number: signal.Signals) -> tuple[int, str, str]:
        """Send a signal; return the exit status and the output since the banner."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


@contextlib.contextmanager
def sandbox_process(*arguments: str) -> Iterator[Running]:
    """Run a sandbox, ready to use, with these arguments; kill it at the end if it still runs."""
    with subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        try:
            assert process.stdout is not None
            banner = ""
            for line in process.stdout:
                banner += line
                if "SMART_ON_FHIR_URL" in line:
                    break
            yield Running(process, banner)
        finally:
            process.kill()
