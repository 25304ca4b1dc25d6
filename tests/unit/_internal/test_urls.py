"""The validation of URLs: the same for services, presigned URLs and raw requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from bitfount_api._core import services
from bitfount_api._internal import urls
from bitfount_api.exceptions import InvalidJSONError

INVALID: list[Any] = [
    "",
    "hub.test",
    "//hub.test",
    "/x",
    "https://",
    "https:///x",
    "https:hub.test",
    "ftp://hub.test",
    "file:///etc/passwd",
    " https://hub.test",
    "https://hub.test\n",
    "https://hub.test:0/",
    "https://hub.test:65536/",
    "https://hub.test:99999/",
    "https://hub.test:-1/",
    "https://hub.test:port/",
    "https://xn--hub-/",
    "https://hub test/",
    "https://hub<.test/",
    "https://a%b.example/x",
    "https://\ud800/",
    "https://hub.test/\ud800",
    "https://" + "h" * 70_000,
    None,
    5,
    b"https://hub.test",
]


@pytest.mark.parametrize("url", INVALID, ids=lambda url: ascii(url)[:40])
def test_invalid_url_is_rejected_everywhere(url: Any) -> None:
    secret = f"{url}?X-Amz-Signature=SECRET" if isinstance(url, str) else url
    for function, error, text in (
        (urls.base_url, ValueError, "a service's URL is not valid: it"),
        (urls.request_url, ValueError, "the URL is not valid: it"),
        (urls.presigned_url, InvalidJSONError, "presigned URL is not valid: it"),
    ):
        with pytest.raises(error, match=text) as caught:
            function(secret)
        assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://hub.test:65536/", "its port is 65536, not a number from 1 to 65535"),
        ("hub.test", "it must be absolute, with http:// or https:// and a host"),
        ("https://a%b.example/x", "its host has characters that no host name can have"),
        ("https://hub.test:port/", "it is not a URL"),
    ],
)
def test_url_error_names_the_problem(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        urls.parse(url)


def test_raw_request_url_with_a_user_name_is_rejected() -> None:
    with pytest.raises(ValueError, match="must not hold a user name"):
        urls.request_url("https://u:p@hub.test/")


@pytest.mark.parametrize("url", ["u@hub.test", "u:p@hub.test/", "hub.test?x", "hub.test/#x"])
def test_base_url_with_query_or_fragment_is_rejected(url: str) -> None:
    with pytest.raises(ValueError, match="must not hold"):
        urls.base_url(f"https://{url}")


def test_base_url_has_no_trailing_slash() -> None:
    assert urls.base_url("https://hub.test:8443/api//") == "https://hub.test:8443/api"
    assert urls.base_url("HTTP://[::1]:1") == "http://[::1]:1"


def test_base_url_may_be_of_the_class_of_httpx() -> None:
    assert urls.base_url(httpx.URL("https://hub.test:8443/api/")) == "https://hub.test:8443/api"
    for url in ("https://hub.test/?", "https://hub.test/#x", "https://u@hub.test"):
        with pytest.raises(ValueError, match="must not hold"):
            urls.base_url(httpx.URL(url))


@pytest.mark.parametrize("url", [Path("https://hub.test"), 5, ["https://hub.test"]], ids=repr)
def test_base_url_of_another_type_is_rejected(url: Any) -> None:
    with pytest.raises(ValueError, match="URL is not valid"):
        urls.base_url(url)


def test_presigned_url_is_used_unchanged() -> None:
    url = "https://s3.test:65535/b/%2e%2e/k%20ey?X-Amz-Signature=00ff&b=%2F"
    assert urls.presigned_url(url) == url


@pytest.mark.parametrize("service", [services.hub, services.access_manager, services.smart_on_fhir])
def test_missing_url_differs_from_an_empty_one(service: Any) -> None:
    """An empty URL, such as a forgotten setting, must not select the production services."""
    assert service(None).url.startswith("https://")
    with pytest.raises(ValueError, match="URL is not valid"):
        service("")


def test_ipv6_address_may_have_a_zone() -> None:
    assert urls.base_url("http://[fe80::1%25eth0]:3000/") == "http://[fe80::1%25eth0]:3000"
