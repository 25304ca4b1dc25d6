"""A local Bitfount: services that behave like the real ones, for tests and demonstrations.

    from bitfount_api.sandbox import Sandbox

    with Sandbox() as sandbox:
        print(sandbox.hub_url, sandbox.user("alice").environment())

Needs the extra ``sandbox``. It imports nothing of the clients: what it knows of the wire is its
own.
"""

from __future__ import annotations

try:
    from bitfount_api.sandbox.faults import Fault, Seen
    from bitfount_api.sandbox.sandbox import DEVELOPMENT_PORTS, Ports, Sandbox
    from bitfount_api.sandbox.servers import PortTakenError
    from bitfount_api.sandbox.state.tokens import Lifetimes
    from bitfount_api.sandbox.state.users import User
except ModuleNotFoundError as error:
    missing = (error.name or "").partition(".")[0]
    if missing in ("starlette", "uvicorn"):
        raise ModuleNotFoundError(
            f"the sandbox needs {missing}: pip install 'bitfount-api[sandbox]'", name=missing
        ) from None
    raise

__all__ = [
    "DEVELOPMENT_PORTS",
    "Fault",
    "Lifetimes",
    "PortTakenError",
    "Ports",
    "Sandbox",
    "Seen",
    "User",
]
