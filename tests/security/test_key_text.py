"""The text of a key in place of a path or of another value is neither quoted nor used as a name."""

from __future__ import annotations

import asyncio
import os
import re
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.rsa_keys import private_key

from bitfount_api import (
    APIKeysHandler,
    AsyncBitfountHub,
    BitfountHub,
    BitfountSchema,
    BitfountSession,
    DeviceCodeFlowHandler,
    RetryPolicy,
    config,
    files,
    hashes,
    identifiers,
    keys,
    redaction,
)

PEM = keys.serialize_private_key(private_key())
BODY = "".join(PEM.splitlines()[1:-1])
TEXTS = {
    "PEM": PEM,
    "one line": PEM.replace("\n", "\\n"),
    "base64": BODY[:200],
    "a part": BODY[300:380],
    "SSH": keys.serialize_public_key(private_key().public_key(), "SSH"),
}

texts = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Change to an empty folder, in which a key must not become a name."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shown(error: BaseException | None) -> str:
    """Return what a log shows of an error and of those that it is chained to."""
    found = ""
    while error is not None:
        found += "".join(traceback.format_exception_only(error)) + repr(error)
        error = error.__cause__ or error.__context__
    return found


def check_hidden(text: str, output: str) -> None:
    for at in range(0, len(text) - 30, 10):
        piece = text[at : at + 30]
        assert piece not in output, output[:300]
        assert repr(piece)[1:-1] not in output, output[:300]


SCHEMA = BitfountSchema("scans")
LOCAL: dict[str, Callable[[str], object]] = {
    "load_from_file": BitfountSchema.load_from_file,
    "dump": SCHEMA.dump,
    "hash_file_contents": hashes.hash_file_contents,
    "read_file": lambda text: files.read_file(text, 100),
    "atomic_write": lambda text: files.atomic_write(text, b""),
    "final_target": lambda text: files.final_target(Path(text)),
    "save_private_key": lambda text: keys.save_private_key(private_key(), text),
    "load_public_key": lambda text: keys.load_public_key(Path(text)),
    "backoff": lambda text: RetryPolicy(backoff=text),  # type: ignore[arg-type]
    "retries": lambda text: RetryPolicy(retries=text),  # type: ignore[arg-type]
    "timeout": lambda text: BitfountSession(timeout=text),  # type: ignore[arg-type]
    "verify": lambda text: BitfountSession(verify=text),
    "form": lambda text: keys.serialize_private_key(private_key(), text),  # type: ignore[arg-type]
    "storage_path": lambda text: DeviceCodeFlowHandler(storage_path=text),
    "auth_domain": lambda text: DeviceCodeFlowHandler(text),
    "pod": identifiers.PodIdentifier.parse,
    "contradiction": lambda text: identifiers.PodIdentifier.resolve("a/b", text, "b"),
    "model": identifiers.ModelIdentifier.parse,
    "get_feature_names": SCHEMA.get_feature_names,
    "loads": BitfountSchema.loads,
    "raw argument": lambda text: BitfountSession().get("https://a.test", **{text: 1}),
}


@texts
@pytest.mark.parametrize("name", LOCAL)
def test_key_in_place_of_a_value_is_not_quoted(name: str, text: str, folder: Path) -> None:
    with pytest.raises((ValueError, TypeError), match=r"\w") as caught:
        LOCAL[name](text)
    check_hidden(text, shown(caught.value))
    assert os.listdir(folder) == []


VARIABLES: dict[str, Callable[[], object]] = {
    "BITFOUNT_HUB_URL": config.hub_url,
    "BITFOUNT_ACCESS_MANAGER_URL": config.access_manager_url,
    "BITFOUNT_AUTH_DOMAIN": DeviceCodeFlowHandler,
    "BITFOUNT_PROFILE": config.profile,
    "BITFOUNT_TOKEN_STORE": config.token_store,
    "BITFOUNT_ENVIRONMENT": config.environment,
    "BITFOUNT_STORAGE_PATH": DeviceCodeFlowHandler,
    "BITFOUNT_WEB_MAX_RETRIES": config.max_retries,
    "SMART_ON_FHIR_API_TIMEOUT": config.smart_on_fhir_timeout,
    "BITFOUNT_ALLOW_INSECURE": config.allow_insecure,
}


@texts
@pytest.mark.parametrize("name", VARIABLES)
def test_key_in_a_variable_is_not_quoted(
    name: str, text: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(ValueError, match=name) as caught:
        VARIABLES[name]()
    check_hidden(text, shown(caught.value))
    assert os.listdir(folder) == []


CALLS: dict[str, tuple[Any, ...]] = {
    "send_weights": ("Net", 1),
    "send_model": (),
    "download_weights": ("bob", "Net", 1),
    "download_model": ("bob", "Net", 1),
}


@texts
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("name", CALLS)
def test_key_in_place_of_a_file_is_refused_unsent(
    name: str, text: str, asynchronous: bool, folder: Path
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(400)

    session = BitfountSession(
        APIKeysHandler("id", "key", "alice"), transport=httpx.MockTransport(answer)
    )

    def call() -> object:
        if asynchronous:
            return asyncio.run(getattr(AsyncBitfountHub(session), name)(*CALLS[name], Path(text)))
        return getattr(BitfountHub(session), name)(*CALLS[name], text)

    with pytest.raises(ValueError, match="is the text of a key") as caught:
        call()
    check_hidden(text, shown(caught.value))
    assert os.listdir(folder) == []


RANDOM = "i0VpEBOWfbZAVaBSo63bbH6xnAbnBEoonCrbZINl91huSS6A"
NAMES = {
    "random": f"{RANDOM}.pt",
    "two extensions": f"{RANDOM}.tar.gz",
    "long extension": f"{RANDOM}.safetensors",
    "hash": f"sha256-{'2d711642b726b044' * 4}.pt",
    "upper-case hash": f"Sha256/{'2D711642B726B044' * 4}",
    "camel case": "ResNet50V2ImageNet1KPretrainedOnBigDataset2024",
    "folders": "MachineLearningExperiments2024/TheWeightsOfTheFinalModel",
    "Windows": r"C:\Users\AliceSmith\MachineLearningExperiments2024FinalVersion",
    "first letters": "MIImagingModels2024/AAAAtestModelOfMine",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_file_name_that_is_no_key_is_used_and_shown(name: str, folder: Path) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    assert redaction.hide_keys(f"saved {name}: done") == f"saved {name}: done"
    files.atomic_write(name, b"x")
    (folder / name).unlink()
    keys.save_private_key(private_key(), name)
    assert (folder / name).read_text(encoding="ascii") == PEM
    with pytest.raises(FileNotFoundError, match=re.escape(repr(f"{name}.missing"))):
        BitfountSchema.load_from_file(f"{name}.missing")


@pytest.mark.parametrize("name", [RANDOM, f"{RANDOM}/weights", "AAAA" + RANDOM])
def test_new_name_in_a_named_folder_is_a_path(name: str, folder: Path) -> None:
    keys.save_private_key(private_key(), folder / name)
    assert (folder / name).exists()
    handler = DeviceCodeFlowHandler(storage_path=folder / "new" / name)
    assert handler.token_file.is_relative_to(folder / "new" / name)


@pytest.mark.parametrize("text", [PEM, PEM.replace("\n", ""), BODY])
def test_key_after_the_name_of_a_folder_is_not_quoted(text: str, folder: Path) -> None:
    with pytest.raises(ValueError, match="is the text of a key"):
        files.atomic_write(folder / text, b"")
    check_hidden(text, redaction.hide_keys(f"{folder}/{text}"))
