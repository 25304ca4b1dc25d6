"""Every result is written by ``json.dumps``, or as the guide says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.faults.calling import SERVICE_OF, Services
from support.faults.cases import ROWS
from support.faults.environment import FaultEnvironment, fault_environment
from support.faults.legs import Row

import bitfount_api
from bitfount_api import PodResponseType, load_public_key, public_keys_equal, serialize_public_key
from bitfount_api.auth.anonymous import AnonymousHandler

GUIDE = Path(__file__).parents[2] / "docs" / "pages" / "guides" / "json.md"


def of_file(file: bitfount_api.Download) -> dict[str, Any]:
    return {"path": str(file.path), "size": file.size, "sha256": file.sha256}


CONVERSIONS: dict[str, Callable[[Any], Any] | None] = {
    "get_access_manager_key": serialize_public_key,
    "check_public_key_registered_and_active": lambda found: {
        **found,
        "public_key": serialize_public_key(found["public_key"]),
    },
    "get_pod_schema": lambda schema: schema.to_json(),
    "download_model": of_file,
    "download_weights": of_file,
    **dict.fromkeys(("get_weights", "get_weights_from_url", "stream_weights")),
    **dict.fromkeys(("get_model", "get_model_from_url")),
    "get_access_token": None,
}
"""What the guide says to do with a result; None if it has no form in JSON."""


@pytest.fixture(scope="module")
def environment() -> Iterator[FaultEnvironment]:
    with fault_environment() as running:
        yield running


def result_of(environment: FaultEnvironment, row: Row) -> Any:
    services = Services(
        {name: environment.url(name) for name in SERVICE_OF.values()},
        session=environment.session,
        anonymous=lambda: bitfount_api.BitfountSession(AnonymousHandler()),
    )
    arguments, client = row.arguments(environment), row.client(environment)
    return services.call(row, arguments, client, asynchronous=False)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_results_are_json_or_become_it(environment: FaultEnvironment, row: Row) -> None:
    result = result_of(environment, row)
    assert row.check(result)
    if row.method in CONVERSIONS:
        with pytest.raises(TypeError, match="not JSON serializable"):
            json.dumps(result)
        convert = CONVERSIONS[row.method]
        if convert is None:
            return
        result = convert(result)
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_guide_lists_the_results_that_are_no_json() -> None:
    section = GUIDE.read_text(encoding="utf-8").partition("## Fields of pydantic")[0]
    methods = re.findall(r"^\| (`[\w`, ]+`) \|", section, re.MULTILINE)
    assert sorted(re.findall(r"\w+", " ".join(methods))) == sorted(CONVERSIONS)


def test_public_keys_are_read_back_from_json(environment: FaultEnvironment) -> None:
    (row,) = (each for each in ROWS if each.name == "get_access_manager_key")
    key = result_of(environment, row)
    assert public_keys_equal(
        load_public_key(json.loads(json.dumps(serialize_public_key(key)))), key
    )


def test_response_types_are_text_and_keep_their_names() -> None:
    accept = PodResponseType.ACCEPT
    assert (str(accept), f"{accept}") == ("PodResponseType.ACCEPT",) * 2
    assert PodResponseType("ACCEPT") is accept
    assert json.dumps([accept]) == '["ACCEPT"]'
