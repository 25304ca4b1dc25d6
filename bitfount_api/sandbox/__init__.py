"""Local servers that behave like the Bitfount services, for tests and demonstrations.

    from bitfount_api.sandbox import Sandbox

    with Sandbox() as sandbox:
        print(sandbox.hub_url, sandbox.user("alice").environment())

Requires the extra ``sandbox``. The package imports nothing from the clients: it implements the
wire format independently.
"""

from __future__ import annotations

try:
    from bitfount_api.sandbox.faults import Fault, RecordedRequest
    from bitfount_api.sandbox.sandbox import DEVELOPMENT_PORTS, Ports, Sandbox
    from bitfount_api.sandbox.servers import PortTakenError
    from bitfount_api.sandbox.state.tokens import Lifetimes
    from bitfount_api.sandbox.state.users import User
except ModuleNotFoundError as _error:
    _missing = (_error.name or "").partition(".")[0]
    if _missing in ("python_multipart", "starlette", "uvicorn"):
        raise ModuleNotFoundError(
            f"the sandbox needs {_missing}: pip install 'bitfount-api[sandbox]'", name=_missing
        ) from None
    raise

__all__ = [
    "DEVELOPMENT_PORTS",
    "Fault",
    "Lifetimes",
    "PortTakenError",
    "Ports",
    "RecordedRequest",
    "Sandbox",
    "User",
]
