"""Calls that are answered with the examples of the specs: their requests and their results."""

from __future__ import annotations

from types import NoneType
from typing import Any

import attrs
from contract import specs
from support.faults.cases import ROWS
from support.faults.legs import Leg, Row
from support.fuzzed import examples
from support.methods import result_types

from bitfount_api import HTTPError
from bitfount_api._generated import operations

UPLOADS = (operations.REGISTER_POD, operations.SEND_MODEL, operations.SEND_WEIGHTS)

NULL_RESULTS: dict[str, list[Any]] = {
    "do_pod_heartbeat": [
        {"success": True},
        {"computeId": "compute-1", "domain": "compute-1.example.com"},
    ],
    "get_pod_dataset_configuration": [{"configuration": None}],
}
"""By row: the successful answers for which a method that may return None does."""

EXPECTED_REFUSALS: dict[tuple[str, int], object] = {
    ("get_model", 404): None,
    ("get_model_code", 404): None,
    ("get_weights", 404): None,
    ("download_model", 404): None,
    ("download_weights", 404): None,
    ("stream_weights", 404): None,
    ("check_public_key_registered_and_active", 404): None,
    ("request_compute_certificate", 409): None,
    ("compute_cluster_exists", 404): False,
}
"""The results of methods for which a refusal is an answer."""


CASES = [
    (row, index) for row in ROWS for index, leg in enumerate(row.legs) if leg.service != "storage"
]
"""Each request to a service: its row, and its index in the row."""


def uncalled() -> set[str]:
    """Return the operations of the specs to which no case sends a request."""
    described = {
        place.operation["operationId"]
        for name in specs.PACKAGES
        for place in specs.operations(specs.load(name))
    }
    return described - {row.legs[index].operation.name for row, index in CASES}


def upload_legs() -> tuple[Leg, ...]:
    """Return the requests of both kinds of upload, since an example may ask for either."""
    rows = {row.name: row for row in ROWS}
    return (*rows["send_model"].legs[1:], *rows["send_weights (parts)"].legs[1:])


def for_examples(row: Row) -> Row:
    """Return a row with every request that an example can lead to."""
    legs = row.legs
    if any(leg.operation in UPLOADS for leg in legs):
        legs = (legs[0], *upload_legs())
    wider = "/api/pods/*/configuration"  # the example of a list names several datasets
    known = operations.GET_POD_DATASET_CONFIGURATION
    legs = tuple(attrs.evolve(leg, path=wider) if leg.operation is known else leg for leg in legs)
    return attrs.evolve(row, legs=legs)


def shown(row: Row, index: int) -> list[tuple[int, Any]]:
    """Return the examples for a request of a row, for the size of the row's file."""
    return [
        (status, for_file(row, value)) for status, value in examples(row.legs[index].operation.name)
    ]


def for_file(row: Row, example: Any) -> Any:
    """Return an example with as many URLs of parts as the row's file has parts."""
    if not isinstance(example, dict) or "uploadUrls" not in example:
        return example
    count = 3 if "parts" in row.name else 1
    return {**example, "uploadUrls": example["uploadUrls"][:count]}


def is_refusal(status: int, example: Any) -> bool:
    return status >= 300 or (isinstance(example, dict) and example.get("success") is False)


def complaint(row: Row, index: int, status: int, example: Any, result: Any) -> str | None:
    if is_refusal(status, example):
        return _refusal_complaint(row, index, status, example, result)
    allowed = result_types(row.kind, row.method)
    if example not in NULL_RESULTS.get(row.name, []) and allowed != (NoneType,):
        allowed = tuple(kind for kind in allowed if kind is not NoneType)
    right = isinstance(result, allowed) and not isinstance(result, Exception)
    return None if right else f"{status}: {example} gave {result!r}"


def _refusal_complaint(row: Row, index: int, status: int, example: Any, result: Any) -> str | None:
    if (row.method, status) in EXPECTED_REFUSALS:
        right = result is EXPECTED_REFUSALS[row.method, status]
    elif row.legs[index].refused == "none":
        right = result is None
    else:
        wanted = row.legs[index].refused or HTTPError
        assert isinstance(wanted, type)
        right = isinstance(result, wanted) and example["errorMessage"] in str(result)
        right = right and (not isinstance(result, HTTPError) or result.status_code == status)
    return None if right else f"{status}: {example} gave {result!r}"
