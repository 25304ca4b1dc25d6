"""The proxies of the environment, and the services that are exempt from them."""

from __future__ import annotations

import logging
import os

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitfount_api._internal.urls import Origin, origin
from bitfount_api._io.proxies import Exemption, Proxies, Proxy

PROXY = Proxy("http", "proxy.test", 3128)


# --- The URL of a proxy --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://proxy.test:3128", PROXY),
        ("http://proxy.test:3128/", PROXY),
        ("  HTTP://proxy.test:3128\n", PROXY),
        ("proxy.test:3128", PROXY),
        ("proxy.test", Proxy("http", "proxy.test", 80)),
        ("http://proxy.test", Proxy("http", "proxy.test", 80)),
        ("https://proxy.test", Proxy("https", "proxy.test", 443)),
        ("socks5://proxy.test", Proxy("socks5", "proxy.test", 1080)),
        ("socks5h://proxy.test", Proxy("socks5h", "proxy.test", 1080)),
        ("socks5://proxy.test:9", Proxy("socks5", "proxy.test", 9)),
        ("http://192.0.2.1:8080", Proxy("http", "192.0.2.1", 8080)),
        ("http://[2001:db8::1]:8080", Proxy("http", "2001:db8::1", 8080)),
        ("[::1]", Proxy("http", "::1", 80)),
        ("http://[fe80::1%eth0]:1", Proxy("http", "fe80::1%eth0", 1)),
        ("http://pröxy.test:65535", Proxy("http", "pröxy.test", 65535)),
    ],
)
def test_proxy_url_is_parsed(text: str, expected: Proxy) -> None:
    assert Proxy.parse(text) == expected


@pytest.mark.parametrize(
    ("login", "user"),
    [
        ("name:password", ("name", "password")),
        ("name", ("name", "")),
        ("name:", ("name", "")),
        (":password", ("", "password")),
        ("", ("", "")),
        ("domain%5Cname:p%40ss%3Aword%2F", ("domain\\name", "p@ss:word/")),
        ("name:p@ss:w/o?r#d[1]", ("name", "p@ss:w/o?r#d[1]")),
        ("name:http://p", ("name", "http://p")),
        ("name:100%", ("name", "100%")),
        ("name:a+b c", ("name", "a+b c")),
        ("näme:pässwörd", ("näme", "pässwörd")),
        ("name:p%C3%A4ss", ("name", "päss")),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https", "socks5"])
def test_proxy_user_and_password_are_parsed(scheme: str, login: str, user: tuple[str, str]) -> None:
    proxy = Proxy.parse(f"{scheme}://{login}@proxy.test:3128")
    assert proxy == Proxy(scheme, "proxy.test", 3128, user)


@pytest.mark.parametrize("text", ["name:p@ss/w?o#rd@proxy.test:3128"])
def test_proxy_without_a_scheme_may_have_a_user(text: str) -> None:
    assert Proxy.parse(text) == Proxy("http", "proxy.test", 3128, ("name", "p@ss/w?o#rd"))


@given(st.text(st.characters(exclude_characters="%", exclude_categories=["Cs"])))
def test_proxy_password_may_have_any_character(password: str) -> None:
    proxy = Proxy.parse(f"http://name:{password}@proxy.test:3128")
    assert proxy == Proxy("http", "proxy.test", 3128, ("name", password))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "http://",
        "http://:3128",
        "http://MARKED:MARKED@",
        "http://MARKED:MARKED@:3128",
        "ftp://MARKED:MARKED@proxy.test:3128",
        "socks4://MARKED:MARKED@proxy.test:3128",
        "MARKED://proxy.test",
        "http:/MARKED@proxy.test/x",
        "http://MARKED:MARKED@proxy.test:0",
        "http://MARKED:MARKED@proxy.test:65536",
        "http://MARKED:MARKED@proxy.test:port",
        "http://MARKED:MARKED@proxy.test:",
        "http://MARKED:MARKED@proxy.test:3128/path",
        "http://MARKED:MARKED@proxy.test?q=1",
        "http://MARKED:MARKED@proxy.test#part",
        "http://MARKED:MARKED@pro xy.test",
        "http://MARKED:MARKED@2001:db8::1:8080",
        "http://MARKED:MARKED@[2001:db8::1",
        "http://MARKED:MARKED@[MARKED!]:80",
        "http://MARKED:MARKED@proxy.test:3128\r\nhost: MARKED",
    ],
)
def test_invalid_proxy_is_not_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="must be a URL such as http://proxy") as caught:
        Proxy.parse(text)
    assert "MARKED" not in str(caught.value)


def test_proxy_shows_no_password() -> None:
    proxy = Proxy.parse("https://SECRET:SECRET@[::1]:3128")
    assert "SECRET" not in repr(proxy)
    assert "SECRET" not in proxy.url
    assert proxy.url == "https://[::1]:3128"
    assert Proxy.parse(proxy.url) == Proxy("https", "::1", 3128)


# --- NO_PROXY ------------------------------------------------------------------------------------


def goes_direct(no_proxy: str, url: str) -> bool:
    address = httpx.URL(url)
    scheme, host = address.scheme, address.raw_host.decode("ascii")
    port = address.port or (443 if scheme == "https" else 80)
    return Exemption.parse(no_proxy).applies_to(scheme, host, port)


@pytest.mark.parametrize(
    ("entry", "direct", "proxied"),
    [
        ("*", ["https://hub.test", "http://192.0.2.1:8080", "https://[::1]"], []),
        (
            "hub.test",
            ["https://hub.test", "http://hub.test:8080", "https://a.b.hub.test"],
            ["https://myhub.test", "https://hub.test.evil", "https://test", "https://hub"],
        ),
        (
            ".hub.test",
            ["https://hub.test", "https://a.hub.test"],
            ["https://myhub.test", "https://hub.test.evil"],
        ),
        (
            "*.hub.test",
            ["https://a.hub.test", "https://a.b.hub.test"],
            ["https://myhub.test", "https://hub.test.evil"],
        ),
        ("HUB.Test", ["https://hub.test"], ["https://myhub.test"]),
        ("hub.test.", ["https://hub.test"], ["https://myhub.test"]),
        ("hub_1.test", ["https://hub_1.test"], ["https://hub-1.test"]),
        ("hüb.test", ["https://hüb.test", "https://xn--hb-xka.test"], ["https://hub.test"]),
        ("localhost", ["http://localhost:1"], ["http://127.0.0.1"]),
        (
            "hub.test:8443",
            ["https://hub.test:8443", "http://a.hub.test:8443"],
            ["https://hub.test", "https://hub.test:443"],
        ),
        ("hub.test:443", ["https://hub.test"], ["http://hub.test", "https://hub.test:8443"]),
        ("hub.test:80", ["http://hub.test"], ["https://hub.test"]),
        ("*.hub.test:80", ["http://a.hub.test"], ["https://a.hub.test"]),
        ("*:8443", ["https://any.test:8443", "http://192.0.2.1:8443"], ["https://any.test"]),
        (
            "192.0.2.1",
            ["https://192.0.2.1", "http://192.0.2.1:8080"],
            ["https://192.0.2.10", "https://1.192.0.2.1.test", "https://192.0.2.2"],
        ),
        ("192.0.2.1:8080", ["http://192.0.2.1:8080"], ["http://192.0.2.1"]),
        (
            "2001:db8::1",
            ["https://[2001:db8::1]", "https://[2001:0db8:0::0:1]:8080"],
            ["https://[2001:db8::2]", "https://192.0.2.1", "https://hub.test"],
        ),
        ("[2001:db8::1]", ["https://[2001:db8::1]:8080"], ["https://[2001:db8::2]"]),
        ("[2001:db8::1]:80", ["http://[2001:db8::1]"], ["https://[2001:db8::1]"]),
        ("10.0.0.0/8", ["https://10.1.2.3", "http://10.255.0.1:1"], ["https://11.0.0.1"]),
        ("10.1.2.3/8", ["https://10.9.9.9"], ["https://11.0.0.1"]),
        ("10.0.0.0/255.0.0.0", ["https://10.1.2.3"], ["https://11.0.0.1"]),
        ("10.0.0.0/8:80", ["http://10.1.2.3"], ["https://10.1.2.3"]),
        ("10.0.0.0/8", ["https://[::ffff:10.1.2.3]"], ["https://[::ffff:11.0.0.1]"]),
        ("::ffff:10.1.2.3", ["https://[::ffff:10.1.2.3]"], ["https://[::ffff:10.1.2.4]"]),
        ("2001:db8::/32", ["https://[2001:db8:9::9]"], ["https://[2001:db9::1]"]),
        ("[2001:db8::]/32", ["https://[2001:db8:9::9]"], ["https://[2001:db9::1]"]),
        ("[2001:db8::]/32:80", ["http://[2001:db8::9]"], ["https://[2001:db8::9]"]),
        ("0.0.0.0/0", ["https://192.0.2.1"], ["https://[2001:db8::1]", "https://hub.test"]),
        ("http://hub.test", ["http://hub.test"], ["https://hub.test", "http://am.test"]),
        ("https://hub.test", ["https://hub.test:1"], ["http://hub.test"]),
        ("all://hub.test", ["http://hub.test", "https://hub.test"], ["http://am.test"]),
        ("https://*", ["https://any.test"], ["http://any.test"]),
        ("https://*.hub.test:8443", ["https://a.hub.test:8443"], ["http://a.hub.test:8443"]),
        ("http://10.0.0.0/8", ["http://10.0.0.1"], ["https://10.0.0.1"]),
        ("http://[::1]:8080", ["http://[::1]:8080"], ["https://[::1]:8080", "http://[::1]"]),
    ],
)
def test_exemption_applies_to_its_services_only(
    entry: str, direct: list[str], proxied: list[str]
) -> None:
    assert [url for url in direct if not goes_direct(entry, url)] == []
    assert [url for url in proxied if goes_direct(entry, url)] == []


ODD = [
    "ftp://hub.test",
    "hub.test:",
    "hub.test:port",
    "hub.test:123456",
    "hub test",
    "hub..test",
    "a*.hub.test",
    "*hub.test",
    "hub.*",
    ".",
    "*.",
    "**",
    ":8080",
    "[192.0.2.1]",
    "[hub.test]",
    "[2001:db8::1",
    "2001:db8::1]",
    "2001:db8::/129",
    "10.0.0.0/33",
    "10.0.0.0/x",
    "hub.test/path",
    "user@hub.test",
    "é" * 64,
]


@pytest.mark.parametrize("entry", ODD)
def test_odd_exemption_is_invalid(entry: str) -> None:
    with pytest.raises(ValueError):  # also a UnicodeError
        Exemption.parse(entry)


@given(st.text(max_size=20))
def test_any_exemption_is_parsed_or_invalid(entry: str) -> None:
    try:
        parsed = Exemption.parse(entry)
    except ValueError:
        return
    parsed.applies_to("https", "hub.test", 443)
    parsed.applies_to("http", "::1", 80)


# --- The environment -----------------------------------------------------------------------------


HUB = Origin("https", b"hub.test", None)
PLAIN = Origin("http", b"hub.test", None)
OTHER = Origin("https", b"am.test", None)


def test_environment_without_proxies_has_none() -> None:
    proxies = Proxies.from_env()
    assert [proxies.find(HUB), proxies.find(PLAIN)] == [None, None]


@pytest.mark.parametrize("upper", [True, False])
def test_proxy_of_the_scheme_is_used(monkeypatch: pytest.MonkeyPatch, upper: bool) -> None:
    for name, value in [("https_proxy", "s.test:1"), ("http_proxy", "http://p.test:2")]:
        monkeypatch.setenv(name.upper() if upper else name, value)
    monkeypatch.setenv("ALL_PROXY", "http://all.test:3")
    proxies = Proxies.from_env()
    assert proxies.find(HUB) == Proxy("http", "s.test", 1)
    assert proxies.find(PLAIN) == Proxy("http", "p.test", 2)


def test_all_proxy_is_used_for_other_schemes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "")
    monkeypatch.setenv("HTTP_PROXY", "http://p.test:2")
    monkeypatch.setenv("ALL_PROXY", "socks5://all.test")
    proxies = Proxies.from_env()
    assert proxies.find(HUB) == Proxy("socks5", "all.test", 1080)
    assert proxies.find(PLAIN) == Proxy("http", "p.test", 2)


def test_services_without_a_proxy_go_direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://p.test:2")
    assert Proxies.from_env().find(HUB) is None


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"])
def test_invalid_variable_is_named_but_not_quoted(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "ftp://MARKED:MARKED@proxy.test")
    proxies = Proxies.from_env()
    service = PLAIN if name == "HTTP_PROXY" else HUB
    with pytest.raises(ValueError, match=f"^{name} is not valid: a proxy must be") as caught:
        proxies.find(service)
    assert "MARKED" not in f"{caught.value!r} {proxies!r}"
    assert caught.value.__context__ is None


def test_invalid_variable_matters_only_where_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "ftp://proxy.test")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv("NO_PROXY", "hub.test")
    proxies = Proxies.from_env()
    assert proxies.find(HUB) is None
    assert proxies.find(Origin("http", b"am.test", None)) == PROXY
    with pytest.raises(ValueError, match=r"^HTTPS_PROXY is not valid"):
        proxies.find(OTHER)
    monkeypatch.delenv("HTTP_PROXY")
    assert Proxies.from_env().find(HUB) is None


def test_everywhere_uses_one_proxy_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("HTTPS_PROXY", "http://other.test")
    proxies = Proxies.everywhere("http://proxy.test:3128")
    assert [proxies.find(each) for each in (HUB, PLAIN, OTHER)] == [PROXY] * 3
    with pytest.raises(ValueError, match="must be a URL"):
        Proxies.everywhere("ftp://proxy.test")


@pytest.mark.parametrize("separator", [",", ", ", " ", ",,", "\t", " ,\n"])
@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_no_proxy_lists_entries(monkeypatch: pytest.MonkeyPatch, separator: str, name: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv(name, separator.join(["first.test", "hub.test", "10.0.0.0/8"]) + separator)
    proxies = Proxies.from_env()
    assert proxies.find(HUB) is None
    assert proxies.find(OTHER) == PROXY
    assert proxies.find(origin(httpx.URL("https://10.9.8.7"))) is None


@pytest.mark.parametrize(
    "url", ["https://HUB.test", "https://hub.test.", "https://hub.test:443", "https://hub.test"]
)
def test_exempt_host_is_found_in_any_form(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv("NO_PROXY", "hub.test:443")
    assert Proxies.from_env().find(origin(httpx.URL(url))) is None


@pytest.mark.parametrize("url", ["https://[2001:db8::1]", "https://[2001:db8::1]:8443"])
def test_exempt_ipv6_address_is_found(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv("NO_PROXY", "2001:db8::/32")
    assert Proxies.from_env().find(origin(httpx.URL(url))) is None


def test_odd_entries_are_skipped_with_one_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    odd = [entry for entry in ODD if not any(c.isspace() for c in entry)]
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv("NO_PROXY", ",".join([*odd, "MARKED/x", "hub.test", "user:MARKED@a"]))
    with caplog.at_level(logging.WARNING):
        proxies = Proxies.from_env()
    assert proxies.find(HUB) is None
    assert proxies.find(OTHER) == PROXY
    (record,) = caplog.records
    assert record.name.startswith("bitfount_api.")
    text = record.getMessage()
    assert text.startswith(f"NO_PROXY: {len(odd) + 2} of its entries are skipped")
    assert "MARKED" not in text
    assert not [entry for entry in odd if len(entry) > 3 and entry in text]


@pytest.mark.parametrize("proxy", ["", "http://proxy.test:3128"])
def test_good_entries_give_no_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, proxy: str
) -> None:
    """Nor do odd ones, if there is no proxy."""
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    monkeypatch.setenv("NO_PROXY", "localhost,::1,10.0.0.0/8" + ("" if proxy else ",odd/entry"))
    Proxies.from_env()
    assert caplog.records == []


def test_environment_is_not_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    before = dict(os.environ)
    Proxies.from_env()
    assert dict(os.environ) == before
