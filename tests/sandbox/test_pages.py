"""HTML pages: approval of device codes, and the API explorer."""

from __future__ import annotations

import html.parser
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import yaml
from support.sandbox_api import AUDIENCE, CLIENT_ID, DEVICE_GRANT, Api, Clock, done, refused

from bitfount_api.sandbox import Sandbox, specs

OPENAPI = Path(__file__).parents[2] / "openapi"
VOID = {"meta", "link", "input", "br"}


@attrs.define
class Page(html.parser.HTMLParser):
    """A parsed page; checks that every tag is closed."""

    content: str
    tags: list[tuple[str, dict[str, str | None]]] = attrs.field(factory=list)
    text: str = ""
    _open: list[str] = attrs.field(factory=list)

    def __attrs_post_init__(self) -> None:
        super().__init__()
        self.feed(self.content)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> Iterator[dict[str, str | None]]:
        return (attributes for name, attributes in self.tags if name == tag)

    def field(self, name: str) -> dict[str, str | None]:
        (found,) = (each for each in self.all("input") if each.get("name") == name)
        return found


def opened(answer: httpx.Response) -> Page:
    """Parse a page; check its headers, and that it has no scripts and no external resources."""
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} <= {
        *policy.split("; ")
    }
    assert "script-src" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    page = Page(answer.text)
    for tag, attributes in page.tags:
        assert tag not in {"script", "iframe", "object", "embed"}
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("src", "href", "action"):
            value = attributes.get(name)
            assert value is None or value.startswith(("/", "data:,"))
    return page


# --- Approving codes -----------------------------------------------------------------------------


def begin(api: Api) -> dict[str, Any]:
    form = {"client_id": CLIENT_ID, "scope": "openid", "audience": AUDIENCE}
    begun: dict[str, Any] = done(api.oauth("/oauth/device/code", **form))
    return begun


def decide(api: Api, user_code: str, decision: str, username: str = "alice") -> httpx.Response:
    return api.oauth("/activate", user_code=user_code, username=username, decision=decision)


def outcome(api: Api, begun: dict[str, Any]) -> Any:
    """Return what the program receives: an error code, or the type of its token."""
    form = {"client_id": CLIENT_ID, "device_code": begun["device_code"]}
    answer = api.oauth("/oauth/token", grant_type=DEVICE_GRANT, **form).json()
    return answer.get("error") or answer["token_type"]


def test_code_page_shows_the_code_and_the_users(nobody: Api) -> None:
    begun = begin(nobody)
    page = opened(nobody.get(begun["verification_uri_complete"]))
    assert page.field("user_code")["value"] == begun["user_code"]
    assert len(list(page.all("option"))) >= 3
    assert "alice" in page.text
    (form,) = page.all("form")
    assert (form["method"], form["action"]) == ("post", "/activate")
    assert [button["value"] for button in page.all("button")] == ["approve", "deny"]
    labels = {label["for"] for label in page.all("label")}
    assert labels == {"user_code", "username"}
    assert opened(nobody.get(begun["verification_uri"])).field("user_code")["value"] == ""


def test_approval_gives_the_program_its_token(nobody: Api) -> None:
    begun = begin(nobody)
    assert outcome(nobody, begun) == "authorization_pending"
    page = opened(decide(nobody, begun["user_code"].lower().replace("-", " "), "approve", "bob"))
    assert "Device connected" in page.text
    assert next(page.all("h1"))["class"] == "good"
    assert "continues as bob" in page.text
    assert outcome(nobody, begun) == "Bearer"


def test_denial_gives_the_program_no_token(nobody: Api) -> None:
    begun = begin(nobody)
    page = opened(decide(nobody, begun["user_code"], "deny"))
    assert "Device refused" in page.text
    assert next(page.all("h1"))["class"] == "bad"
    assert outcome(nobody, begun) == "access_denied"


def complaint(answer: httpx.Response) -> str:
    page = opened(answer)
    assert [each["class"] for each in page.all("p") if each.get("role") == "alert"] == ["notice"]
    assert list(page.all("form"))
    return page.text


def test_unknown_code_is_reported(nobody: Api) -> None:
    assert "There is no code BBBB-CCCC." in complaint(decide(nobody, "bbbbcccc", "approve"))
    assert "There is no code" in complaint(decide(nobody, "", "approve"))


def test_expired_code_is_reported(nobody: Api, clock: Clock) -> None:
    begun = begin(nobody)
    clock.now += 900
    assert "That code has expired." in complaint(decide(nobody, begun["user_code"], "approve"))
    assert outcome(nobody, begun) == "expired_token"


@pytest.mark.parametrize("first", ["approve", "deny"])
def test_used_code_is_reported(first: str, nobody: Api) -> None:
    begun = begin(nobody)
    decide(nobody, begun["user_code"], first)
    assert "has already been used" in complaint(decide(nobody, begun["user_code"], "approve"))


@pytest.mark.parametrize(
    ("decision", "username"), [("approve", "nobody"), ("approve", ""), ("", "alice"), ("x", "bob")]
)
def test_invalid_decision_has_no_effect(decision: str, username: str, nobody: Api) -> None:
    begun = begin(nobody)
    said = complaint(decide(nobody, begun["user_code"], decision, username))
    assert "Choose a user, then approve or deny." in said
    assert outcome(nobody, begun) == "authorization_pending"


WRONG = [f"BBBB-{letter}{other}BB" for letter in "BCDF" for other in "GHJKLM"]


def test_user_codes_cannot_be_guessed(nobody: Api, clock: Clock) -> None:
    begun = begin(nobody)
    statuses = [decide(nobody, code, "approve").status_code for code in WRONG]
    assert statuses == [200] * 10 + [429] * (len(WRONG) - 10)
    # Otherwise guessing would go on: a right guess would be answered differently.
    limited = decide(nobody, begun["user_code"], "approve")
    assert limited.status_code == 429
    assert limited.headers["retry-after"] == "60"
    assert "Too many wrong codes" in Page(limited.text).text
    assert outcome(nobody, begun) == "authorization_pending"
    clock.now += 60
    assert "Device connected" in opened(decide(nobody, begun["user_code"], "approve")).text


def test_limit_of_guesses_ends_if_the_clock_is_set_back(nobody: Api, clock: Clock) -> None:
    for code in WRONG:
        decide(nobody, code, "approve")
    clock.now -= 86400
    assert "Device connected" in opened(decide(nobody, begin(nobody)["user_code"], "approve")).text


def activate(api: Api, method: str, code: str, headers: dict[str, str], **form: str) -> int:
    data = {"user_code": code, "username": "alice", "decision": "approve", **form}
    more: dict[str, Any] = {"data": data} if method == "POST" else {"params": {"user_code": code}}
    return api.hub(method, "/activate", headers=headers, **more).status_code


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "host",
    ["evil.test", "evil.test:3000", "127.0.0.1.evil.test", "localhost.evil.test", "a@b", "[::1"],
)
def test_host_of_another_site_is_refused(method: str, host: str, nobody: Api) -> None:
    begun = begin(nobody)
    assert activate(nobody, method, begun["user_code"], {"host": host}) == 403
    assert outcome(nobody, begun) == "authorization_pending"


@pytest.mark.parametrize(
    "host",
    ["localhost:3000", "127.0.0.1", "[::1]:3000", "hub.localhost", "sandbox:3000", "192.0.2.7"],
)
def test_host_of_the_sandbox_is_accepted(host: str, nobody: Api) -> None:
    begun = begin(nobody)
    assert activate(nobody, "GET", begun["user_code"], {"host": host}) == 200
    headers = {"host": host, "origin": f"http://{host}", "sec-fetch-site": "same-origin"}
    assert activate(nobody, "POST", begun["user_code"], headers) == 200
    assert outcome(nobody, begun) == "Bearer"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.test"},
        {"origin": "http://127.0.0.1:1"},
        {"origin": "null"},
        {"origin": ""},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "null", "sec-fetch-site": "cross-site"},
    ],
)
def test_form_of_another_site_is_refused(headers: dict[str, str], nobody: Api) -> None:
    begun = begin(nobody)
    assert activate(nobody, "POST", begun["user_code"], headers) == 403
    assert activate(nobody, "POST", begun["user_code"], headers, form_key="guessed") == 403
    assert outcome(nobody, begun) == "authorization_pending"


def test_form_of_the_page_is_accepted_without_an_origin(nobody: Api) -> None:
    # As browsers send it from a page with the policy no-referrer.
    begun = begin(nobody)
    key = opened(nobody.get(begun["verification_uri"])).field("form_key")["value"]
    form = {"form_key": str(key)}
    assert activate(nobody, "POST", begun["user_code"], {"origin": "null"}, **form) == 200
    assert outcome(nobody, begun) == "Bearer"


@pytest.mark.parametrize("way", ["query", "form"])
def test_typed_text_is_escaped(way: str, nobody: Api) -> None:
    evil = "\"'><script>alert(1)</script><input name=user_code value=x><!--"
    if way == "query":
        page = opened(nobody.hub("GET", "/activate", params={"user_code": evil}))
    else:
        page = opened(decide(nobody, evil, "approve"))
    assert page.field("user_code")["value"] == evil


def test_invalid_form_is_rejected(nobody: Api) -> None:
    odd = {"content-type": "multipart/form-data; boundary=x"}
    refused(nobody.hub("POST", "/activate", headers=odd, content=b"--y\r\nwhatever"), 400)


# --- The explorer --------------------------------------------------------------------------------

SERVICES = {
    "hub": ("hub_url", ("hub", "oauth")),
    "am": ("access_manager_url", ("access_manager",)),
    "fhir": ("smart_on_fhir_url", ("smart_on_fhir",)),
}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_shows_every_operation_of_its_specs(
    service: str, sandbox: Sandbox, nobody: Api
) -> None:
    attribute, names = SERVICES[service]
    base = getattr(sandbox, attribute)
    page = opened(nobody.get(f"{base}/docs"))
    shown = {str(each["id"]) for each in page.all("details")}
    operations: set[str] = set()
    for name in names:
        spec = yaml.safe_load((OPENAPI / f"{name}.yaml").read_text(encoding="utf-8"))
        assert spec["info"]["title"] in page.text
        for path, item in spec["paths"].items():
            assert path in page.text
            operations |= {item[method]["operationId"] for method in item}
        as_json = done(nobody.get(f"{base}/openapi.json?spec={name}"))
        assert as_json == json.loads(json.dumps(spec))
        as_yaml = nobody.get(f"{base}/openapi.yaml?spec={name}")
        assert as_yaml.text == (OPENAPI / f"{name}.yaml").read_text(encoding="utf-8")
        assert as_yaml.headers["content-type"].startswith("application/yaml")
    assert shown == operations


def test_a_service_shows_no_other_spec(sandbox: Sandbox, nobody: Api) -> None:
    for wanted in ("hub", "../hub", "/etc/passwd", ""):
        answer = done(nobody.am("GET", "/openapi.json", params={"spec": wanted}))
        assert answer["info"]["title"] == "Bitfount Access Manager"


def test_unknown_spec_raises() -> None:
    with pytest.raises(FileNotFoundError, match="spec 'other' does not exist"):
        specs.text("other")


# --- Unknown paths --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/api/pods/", 404),
        ("GET", "/api/projects/", 404),
        ("DELETE", "/api/projects", 405),
        ("GET", "/oauth/token", 405),
        ("POST", "/docs", 405),
    ],
)
def test_unknown_path_is_answered_as_documented(
    method: str, path: str, status: int, alice: Api
) -> None:
    answer = alice.hub(method, path)
    refused(answer, status)
    assert ("allow" in answer.headers) is (status == 405)


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/models", "GET, HEAD, POST, PUT"),
        ("/api/pods", "PATCH, POST"),
        ("/api/alice/keys/1", "GET, HEAD"),
        ("/activate", "GET, HEAD, POST"),
    ],
)
def test_wrong_method_lists_the_allowed_ones(path: str, methods: str, alice: Api) -> None:
    assert alice.hub("DELETE", path).headers["allow"] == methods


def test_every_answer_has_an_id(alice: Api) -> None:
    paths = ("/api/projects", "/api/pods/a/b", "/nowhere", "/docs", "/activate")
    ids = {alice.hub("GET", path).headers["x-request-id"] for path in paths}
    assert len(ids) == len(paths)


def test_internal_error_is_answered_as_documented(
    sandbox: Sandbox, alice: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sandbox.state, "projects", None)
    said = refused(alice.hub("GET", "/api/projects"), 500)
    assert said == "Internal error of the sandbox: AttributeError"
    # The error is logged as well, possibly after the response has been sent.
    end = time.monotonic() + 30
    while "AttributeError" not in caplog.text and time.monotonic() < end:
        time.sleep(0.01)
    assert "AttributeError" in caplog.text
