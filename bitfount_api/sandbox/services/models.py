"""Models: find them, and publish them with their weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from starlette.routing import Route

from bitfount_api.sandbox.services.http import (
    Digits,
    NotEmpty,
    Refusal,
    UserName,
    answer,
    body,
    caller,
    query,
    state_of,
)
from bitfount_api.sandbox.services.uploads import Multipart, destination

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from bitfount_api.sandbox.state.models import Model
    from bitfount_api.sandbox.state.state import State

MAX_MODEL_BYTES = 3 * 1024 * 1024
MAX_WEIGHTS_BYTES = 500 * 1024 * 1024

Size = Annotated[int, msgspec.Meta(ge=0)]
AnyName = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
# Any valid file stem without a colon, which separates the version in "owner/Name:version".
ModelName = Annotated[AnyName, msgspec.Meta(pattern=r"^(?!\.{1,2}\Z)[^/\\:\x00-\x1f\x7f]*\Z")]
MAX_NAME_BYTES = 255
# SQLite's integers have 64 bits.
Version = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class FindModel(msgspec.Struct, rename="camel"):
    """``GET /api/models``."""

    modeller_name: UserName
    model_name: AnyName
    model_version: Digits | None = None
    project_id: NotEmpty | None = None


class PublishModel(msgspec.Struct, rename="camel"):
    """``POST /api/models``."""

    model_name: ModelName
    model_size: Size
    model_hash: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
    private_model: bool
    model_description: str | None = None


class PublishWeights(msgspec.Struct, rename="camel"):
    """``PUT /api/models``."""

    model_name: ModelName
    model_version: Version
    weight_size: Size


async def find(request: Request) -> Response:
    """Return download URLs of a model's code and weights."""
    state, user = state_of(request), caller(request)
    params = query(request, FindModel)
    version = None if params.model_version is None else int(params.model_version)
    model = state.models.find(params.modeller_name, params.model_name, version)
    if model is None or not _visible(state, model, user, params.project_id):
        raise Refusal(404, "There is no such model")
    details = {"modelHash": model.hash, "modelVersion": model.version}
    if params.project_id is not None and model.owner != user:
        usage = state.projects.usage(params.project_id, model, user)
        if usage is not None and usage.exhausted:
            return answer(details)
    details["modelDownloadUrl"] = state.presigner.get(model.code_key)
    weights_url = state.link(model.weights_key)
    return answer(
        details if weights_url is None else {**details, "weightsDownloadUrl": weights_url}
    )


def _visible(state: State, model: Model, user: str, project: str | None) -> bool:
    if model.owner == user:
        return True
    if project is not None:
        if state.projects.role(project, user) is None:
            return False
        if state.projects.usage(project, model, user) is not None:
            return True
    return not model.private


async def publish(request: Request) -> Response:
    """Create a version of one of the caller's models."""
    state, user = state_of(request), caller(request)
    multipart = query(request, Multipart)
    data: PublishModel = await body(request, PublishModel)
    if data.model_size > MAX_MODEL_BYTES:
        raise Refusal(413, f"The code has more than {MAX_MODEL_BYTES} bytes")
    if len(data.model_name.encode()) > MAX_NAME_BYTES:
        raise Refusal(422, f"The name has more than {MAX_NAME_BYTES} bytes")
    model, existed = state.models.publish(
        user,
        data.model_name,
        hash_=data.model_hash,
        size=data.model_size,
        private=data.private_model,
        description=data.model_description,
    )
    # With the destination also if the code is stored: clients upload it again.
    return answer(
        {
            "success": True,
            "alreadyExisted": existed,
            "version": model.version,
            **destination(
                state,
                user,
                "Model",
                model.code_key,
                model.size,
                multipart=multipart.supported,
            ),
        }
    )


async def publish_weights(request: Request) -> Response:
    """Add weights to a version of one of the caller's models."""
    state, user = state_of(request), caller(request)
    multipart = query(request, Multipart)
    data: PublishWeights = await body(request, PublishWeights)
    if data.weight_size > MAX_WEIGHTS_BYTES:
        raise Refusal(413, f"The weights have more than {MAX_WEIGHTS_BYTES} bytes")
    model = state.models.find(user, data.model_name, data.model_version)
    if model is None:
        raise Refusal(404, f"{user} has no model {data.model_name}:{data.model_version}")
    existed = state.store.head(model.weights_key) is not None
    state.models.set_weights_size(model, data.weight_size)
    return answer(
        {
            "success": True,
            "alreadyExisted": existed,
            "version": model.version,
            **destination(
                state,
                user,
                "Model",
                model.weights_key,
                data.weight_size,
                multipart=multipart.supported,
            ),
        }
    )


ROUTES = [
    Route("/api/models", find, methods=["GET"]),
    Route("/api/models", publish, methods=["POST"]),
    Route("/api/models", publish_weights, methods=["PUT"]),
]
