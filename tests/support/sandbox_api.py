"""Raw HTTP requests to a sandbox, without this library's clients."""

from __future__ import annotations

from typing import Any

import httpx

from bitfount_api.sandbox import Sandbox

AUDIENCE = "https://hub.bitfount.com/api"
CLIENT_ID = "a-client"
SCOPE = "profile openid offline_access"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class Clock:
    """A clock that changes only when a test sets it."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Api:
    """Requests of one user.

    Args:
        sandbox: Sandbox to send requests to.
        username: User whose credentials are sent; None to send no credentials.
    """

    def __init__(self, sandbox: Sandbox, username: str | None = None) -> None:
        self.sandbox = sandbox
        self.username = username or ""
        # No TLS is used here, and loading the CA certificates takes time.
        self._http = httpx.Client(trust_env=False, verify=False, timeout=30)

    def close(self) -> None:
        self._http.close()

    def hub(self, method: str, path: str, json: Any = None, **more: Any) -> httpx.Response:
        """Send a request to the Hub, with the first half of the API key."""
        return self._ask(self.sandbox.hub_url, 1, method, path, json, more)

    def am(self, method: str, path: str, json: Any = None, **more: Any) -> httpx.Response:
        """Send a request to the access manager, with the whole API key."""
        return self._ask(self.sandbox.access_manager_url, 2, method, path, json, more)

    def fhir(self, method: str, path: str, json: Any = None, **more: Any) -> httpx.Response:
        """Send a request to SMART on FHIR, with the same credentials as to the Hub."""
        return self._ask(self.sandbox.smart_on_fhir_url, 1, method, path, json, more)

    def _ask(
        self, url: str, halves: int, method: str, path: str, json: Any, more: dict[str, Any]
    ) -> httpx.Response:
        headers = {**self.credentials(whole=halves == 2), **more.pop("headers", {})}
        return self._http.request(method, url + path, json=json, headers=headers, **more)

    def credentials(self, *, whole: bool = False) -> dict[str, str]:
        """Return the headers of the user's API key: the Hub's half, or the whole key."""
        if not self.username:
            return {}
        halves = 2 if whole else 1
        user = self.sandbox.user(self.username)
        key_id, key = (
            ":".join(text.split(":")[:halves]) for text in (user.api_key_id, user.api_key)
        )
        return {"x-api-key-id": key_id, "x-api-key": key}

    def oauth(self, path: str, **form: str) -> httpx.Response:
        """Send a form to the authorization server."""
        return self._http.post(f"{self.sandbox.hub_url}{path}", data=form)

    def store(self, answer: dict[str, Any], content: bytes) -> httpx.Response:
        """Upload an object with the presigned form in a response."""
        return self._http.post(
            answer["uploadUrl"], data=answer["uploadFields"], files={"file": ("f", content)}
        )

    def get(self, url: str) -> httpx.Response:
        """Send a GET request without credentials."""
        return self._http.get(url)

    def put(self, url: str, content: bytes) -> httpx.Response:
        """Send a PUT request without credentials."""
        return self._http.put(url, content=content)


def refused(answer: httpx.Response, status: int) -> str:
    """Check that a response is an error as documented, and return its message."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    content = answer.json()
    assert content.keys() == {"success", "errorMessage"}
    assert content["success"] is False
    reason = content["errorMessage"]
    assert isinstance(reason, str)
    assert reason
    return reason


def done(answer: httpx.Response, status: int = 200) -> Any:
    """Check that a response has the expected status, and return its content."""
    assert answer.status_code == status, answer.text
    return answer.json()
