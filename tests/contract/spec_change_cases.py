"""Changes of the Hub's spec, each with a part of the expected report."""

from __future__ import annotations

from contract.editing import Edit, add, drop, move, put, take

SCHEMAS = ("components", "schemas")
POD = (*SCHEMAS, "PodDetails")
POD_FIELDS = (*POD, "properties")
SENT = (*SCHEMAS, "ModelUploadRequest")
SENT_FIELDS = (*SENT, "properties")
PROJECT = (*SCHEMAS, "Project", "properties")
PROJECTS = ("paths", "/api/projects")
LIST = (*PROJECTS, "get")
CREATE = (*PROJECTS, "post")
REQUEST_BODY = (*CREATE, "requestBody")
KEY = "/api/{userName}/keys/{keyId}"
STRING = {"type": "string"}
CHOICE = {"oneOf": [{"type": "string"}, {"type": "integer"}]}
QUERY = {"name": "q", "in": "query", "schema": STRING}
HEADER = {"schema": STRING}

Case = tuple[Edit, str]

BREAKING: dict[str, Case] = {
    "operation removed": (drop(*LIST), "GET /api/projects: is gone"),
    "path changed": (move("paths", "/api/ingest", to="/api/take"), "was POST /api/ingest"),
    "method changed": (move(*CREATE, to="put"), "PUT /api/projects: was POST /api/projects"),
    "server removed": (drop("servers", 0), "server https://hub.bitfount.com is gone"),
    # Credentials
    "bearer removed": (take("security", value={"bearer": []}), "credentials were"),
    "header renamed": (
        put("components", "securitySchemes", "apiKey", "name", value="x-key"),
        "are apiKey header x-api-key-id with apiKey header x-key or http bearer",
    ),
    # Parameters
    "parameter removed": (drop(*LIST, "parameters", 0), "query parameter limit is gone"),
    "parameter added, required": (
        add(*LIST, "parameters", value={**QUERY, "required": True}),
        "query parameter q is new, and required",
    ),
    "parameter becomes required": (
        put(*LIST, "parameters", 0, "required", value=True),
        "query parameter limit is required now",
    ),
    "parameter's type changed": (
        put(*LIST, "parameters", 0, "schema", "type", value="string"),
        "query parameter limit was integer, is string",
    ),
    "parameter encoded otherwise": (
        put(*LIST, "parameters", 0, "style", value="spaceDelimited"),
        "style was None, is spaceDelimited",
    ),
    "path parameter narrowed": (
        put(*SCHEMAS, "UserName", "pattern", value="^[a-z]+$"),
        "request: UserName pattern was",
    ),
    # Requests
    "body removed": (drop(*REQUEST_BODY), "request no longer has a body"),
    "body added": (
        put(*LIST, "requestBody", value={"required": True, "content": {}}),
        "request has a body now",
    ),
    "media type changed": (
        move(*REQUEST_BODY, "content", "application/json", to="application/cbor"),
        "request can no longer be application/json",
    ),
    "request field removed": (
        drop(*SENT_FIELDS, "privateModel"),
        "request: ModelUploadRequest.privateModel is gone",
    ),
    "request field becomes required": (
        add(*SENT, "required", value="modelDescription"),
        "request: ModelUploadRequest.modelDescription is required now",
    ),
    "request field's type narrowed": (
        put(*SCHEMAS, "ProgressUpdate", "properties", "value", "type", value="integer"),
        "request: ProgressUpdate.value was number, is integer",
    ),
    "request field no longer null": (
        drop(*SCHEMAS, "RegisterPodRequest", "properties", "numberOfRecords", "nullable"),
        "numberOfRecords can no longer be null",
    ),
    "maximum lowered": (put(*SENT_FIELDS, "modelSize", "maximum", value=9), "maximum was 3145728"),
    "minimum raised": (put(*SENT_FIELDS, "modelSize", "minimum", value=9), "minimum was 0, is 9"),
    "length limited": (
        put(*SENT_FIELDS, "modelDescription", "maxLength", value=9),
        "maxLength was not set, is 9",
    ),
    "pattern changed": (put(*SENT_FIELDS, "modelHash", "pattern", value="^$"), "pattern was ^[0-9"),
    "enum narrowed": (
        put(*SCHEMAS, "CompleteUploadRequest", "properties", "objectType", "enum", value=["Model"]),
        "objectType can no longer be Schema",
    ),
    "enum introduced": (
        put(*SCHEMAS, "MonitorUpdate", "properties", "privacy", "enum", value=["PRIVATE"]),
        "privacy is limited to PRIVATE",
    ),
    "object closed": (
        put(*SENT, "additionalProperties", value=False),
        "no longer accepts other fields",
    ),
    "values of a map typed": (
        put(
            *SCHEMAS,
            "MonitorUpdate",
            "properties",
            "metadata",
            "additionalProperties",
            value=STRING,
        ),
        "metadata other fields have a type now",
    ),
    "entries of a list narrowed": (
        put(
            *SCHEMAS, "HeartbeatRequest", "properties", "names", "items", value={"type": "integer"}
        ),
        "HeartbeatRequest.names[] was string, is integer",
    ),
    "format changed": (put(*SENT_FIELDS, "modelName", "format", value="uuid"), "format was not"),
    # Answers
    "success removed": (drop(*CREATE, "responses", "201"), "answer 201 is gone"),
    "success added": (put(*LIST, "responses", "202", value={}), "answer 202 is new"),
    "answer's media type changed": (
        put(*LIST, "responses", "200", "content", value={"text/html": {"schema": STRING}}),
        "answer 200 can no longer be application/json",
    ),
    "answer's header removed": (
        drop("components", "responses", "TooManyRequests", "headers", "Retry-After"),
        "answer 429: header Retry-After is gone",
    ),
    "field removed": (drop(*POD_FIELDS, "visibility"), "answer: PodDetails.visibility is gone"),
    "field of an entry removed": (drop(*PROJECT, "name"), "answer: Project.name is gone"),
    "field renamed": (move(*PROJECT, "isDemo", to="demo"), "answer: Project.isDemo is gone"),
    "field becomes optional": (
        take(*POD, "required", value="podName"),
        "answer: PodDetails.podName is no longer required",
    ),
    "field becomes nullable": (
        put(*POD_FIELDS, "podName", "nullable", value=True),
        "answer: PodDetails.podName can be null now",
    ),
    "field's type changed": (
        put(*POD_FIELDS, "isOnline", "type", value="string"),
        "answer: PodDetails.isOnline was boolean, is string",
    ),
    "field's type widened": (
        put(*SCHEMAS, "SimpleUsage", "properties", "totalUsage", "type", value="number"),
        "answer: SimpleUsage.totalUsage was integer, is number",
    ),
    "field may be of another type": (
        put(*PROJECT, "id", value=CHOICE),
        "answer: Project.id integer is a new form",
    ),
    "field becomes anything": (put(*PROJECT, "id", value={}), "Project.id was string, is anything"),
    "entries of a list changed": (
        put(*SCHEMAS, "ProjectsPage", "properties", "projects", "items", value=STRING),
        "answer: ProjectsPage.projects[] was object, is string",
    ),
    "values of a map changed": (
        put(
            *SCHEMAS,
            "ModelUpload",
            "properties",
            "uploadFields",
            "additionalProperties",
            value=True,
        ),
        "uploadFields other fields can be anything now",
    ),
    "errors lose their message": (
        drop(*SCHEMAS, "ServiceError", "properties", "errorMessage"),
        "answer: ServiceError.errorMessage is gone",
    ),
    "something that is not understood": (
        put(*POD_FIELDS, "podName", "contentEncoding", value="base64"),
        "contentEncoding was not set, is base64",
    ),
}

HARMLESS: dict[str, Case] = {
    "operation added": (
        put(*PROJECTS, "delete", value={"responses": {}}),
        "DELETE /api/projects: is new",
    ),
    "operation renamed": (put(*LIST, "operationId", value="list"), "operationId was get_projects"),
    "operation moved": (put(*LIST, "tags", value=["pods"]), "tags was ['projects']"),
    "operation deprecated": (put(*LIST, "deprecated", value=True), "is deprecated"),
    "server added": (add("servers", value={"url": "https://x"}), "server https://x is new"),
    "no credentials": (put("security", value=[]), "are not required"),
    "more credentials": (
        add("security", value={"apiKey": []}),
        "are apiKey header x-api-key or apiKey",
    ),
    "parameter added": (add(*LIST, "parameters", value=QUERY), "query parameter q is new"),
    "path parameter renamed": (
        lambda spec: (
            put("paths", KEY, "get", "parameters", 1, "name", value="id")(spec),
            move("paths", KEY, to="/api/{userName}/keys/{id}")(spec),
        ),
        "path parameter id was renamed from keyId; requests are unchanged",
    ),
    "parameter becomes optional": (
        put("paths", "/api/models", "get", "parameters", 0, "required", value=False),
        "query parameter modellerName is no longer required",
    ),
    "request field added": (
        put(*SENT_FIELDS, "licence", value=STRING),
        "request: ModelUploadRequest.licence is new",
    ),
    "request field becomes optional": (
        take(*SENT, "required", value="modelHash"),
        "request: ModelUploadRequest.modelHash is no longer required",
    ),
    "request field may be null": (
        put(*SENT_FIELDS, "modelName", "nullable", value=True),
        "request: ModelUploadRequest.modelName can be null now",
    ),
    "request field's type widened": (
        put(*SENT_FIELDS, "modelSize", "type", value="number"),
        "modelSize was integer, is number",
    ),
    "request field of more types": (put(*SENT_FIELDS, "modelName", value=CHOICE), "has 2 forms"),
    "maximum raised": (put(*SENT_FIELDS, "modelSize", "maximum", value=1 << 30), "is 1073741824"),
    "minimum dropped": (drop(*SENT_FIELDS, "modelSize", "minimum"), "minimum was 0"),
    "pattern dropped": (drop(*SENT_FIELDS, "modelHash", "pattern"), "is not set"),
    "enum widened": (
        add(*SCHEMAS, "CompleteUploadRequest", "properties", "objectType", "enum", value="Weights"),
        "objectType can be Weights now",
    ),
    "media type added": (
        put(*REQUEST_BODY, "content", "application/cbor", value={"schema": STRING}),
        "request can be application/cbor now",
    ),
    "error status added": (put(*LIST, "responses", "418", value={}), "answer 418 is new"),
    "error status removed": (drop(*LIST, "responses", "503"), "answer 503 is gone"),
    "header added": (
        put("components", "responses", "Failed", "headers", value={"X-Request-Id": HEADER}),
        "answer 500: header X-Request-Id is new",
    ),
    "field added": (put(*POD_FIELDS, "icon", value=STRING), "answer: PodDetails.icon is new"),
    "required field added": (
        lambda spec: (
            put(*POD_FIELDS, "icon", value=STRING)(spec),
            add(*POD, "required", value="icon")(spec),
        ),
        "answer: PodDetails.icon is new, and required",
    ),
    "field becomes required": (
        add(*POD, "required", value="isOnline"),
        "answer: PodDetails.isOnline is required now",
    ),
    "field no longer null": (
        drop(*POD_FIELDS, "description", "nullable"),
        "answer: PodDetails.description can no longer be null",
    ),
    "field's type narrowed": (
        put(*SCHEMAS, "RegisteredKey", "properties", "id", value=STRING),
        "has 1 forms instead of 2",
    ),
    "bounds of an answer": (put(*PROJECT, "name", "maxLength", value=9), "maxLength was not"),
    "schema renamed": (
        lambda spec: (
            move(*POD, to="Pod")(spec),
            put("components", "responses", "PodDetails", "content", "application/json", "schema",
                value={"$ref": "#/components/schemas/Pod"})(spec),
        ),
        "answer: Pod was renamed from PodDetails",
    ),
    "operation described otherwise": (
        put(*LIST, "summary", value="All"),
        "GET /api/projects: is described differently",
    ),
    "example changed": (put(*LIST, "x-source", value="Hub"), "is described differently"),
    "field described otherwise": (
        put(*POD_FIELDS, "isOnline", "description", value="Online?"),
        "is described differently",
    ),
    "version of the spec": (put("info", "version", value="14.0"), "is described differently"),
}  # fmt: skip
