"""The API explorer: each service's spec as a page, as YAML and as JSON."""

from __future__ import annotations

import json
import re
from html import escape
from typing import TYPE_CHECKING, Any

from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bitfount_api.sandbox import specs
from bitfount_api.sandbox.services import pages
from bitfount_api.sandbox.services.http import answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.responses import Response

_CODE = re.compile(r"`([^`]+)`")
_METHODS = ("get", "put", "post", "delete", "patch")

_STYLE = """
main { max-width: 58rem; margin: 0 auto; padding: 2.5rem 1.25rem 5rem; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; text-transform: capitalize; }
h3 { font-size: .95rem; margin: 1.25rem 0 .4rem; }
details { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  margin: .6rem 0; }
details > div { padding: 0 1.1rem 1.1rem; }
summary { padding: .75rem 1.1rem; cursor: pointer; display: flex; flex-wrap: wrap;
  gap: .25rem .8rem;
  align-items: baseline; }
summary::-webkit-details-marker { display: none; }
.method { font-weight: 700; font-size: .78rem; letter-spacing: .04em; min-width: 3.4rem;
  color: var(--accent); }
.path { overflow-wrap: anywhere; }
.what { color: var(--quiet); margin-left: auto; }
.badge { font-size: .72rem; border: 1px solid var(--line); border-radius: 99px; padding: 0 .55rem; }
pre { background: var(--code); padding: .8rem 1rem; border-radius: 8px; overflow-x: auto;
  font-size: .84rem; line-height: 1.45; margin: .3rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
td, th { text-align: left; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; overflow-wrap: anywhere; }
@media (max-width: 40rem) { .what { margin-left: 0; width: 100%; } }
"""


def routes(names: tuple[str, ...]) -> list[Route]:
    """Return the routes for ``/docs`` and the specs of a service described by these specs."""

    async def docs(request: Request) -> Response:
        shown = "".join(_spec(name) for name in names)
        title = specs.parsed(names[0])["info"]["title"]
        return pages.page(title, f"<main>{shown}</main>", _STYLE)

    async def as_yaml(request: Request) -> Response:
        return PlainTextResponse(_text(request, names), media_type="application/yaml")

    async def as_json(request: Request) -> Response:
        return answer(specs.parsed(_name(request, names)))

    return [
        Route("/docs", docs, methods=["GET"]),
        Route("/openapi.yaml", as_yaml, methods=["GET"]),
        Route("/openapi.json", as_json, methods=["GET"]),
    ]


def _text(request: Request, names: tuple[str, ...]) -> str:
    return specs.text(_name(request, names))


def _name(request: Request, names: tuple[str, ...]) -> str:
    spec_name = request.query_params.get("spec", names[0])
    return spec_name if spec_name in names else names[0]


def _spec(name: str) -> str:
    spec = specs.parsed(name)
    info = spec["info"]
    parts = [
        f"<h1>{escape(info['title'])} <span class='quiet'>{escape(info['version'])}</span></h1>",
        _prose(info.get("description", "")),
        "<p>",
        f"<a href='/openapi.yaml?spec={name}'>YAML</a> · ",
        f"<a href='/openapi.json?spec={name}'>JSON</a>",
        "</p>",
    ]
    for tag in spec["tags"]:
        parts.append(f"<h2>{escape(tag['name'])}</h2><p class='quiet'>")
        parts.append(f"{escape(tag.get('description', ''))}</p>")
        parts += [
            _operation(spec, method, path, operation)
            for method, path, operation in _operations(spec)
            if operation["tags"][0] == tag["name"]
        ]
    return "".join(parts)


def _prose(text: str) -> str:
    """Return a description as paragraphs, with text in backticks as code."""
    shown = _CODE.sub(r"<code>\1</code>", escape(text).strip())
    return "".join(f"<p>{paragraph}</p>" for paragraph in shown.split("\n\n"))


def _operations(spec: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in spec["paths"].items():
        for method in _METHODS:
            if method in item:
                yield method, path, item[method]


def _operation(spec: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> str:
    since = operation.get("x-since")
    badge = f"<span class='badge'>since {escape(since)}</span>" if since else ""
    body = "".join(
        [
            _prose(operation["description"]),
            _parameters(spec, operation),
            _content("Request body", _resolve(spec, operation.get("requestBody", {}))),
            _responses(spec, operation),
        ]
    )
    return (
        f"<details id='{escape(operation['operationId'])}'><summary>"
        f"<span class='method code'>{method.upper()}</span>"
        f"<span class='path code'>{escape(path)}</span>{badge}"
        f"<span class='what'>{escape(operation['summary'])}</span></summary>"
        f"<div>{body}</div></details>"
    )


def _parameters(spec: dict[str, Any], operation: dict[str, Any]) -> str:
    rows = []
    for reference in operation.get("parameters", []):
        parameter = _resolve(spec, reference)
        need = "required" if parameter.get("required") else "optional"
        rows.append(
            f"<tr><td class='code'>{escape(parameter['name'])}</td>"
            f"<td class='quiet'>{escape(parameter['in'])}, {need}</td>"
            f"<td>{escape(parameter.get('description', ''))}</td></tr>"
        )
    return f"<h3>Parameters</h3><table>{''.join(rows)}</table>" if rows else ""


def _responses(spec: dict[str, Any], operation: dict[str, Any]) -> str:
    parts = ["<h3>Responses</h3>"]
    for status, reference in operation["responses"].items():
        response = _resolve(spec, reference)
        title = f"{status} {response.get('description', '')}"
        parts.append(_content(title, response, tag="p"))
    return "".join(parts)


def _content(title: str, holder: dict[str, Any], tag: str = "h3") -> str:
    if not holder:
        return ""
    parts = [f"<{tag}>{escape(title)}</{tag}>"]
    for media in holder.get("content", {}).values():
        named = media.get("examples", {"": {"value": media.get("example")}})
        parts += [
            f"<pre>{escape(json.dumps(example['value'], indent=2))}</pre>"
            for example in named.values()
            if example.get("value") is not None
        ]
    return "".join(parts)


def _resolve(spec: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    reference = value.get("$ref")
    if reference is None:
        return value
    found: Any = spec
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return _resolve(spec, found)
