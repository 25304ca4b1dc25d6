"""A fake authorization server and user for tests of the device-code handler."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import httpx
import jwt
from support.flows import FakeDriver

from bitfount_api import DeviceCodeFlowHandler, RetryPolicy
from bitfount_api.auth.claims import USERNAME_CLAIM
from bitfount_api.auth.oauth import Clock
from bitfount_api.auth.prompts import LoginPrompt
from bitfount_api.auth.token_store import Issuer, Token, TokenFile

DAY = 86400
CODE = {
    "device_code": "SECRET-device-code",
    "user_code": "ABCD-EFGH",
    "verification_uri": "https://auth.test/activate",
    "verification_uri_complete": "https://auth.test/activate?user_code=ABCD-EFGH",
    "expires_in": 900,
    "interval": 5,
}
ISSUER = Issuer("auth.test", "client", "openid offline_access", "https://hub.test/api")


def answer(status: int = 200, json: Any = None, **more: Any) -> httpx.Response:
    request = httpx.Request("POST", "https://auth.test/oauth/token")
    return httpx.Response(status, json=json, request=request, **more)


def error(code: Any, status: int = 403, **more: Any) -> httpx.Response:
    return answer(status, {"error": code, "error_description": "as it says"}, **more)


def id_token(username: Any = "alice", **claims: Any) -> str:
    return jwt.encode({USERNAME_CLAIM: username, **claims}, "k" * 32, algorithm="HS256")


def grant(number: int = 1, username: Any = "alice", **changes: Any) -> httpx.Response:
    fields = {
        "access_token": f"SECRET-access-{number}",
        "id_token": id_token(username),
        "refresh_token": f"SECRET-refresh-{number}",
        "scope": "openid offline_access",
        "expires_in": DAY,
        "token_type": "Bearer",
    }
    changed = {**fields, **changes}
    return answer(200, {name: value for name, value in changed.items() if value is not ...})


PENDING = error("authorization_pending")


@attrs.define
class FakeAuthority:
    """A handler whose calls, pauses and clock are controlled by a test."""

    driver: FakeDriver
    handler: DeviceCodeFlowHandler
    file: TokenFile
    prompts: list[LoginPrompt] = attrs.field(factory=list)

    def authenticate(self, *outcomes: Any, refused: bool = False) -> None:
        self.driver.outcomes = list(outcomes)
        self.driver.calls.clear()
        self.driver.pauses.clear()
        self.driver.run(self.handler.authentication(refused=refused, loop=None))

    @property
    def forms(self) -> list[dict[str, str]]:
        return [dict(call.request["data"]) for call in self.driver.calls]

    @property
    def access_token(self) -> str:
        return self.handler.hub_request_headers["authorization"].removeprefix("Bearer ")

    def stored(self) -> Token | None:
        return TokenFile(self.file.path.parents[1], None, ISSUER).read()

    def store(self, number: int, left: float = DAY, **changes: Any) -> None:
        fields: dict[str, Any] = {
            "access_token": f"SECRET-access-{number}",
            "id_token": id_token(),
            "expires_at": self.driver.now + left,
            "refresh_token": f"SECRET-refresh-{number}",
        }
        self.file.write(Token(**{**fields, **changes}))


class HandlerFactory:
    """Makes handlers that share a storage folder and a clock, as processes do.

    Args:
        storage: Folder for tokens.
        driver: Driver that provides the clock and the outcomes.
    """

    def __init__(self, storage: Path, driver: FakeDriver) -> None:
        self.storage = storage
        self.driver = driver

    def __call__(self, username: str | None = None, **more: Any) -> FakeAuthority:
        prompts: list[LoginPrompt] = []
        clock = Clock(self.driver.clock, self.driver.clock)
        more = {"prompt": prompts.append, "retry": RetryPolicy(retries=2), "clock": clock, **more}
        handler = DeviceCodeFlowHandler(
            **attrs.asdict(ISSUER), username=username, storage_path=self.storage, **more
        )
        file = TokenFile(self.storage, username, ISSUER)
        return FakeAuthority(self.driver, handler, file, prompts)
