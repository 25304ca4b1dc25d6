"""Kinds of changes around the schemas, each with whether it breaks callers, in both directions.

The edits are those of ``tests/data/spec-diff.yaml``. ``forth`` says whether the edit breaks
callers, ``back`` whether undoing it does, ``what`` is a part of the report of the edit. For
``unlike_oasdiff``, see schema_change_kinds.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from contract.editing import Edit, add, at, drop, move, put, take
from contract.specs import Spec


class OperationKind(NamedTuple):
    """A kind of change: an edit of the spec."""

    edit: Edit
    forth: bool
    back: bool
    what: str
    unlike_oasdiff: str = ""


BREAKS, HARMLESS = True, False

STRING = {"type": "string"}
FAILED = {"$ref": "#/components/responses/Failed"}
LIST = ("paths", "/datasets", "get")
CREATE = ("paths", "/datasets", "post")
ROW = "/datasets/{datasetId}/rows/{rowId}"
GET_ROW = ("paths", ROW, "get")
PUT_ROW = ("paths", ROW, "put")
BODY = (*CREATE, "requestBody")
FORM = "application/x-www-form-urlencoded"
FORM_BODY = (*PUT_ROW, "requestBody", "content", FORM)
PAGE = (*LIST, "responses", "200")
CREATED = (*CREATE, "responses", "2XX")
LIMIT = (*LIST, "parameters", 0)
OWNER = (*LIST, "parameters", 1)
TAGS = (*LIST, "parameters", 2)
TRACE = (*LIST, "parameters", 3)
REGION = ("servers", 1, "variables", "region")
OAUTH = ("components", "securitySchemes", "oauth", "flows")
SCOPES = (*CREATE, "security", 0, "oauth")
QUERY = {"name": "q", "in": "query", "schema": STRING}
NO_RULE = "no rule: servers count as a matter of deployment"
NO_CREDENTIALS_RULE = "INFO api-security-*: callers without the right credentials fail"


def every(*edits: Edit) -> Edit:
    return lambda spec: [edit(spec) for edit in edits]


def copied(*source: Any, to: tuple[Any, ...], **changed: Any) -> Edit:
    """Copy a node to another place, with other values of some keys."""
    return lambda spec: put(*to, value={**at(spec, source), **changed})(spec)


def swap_ids(spec: Spec) -> None:
    one, other = at(spec, LIST), at(spec, GET_ROW)
    one["operationId"], other["operationId"] = other["operationId"], one["operationId"]


OPERATIONS = {
    "operation removed": OperationKind(
        drop(*LIST), BREAKS, HARMLESS, "GET /datasets: is gone"
    ),
    "path changed": OperationKind(
        move("paths", "/datasets", to="/sets"), BREAKS, BREAKS, "GET /sets: was GET /datasets"
    ),
    "method changed": OperationKind(
        move(*CREATE, to="patch"), BREAKS, BREAKS, "PATCH /datasets: was POST /datasets"
    ),
    "path parameter renamed": OperationKind(
        every(
            put("paths", ROW, "parameters", 1, "name", value="id"),
            move("paths", ROW, to="/datasets/{datasetId}/rows/{id}"),
        ),
        HARMLESS,
        HARMLESS,
        "path parameter id was renamed from rowId; requests are unchanged",
    ),
    "operationIds swapped": OperationKind(
        swap_ids, HARMLESS, HARMLESS, "operationId was list_datasets, is get_row"
    ),
    "operationId changed": OperationKind(
        put(*LIST, "operationId", value="list"), HARMLESS, HARMLESS, "was list_datasets, is list"
    ),
    "tag changed": OperationKind(
        put(*LIST, "tags", value=["sets"]), HARMLESS, HARMLESS, "tags was ['datasets']"
    ),
    "operation deprecated": OperationKind(
        put(*LIST, "deprecated", value=True), HARMLESS, HARMLESS, "is deprecated"
    ),
    "deprecated false": OperationKind(
        put(*LIST, "deprecated", value=False), HARMLESS, HARMLESS, "is described differently"
    ),
    "operation described otherwise": OperationKind(
        put(*LIST, "summary", value="All"),
        HARMLESS,
        HARMLESS,
        "GET /datasets: is described differently",
    ),
    "extension changed": OperationKind(
        put(*LIST, "x-timeout", value=10), HARMLESS, HARMLESS, "is described differently"
    ),
    "version of the spec changed": OperationKind(
        put("info", "version", value="2.0"), HARMLESS, HARMLESS, "is described differently"
    ),
    "version of OpenAPI changed": OperationKind(
        put("openapi", value="3.1.0"), HARMLESS, HARMLESS, "is described differently"
    ),
    "dialect of schemas written out": OperationKind(
        put("jsonSchemaDialect", value="https://spec.openapis.org/oas/3.1/dialect/base"),
        HARMLESS,
        HARMLESS,
        "is described differently",
    ),
    "dialect of schemas changed": OperationKind(
        put("jsonSchemaDialect", value="https://json-schema.org/draft/2020-12/schema"),
        BREAKS,
        BREAKS,
        "jsonSchemaDialect was not set",
    ),
    "path moved to components": OperationKind(
        every(
            put("components", "pathItems", value={}),
            copied("paths", ROW, to=("components", "pathItems", "row")),
            put("paths", ROW, value={"$ref": "#/components/pathItems/row"}),
        ),
        HARMLESS,
        HARMLESS,
        "is described differently",
    ),
    "callback added": OperationKind(
        put(*CREATE, "callbacks", value={"done": {"{$request.body#/url}": {}}}),
        BREAKS,
        BREAKS,
        "callbacks is new",
        "no rule: callers may have to answer requests",
    ),
    "webhook added": OperationKind(
        put("webhooks", value={"done": {"post": {"responses": {}}}}),
        BREAKS,
        BREAKS,
        "webhooks is new",
        "INFO webhook-added: callers may have to answer requests",
    ),
    "schema renamed": OperationKind(
        every(
            move("components", "schemas", "Error", to="Failure"),
            put("components", "responses", "Failed", "content", "application/json", "schema",
                value={"$ref": "#/components/schemas/Failure"}),
        ),
        HARMLESS,
        HARMLESS,
        "answer: Failure was renamed from Error",
    ),
    "unused schema added": OperationKind(
        put("components", "schemas", "Unused", value=STRING),
        HARMLESS,
        HARMLESS,
        "is described differently",
    ),
}  # fmt: skip

SENDING = {
    "repeated only if not sent": OperationKind(
        put(*LIST, "x-retry", value="if-unsent"),
        HARMLESS,
        HARMLESS,
        "GET /datasets: x-retry was not set, is if-unsent",
    ),
    "timeout set": OperationKind(
        put(*LIST, "x-timeout-seconds", value=5),
        HARMLESS,
        HARMLESS,
        "GET /datasets: x-timeout-seconds was not set, is 5",
    ),
    "success limited to the listed statuses": OperationKind(
        put(*LIST, "x-success", value="listed"),
        HARMLESS,
        HARMLESS,
        "GET /datasets: x-success was not set, is listed",
    ),
    "transfers a file": OperationKind(
        put(*LIST, "x-transfers-file", value=True),
        HARMLESS,
        HARMLESS,
        "GET /datasets: x-transfers-file was not set, is true",
    ),
}

SERVERS = {
    "server removed": OperationKind(
        drop("servers", 0), BREAKS, HARMLESS, "server https://hub.example.com is gone", NO_RULE
    ),
    "operation gets a server": OperationKind(
        put(*LIST, "servers", value=[{"url": "https://sets.example.com"}]),
        BREAKS,
        BREAKS,
        "GET /datasets: server https://hub.example.com is gone",
        NO_RULE,
    ),
    "path gets a server": OperationKind(
        put("paths", ROW, "servers", value=[{"url": "https://rows.example.com"}]),
        BREAKS,
        BREAKS,
        f"GET {ROW}, PUT {ROW}: server https://hub.example.com is gone",
        NO_RULE,
    ),
    "servers written out": OperationKind(
        lambda spec: put(*LIST, "servers", value=spec["servers"])(spec),
        HARMLESS,
        HARMLESS,
        "is described differently",
    ),
    "root server written out": OperationKind(
        every(drop("servers"), put(*LIST, "servers", value=[{"url": "/"}])),
        BREAKS,
        BREAKS,
        "GET /datasets, POST /datasets",
        NO_RULE,
    ),
    "value of a server's variable removed": OperationKind(
        take(*REGION, "enum", value="us"), BREAKS, HARMLESS, "region has fewer values", NO_RULE
    ),
    "server's variable no longer limited": OperationKind(
        drop(*REGION, "enum"), HARMLESS, BREAKS, "region has more values", NO_RULE
    ),
    "default of a server's variable changed": OperationKind(
        put(*REGION, "default", value="us"), BREAKS, BREAKS, "default was eu, is us", NO_RULE
    ),
    "server gets a variable": OperationKind(
        put("servers", 0, "variables", value={"port": {"default": "443"}}),
        BREAKS,
        BREAKS,
        "port default was not set, is 443",
        NO_RULE,
    ),
}

CREDENTIALS = {
    "credentials removed": OperationKind(
        take("security", value={"bearer": []}),
        BREAKS,
        HARMLESS,
        "credentials were",
        NO_CREDENTIALS_RULE,
    ),
    "header of a key renamed": OperationKind(
        put("components", "securitySchemes", "key", "name", value="x-secret"),
        BREAKS,
        BREAKS,
        "are apiKey header x-key-id with apiKey header x-secret or http bearer",
    ),
    "header of a key in capitals": OperationKind(
        put("components", "securitySchemes", "key", "name", value="X-Key"),
        HARMLESS,
        HARMLESS,
        "is described differently",
    ),
    "no credentials needed": OperationKind(
        put("security", value=[]), HARMLESS, BREAKS, "are not required", NO_CREDENTIALS_RULE
    ),
    "one key needed instead of two": OperationKind(
        put("security", 0, value={"keyId": []}),
        HARMLESS,
        BREAKS,
        "are apiKey header x-key-id or http bearer",
        NO_CREDENTIALS_RULE,
    ),
    "credentials written out": OperationKind(
        lambda spec: put(*LIST, "security", value=spec["security"])(spec),
        HARMLESS,
        HARMLESS,
        "is described differently",
    ),
    "credentials optional": OperationKind(
        add("security", value={}), HARMLESS, BREAKS, "no credentials", NO_CREDENTIALS_RULE
    ),
    "scope demanded": OperationKind(
        add(*SCOPES, value="datasets:admin"),
        BREAKS,
        HARMLESS,
        "are oauth2 clientCredentials https://auth.example.com/token (datasets:admin, ",
        "INFO api-security-scope-added: tokens that callers have do not have the scope",
    ),
    "scope no longer offered": OperationKind(
        drop(*OAUTH, "clientCredentials", "scopes", "datasets:admin"),
        BREAKS,
        HARMLESS,
        "scope datasets:admin of the flow clientCredentials is gone",
        "INFO api-security-component-oauth-scope-removed: requests for the scope fail",
    ),
    "flow added": OperationKind(
        copied(
            *OAUTH, "clientCredentials",
            to=(*OAUTH, "authorizationCode"), authorizationUrl="https://auth.example.com",
        ),
        HARMLESS,
        BREAKS,
        "or oauth2 clientCredentials",
    ),
    "tokens from elsewhere": OperationKind(
        put(*OAUTH, "clientCredentials", "tokenUrl", value="https://example.com"),
        BREAKS,
        BREAKS,
        "are oauth2 clientCredentials https://example.com",
        "INFO api-security-component-oauth-token-url-changed: callers cannot get tokens",
    ),
}  # fmt: skip

PARAMETERS = {
    "parameter removed": OperationKind(
        drop(*LIMIT), BREAKS, HARMLESS, "query parameter limit is gone"
    ),
    "required parameter added": OperationKind(
        add(*LIST, "parameters", value={**QUERY, "required": True}),
        BREAKS,
        BREAKS,
        "query parameter q is new, and required",
    ),
    "parameter becomes required": OperationKind(
        put(*LIMIT, "required", value=True), BREAKS, HARMLESS, "limit is required now"
    ),
    "parameter's type changed": OperationKind(
        put(*LIMIT, "schema", "type", value="string"),
        BREAKS,
        BREAKS,
        "query parameter limit was integer, is string",
        "INFO request-parameter-type-generalized: a service may tell 5 from the text 5",
    ),
    "path parameter limited": OperationKind(
        put("paths", ROW, "parameters", 1, "schema", "pattern", value="^[a-z]+$"),
        BREAKS,
        HARMLESS,
        "path parameter rowId pattern was not set",
    ),
    "default of a parameter added": OperationKind(
        put(*LIMIT, "schema", "default", value=10), BREAKS, BREAKS, "default was not set, is 10"
    ),
    "parameter moved to the path": OperationKind(
        lambda spec: put(
            "paths", "/datasets", "parameters", value=[at(spec, LIST)["parameters"].pop(0)]
        )(spec),
        HARMLESS,
        BREAKS,
        "POST /datasets: query parameter limit is new",
    ),
    "parameter written otherwise": OperationKind(
        put(*TAGS, "style", value="spaceDelimited"), BREAKS, BREAKS, "style was form, is space"
    ),
    "entries in one parameter": OperationKind(
        put(*TAGS, "explode", value=False), BREAKS, BREAKS, "explode was true, is false"
    ),
    "style and flags written out": OperationKind(
        every(
            put(*TAGS, "style", value="form"),
            put(*TAGS, "explode", value=True),
            put(*TAGS, "required", value=False),
            put(*TAGS, "allowReserved", value=False),
            put(*TAGS, "allowEmptyValue", value=False),
            put(*TRACE, "style", value="simple"),
        ),
        HARMLESS,
        HARMLESS,
        "is described differently",
    ),
    "single value exploded": OperationKind(
        put(*LIMIT, "explode", value=False), HARMLESS, HARMLESS, "is described differently"
    ),
    "reserved characters allowed": OperationKind(
        put(*OWNER, "allowReserved", value=True), BREAKS, BREAKS, "allowReserved was not set"
    ),
    "empty value allowed": OperationKind(
        put(*OWNER, "allowEmptyValue", value=True), HARMLESS, BREAKS, "can be empty"
    ),
    "parameter as JSON": OperationKind(
        every(
            drop(*TAGS, "schema"),
            put(*TAGS, "content", value={"application/json": {"schema": STRING}}),
        ),
        BREAKS,
        BREAKS,
        "query parameter tags is written otherwise",
    ),
    "header parameter in capitals": OperationKind(
        put(*TRACE, "name", value="X-TRACE"), HARMLESS, HARMLESS, "is described differently"
    ),
    "header that OpenAPI ignores": OperationKind(
        add(*LIST, "parameters", value={**QUERY, "name": "Accept", "in": "header",
                                        "required": True}),
        HARMLESS,
        HARMLESS,
        "is described differently",
    ),
}  # fmt: skip

BODIES = {
    "body removed": OperationKind(drop(*BODY), BREAKS, BREAKS, "request no longer has a body"),
    "optional body removed": OperationKind(
        drop(*PUT_ROW, "requestBody"), BREAKS, HARMLESS, "request no longer has a body"
    ),
    "body becomes optional": OperationKind(
        drop(*BODY, "required"), HARMLESS, BREAKS, "the body of the request is no longer required"
    ),
    "body not required": OperationKind(
        put(*PUT_ROW, "requestBody", "required", value=False),
        HARMLESS,
        HARMLESS,
        "is described differently",
    ),
    "media type replaced": OperationKind(
        move(*BODY, "content", "application/json", to="application/cbor"),
        BREAKS,
        BREAKS,
        "request can no longer be application/json",
    ),
    "media type added": OperationKind(
        put(*BODY, "content", "application/cbor", value={"schema": STRING}),
        HARMLESS,
        BREAKS,
        "request can be application/cbor now",
    ),
    "media type becomes a range": OperationKind(
        move(*BODY, "content", "application/json", to="application/*"),
        HARMLESS,
        BREAKS,
        "request can be application/* now",
    ),
    "media type in capitals": OperationKind(
        move(*BODY, "content", "application/json", to="Application/JSON"),
        HARMLESS,
        HARMLESS,
        "is described differently",
    ),
    "encoding written out": OperationKind(
        put(*FORM_BODY, "encoding", value={"values": {"style": "form", "explode": True,
                                                      "contentType": "text/plain"}}),
        HARMLESS,
        HARMLESS,
        "is described differently",
    ),
    "entries encoded otherwise": OperationKind(
        put(*FORM_BODY, "encoding", value={"values": {"explode": False}}),
        BREAKS,
        BREAKS,
        "encoding is new",
    ),
    "encoding of a body that is no form": OperationKind(
        put(*BODY, "content", "application/json", "encoding",
            value={"name": {"contentType": "text/html"}}),
        HARMLESS,
        HARMLESS,
        "is described differently",
    ),
}  # fmt: skip

ANSWERS = {
    "status beside a range": OperationKind(
        copied(*CREATED, to=(*CREATE, "responses", "201")),
        HARMLESS,
        HARMLESS,
        "answer 201 was part of 2XX",
    ),
    "status with another body beside a range": OperationKind(
        copied(
            *CREATED,
            to=(*CREATE, "responses", "201"),
            content={"application/json": {"schema": STRING}},
        ),
        BREAKS,
        BREAKS,
        "answer 201 was object, is string",
    ),
    "range becomes a status": OperationKind(
        move(*CREATED, to="200"), HARMLESS, BREAKS, "answer 2XX is gone"
    ),
    "success removed": OperationKind(
        drop(*PAGE),
        BREAKS,
        BREAKS,
        "answer 200 is gone",
        "INFO response-success-status-added: callers that check the status do not know it",
    ),
    "success added": OperationKind(
        put(*LIST, "responses", "202", value={"description": "Later."}),
        BREAKS,
        BREAKS,
        "answer 202 is new",
        "INFO response-success-status-added: callers that check the status do not know it",
    ),
    "success added beside default": OperationKind(
        copied("components", "responses", "Failed", to=(*GET_ROW, "responses", "206")),
        BREAKS,
        BREAKS,
        "answer 206 is new",
    ),
    "error added": OperationKind(
        put(*LIST, "responses", "418", value=FAILED), HARMLESS, HARMLESS, "answer 418 is new"
    ),
    "error with the body of default": OperationKind(
        put(*GET_ROW, "responses", "404", value=FAILED),
        HARMLESS,
        HARMLESS,
        "answer 404 was part of default",
    ),
    "error with another body than default": OperationKind(
        put(*GET_ROW, "responses", "404", value={"description": "Unknown.", "content": {}}),
        BREAKS,
        HARMLESS,
        "answer 404 can no longer be application/json",
    ),
    "error with another body beside a range": OperationKind(
        put(*CREATE, "responses", "404", value={"description": "Unknown.", "content": {}}),
        BREAKS,
        HARMLESS,
        "answer 404 can no longer be application/json",
    ),
    "media type replaced in an answer": OperationKind(
        move(*PAGE, "content", "application/json", to="text/html"),
        BREAKS,
        BREAKS,
        "answer 200 can no longer be application/json",
    ),
    "media type added to an answer": OperationKind(
        put(*PAGE, "content", "text/html", value={"schema": STRING}),
        BREAKS,
        BREAKS,
        "answer 200 can be text/html now",
        "INFO response-media-type-added: callers that accept any type do not know it",
    ),
    "media type becomes a range in an answer": OperationKind(
        move(*PAGE, "content", "application/json", to="application/*"),
        BREAKS,
        HARMLESS,
        "answer 200 can be application/* now",
    ),
    "empty answer gets contents": OperationKind(
        put(*PUT_ROW, "responses", "204", "content", value={"text/plain": {"schema": STRING}}),
        HARMLESS,
        BREAKS,
        "answer 204 has contents now",
    ),
    "field of all errors removed": OperationKind(
        drop("components", "schemas", "Error", "properties", "message"),
        BREAKS,
        HARMLESS,
        "answer: Error.message is gone",
    ),
    "link added": OperationKind(
        put(*PAGE, "links", value={"next": {"operationId": "get_row"}}),
        HARMLESS,
        BREAKS,
        "next is new",
    ),
}

HEADERS = {
    "required header becomes optional": OperationKind(
        drop(*PAGE, "headers", "Total", "required"),
        BREAKS,
        HARMLESS,
        "answer 200: header Total is no longer required",
    ),
    "header removed": OperationKind(
        drop(*PAGE, "headers", "Next"), BREAKS, HARMLESS, "answer 200: header Next is gone"
    ),
    "header's type changed": OperationKind(
        put(*PAGE, "headers", "Total", "schema", "type", value="string"),
        BREAKS,
        BREAKS,
        "header Total was integer, is string",
    ),
    "header written otherwise": OperationKind(
        put(*PAGE, "headers", "Next", value={"content": {"application/json": {}}}),
        BREAKS,
        BREAKS,
        "header Next is written otherwise",
    ),
    "header in capitals": OperationKind(
        move(*PAGE, "headers", "Total", to="TOTAL"), HARMLESS, HARMLESS, "is described differently"
    ),
    "header's style written out": OperationKind(
        every(
            put(*PAGE, "headers", "Next", "style", value="simple"),
            put(*PAGE, "headers", "Next", "explode", value=False),
            put(*PAGE, "headers", "Next", "required", value=False),
        ),
        HARMLESS,
        HARMLESS,
        "is described differently",
    ),
    "header that OpenAPI ignores, in an answer": OperationKind(
        put(*PAGE, "headers", "Content-Type", value={"required": True, "schema": STRING}),
        HARMLESS,
        HARMLESS,
        "is described differently",
    ),
}

OPERATION_KINDS: dict[str, OperationKind] = {
    **OPERATIONS,
    **SENDING,
    **SERVERS,
    **CREDENTIALS,
    **PARAMETERS,
    **BODIES,
    **ANSWERS,
    **HEADERS,
}
