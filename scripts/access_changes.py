"""Find the changes of servers and credentials, and whether they break callers."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from changes import Change, difference
from spec_nodes import Node, follow

if TYPE_CHECKING:
    from collections.abc import Iterator

Credentials = dict[str, frozenset[str]]
"""How each credential is sent, with the scopes that it needs."""


def server_changes(old: list[Node], new: list[Node]) -> Iterator[Change]:
    """Yield the changes between the servers of an operation."""
    was, now = ({each.get("url", "/"): each for each in some} for some in (old, new))
    for url in [*was, *(url for url in now if url not in was)]:
        at = f"server {url}"
        if url not in now:
            yield Change(True, at, "is gone")
        elif url not in was:
            yield Change(False, at, "is new")
        else:
            yield from _variables(was[url], now[url], at)


def _variables(old: Node, new: Node, at: str) -> Iterator[Change]:
    was, now = old.get("variables", {}), new.get("variables", {})
    for name in sorted(was.keys() | now.keys()):
        before, after = was.get(name, {}), now.get(name, {})
        if before.get("default") != after.get("default"):
            what = difference("default", before.get("default"), after.get("default"))
            yield Change(True, f"{at}, {name}", what)
        values = before.get("enum"), after.get("enum")
        if values[0] != values[1]:
            fewer = values[1] and not (values[0] and set(values[0]) <= set(values[1]))
            what = f"has {'fewer' if fewer else 'more'} values"
            yield Change(bool(fewer), f"{at}, {name}", what)


def credential_changes(old: list[Credentials], new: list[Credentials]) -> Iterator[Change]:
    """Yield the change between the alternative credentials of an operation, if any."""
    if _unordered(old) == _unordered(new):
        return
    # Whoever sends more than a new alternative needs can still call the operation.
    breaking = not all(any(_enough(was, now) for now in new) for was in old)
    yield Change(breaking, "credentials", f"were {_text(old)}, are {_text(new)}")


def _unordered(alternatives: list[Credentials]) -> set[frozenset[Any]]:
    return {frozenset(each.items()) for each in alternatives}


def _enough(sent: Credentials, needed: Credentials) -> bool:
    return all(name in sent and scopes <= sent[name] for name, scopes in needed.items())


def _text(alternatives: list[Credentials]) -> str:
    if not any(alternatives):
        return "not required"
    texts = {
        " with ".join(
            sorted(
                f"{name} ({', '.join(sorted(scopes))})" if scopes else name
                for name, scopes in each.items()
            )
        )
        for each in alternatives
    }
    return " or ".join(sorted(text or "no credentials" for text in texts))


def scope_changes(old: Node, new: Node) -> Iterator[Change]:
    """Yield the changes of the scopes that callers can ask for."""
    was, now = _scopes(old), _scopes(new)
    yield from (Change(True, scope, "is gone") for scope in sorted(was - now))
    yield from (Change(False, scope, "is new") for scope in sorted(now - was))


def _scopes(spec: Node) -> set[str]:
    schemes = spec["components"].get("securitySchemes", {}).values()
    return {
        f"scope {scope} of the flow {name}"
        for scheme in schemes
        for name, flow in follow(spec, scheme).get("flows", {}).items()
        for scope in flow.get("scopes", {})
    }


def credentials_of(spec: Node, operation: Node) -> list[Credentials]:
    """Return the alternative credentials of an operation; an empty one if none are required."""
    schemes = spec["components"].get("securitySchemes", {})
    wanted = operation.get("security", spec.get("security")) or [{}]
    return [
        dict(zip(sent, map(frozenset, alternative.values()), strict=True))
        for alternative in wanted
        for sent in itertools.product(
            *(_means(follow(spec, schemes.get(name, {"type": name}))) for name in alternative)
        )
    ]


def _means(scheme: Node) -> list[str]:
    """Return how a credential is sent and obtained; several alternatives for OAuth."""
    kind = scheme.get("type", "")
    if kind == "oauth2":
        return [
            f"oauth2 {name} {' '.join(str(flow[k]) for k in _URLS if k in flow)}".strip()
            for name, flow in sorted(scheme.get("flows", {}).items())
        ] or [kind]
    # Names of headers and of HTTP schemes are not case-sensitive.
    name = str(scheme.get("name", ""))
    name = name.lower() if scheme.get("in") == "header" else name
    more = (scheme.get("in"), name, str(scheme.get("scheme", "")).lower())
    return [" ".join(part for part in (kind, *more, scheme.get("openIdConnectUrl")) if part)]


_URLS = ("authorizationUrl", "tokenUrl", "refreshUrl")
