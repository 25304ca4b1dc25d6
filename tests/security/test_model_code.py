r"""Downloaded code replaces no module, and runs only after its hash matched, exactly as hashed."""

from __future__ import annotations

import builtins
import hashlib
import inspect
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from support.faults.cases import ROWS
from support.fuzzed import OBJECTS, STORAGE, FuzzedServices
from support.fuzzing import Sent

from bitfount_api import BitfountModel, ModelUploadError, ModelValidationError, hash_contents
from bitfount_api.exceptions import InvalidJSONError

HEAD = b"from bitfount_api import BitfountModel\n"
TAIL = b"\nclass Net(BitfountModel):\n    pass\n"

twins = pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
GETTING = ["get_model", "get_model_code", "download_model", "get_model_from_url"]
RUNNING = ["get_model", "get_model_from_url"]


@attrs.define
class Hub:
    """A Hub and a store that serve one model's code, with any content and any hash."""

    folder: Path
    asynchronous: bool
    asked: int = 0

    def __call__(self, method: str, code: bytes, model_hash: Any = None, name: str = "Net") -> Any:
        row = next(row for row in ROWS if row.name == method)
        hashed = hash_contents(code) if model_hash is None else model_hash

        def arguments(environment: Any) -> dict[str, Any]:
            given = dict(row.arguments(environment))
            if "model_hash" in given:
                given["model_hash"] = hashed
            if "model_name" in given:
                given["model_name"] = name
            if "path" in given:
                given["path"] = self.folder / "downloaded.py"
            return given

        services = FuzzedServices(attrs.evolve(row, arguments=arguments), self.folder)
        details = {"modelDownloadUrl": f"{STORAGE}/models/alice/Net/1", "modelHash": hashed}
        if len(row.legs) == 2:
            services.fuzzed[0] = 200, Sent(json.dumps(details).encode(), {})
        services.fuzzed[len(row.legs) - 1] = 200, Sent(code, {})
        return services.run(asynchronous=self.asynchronous)


@pytest.fixture
def get(tmp_path: Path, asynchronous: bool) -> Hub:
    return Hub(tmp_path, asynchronous)


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """Return the path of a file that the code creates if it runs."""
    return tmp_path / "it-ran"


def running(trace: Path) -> bytes:
    return f"open({str(trace)!r}, 'w').close()".encode()


# --- Code does not run before its hash matched ---------------------------------------------------


def wrong_hashes(code: bytes) -> dict[str, Any]:
    right = hashlib.sha256(code).hexdigest()
    return {
        "of other code": hash_contents(OBJECTS["models"]),
        "a beginning": right[:63],
        "more": right + "0",
        "with a blank": f" {right}",
        "with a line end": f"{right}\n",
        "in full-width digits": right.translate({ord("0") + n: 0xFF10 + n for n in range(10)}),
        "of the bytes in another way": hashlib.sha512(code).hexdigest()[:64],
        "with a name": f"sha256:{right}",
        "zeros": "0" * 64,
        "a word": "None",
    }


@twins
@pytest.mark.parametrize("method", GETTING)
@pytest.mark.parametrize("what", list(wrong_hashes(b"")))
def test_code_with_another_hash_does_not_run(get: Hub, method: str, what: str, trace: Path) -> None:
    code = HEAD + running(trace) + TAIL
    with pytest.raises(ModelValidationError, match="differs from the published code"):
        get(method, code, wrong_hashes(code)[what])
    assert not trace.exists()
    assert not (get.folder / "downloaded.py").exists()


@twins
@pytest.mark.parametrize("method", ["get_model", "get_model_code", "download_model"])
@pytest.mark.parametrize("missing", ["", False, 0, [], {}])
def test_code_without_a_hash_does_not_run(get: Hub, method: str, missing: Any, trace: Path) -> None:
    with pytest.raises(InvalidJSONError):
        get(method, HEAD + running(trace) + TAIL, missing)
    assert not trace.exists()


@twins
@pytest.mark.parametrize("method", RUNNING)
def test_code_with_its_hash_runs(get: Hub, method: str, trace: Path) -> None:
    code = HEAD + running(trace) + TAIL
    model = get(method, code, hash_contents(code).upper())
    assert issubclass(model, BitfountModel)
    assert trace.exists()


@twins
@pytest.mark.parametrize("method", ["get_model_code", "download_model"])
def test_get_model_code_runs_nothing(get: Hub, method: str, trace: Path) -> None:
    code = HEAD + running(trace) + TAIL
    result = get(method, code)
    text = result.path.read_bytes() if method == "download_model" else result.encode()
    assert text == code
    assert not trace.exists()


@twins
def test_send_model_runs_nothing(get: Hub, trace: Path, tmp_path: Path) -> None:
    row = next(row for row in ROWS if row.name == "send_model")
    path = tmp_path / "Net.py"
    for code in (HEAD + running(trace) + TAIL, running(trace), b"import Net\n" + running(trace)):
        path.write_bytes(code)
        services = FuzzedServices(
            attrs.evolve(row, arguments=lambda _: {"model_code_path": path}), tmp_path
        )
        try:
            services.run(asynchronous=get.asynchronous)
        except ModelUploadError as error:
            assert isinstance(error, ModelValidationError)
    assert not trace.exists()


# --- The code that runs is the code that was hashed ----------------------------------------------

HIDDEN = [
    b"#\r%s\r\n",  # a line for Python, a comment for the hash
    b"# a comment\r%s\n",
    b"#\r%s\r#\n",
    b"x = 1 #\r\r%s\n",
    b"#\x0c\r%s\n",
]


@twins
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("method", RUNNING)
def test_code_behind_a_carriage_return_does_not_run(
    get: Hub, method: str, hidden: bytes, trace: Path
) -> None:
    code = HEAD + hidden.replace(b"%s", running(trace)) + TAIL
    # If the download were run without change, the line would run.
    exec(compile(code.replace(HEAD, b"BitfountModel = object\n"), "raw", "exec"), {})
    assert trace.exists()
    trace.unlink()
    model = get(method, code)
    assert issubclass(model, BitfountModel)
    assert not trace.exists()


@twins
def test_equal_hashes_mean_equal_text(get: Hub, trace: Path) -> None:
    code = HEAD + b"#\r" + running(trace) + b"\r\n" + TAIL
    text = get("get_model_code", code)
    assert "\r" not in text
    assert hashlib.sha256(text.encode()).hexdigest() == hash_contents(code)
    download = get("download_model", code)
    assert download.path.read_bytes() == text.encode()
    assert download.sha256 == hash_contents(code)
    model = get("get_model", code)
    assert inspect.getsource(sys.modules[model.__module__]) == text
    assert not trace.exists()


@twins
@pytest.mark.parametrize(
    "code",
    [
        b"# coding: utf-7\n" + HEAD + TAIL + b"# +AAo-open('%s', 'w')\n",
        b"# coding: rot13\n" + HEAD + TAIL,
        b"# -*- coding: unicode_escape -*-\n" + HEAD + TAIL + b"#\\x0aopen('x', 'w')\n",
        b"\xff\xfe" + (HEAD + TAIL).decode().encode("utf-16-le"),
        HEAD + b"x = 1\0\n" + TAIL,
    ],
)
def test_code_that_declares_another_encoding_does_not_run(get: Hub, code: bytes) -> None:
    assert get("get_model", code) is None


@twins
def test_code_is_downloaded_once_and_then_runs(get: Hub, tmp_path: Path) -> None:
    """A store that returns other code the second time receives no second request."""
    row = next(row for row in ROWS if row.name == "get_model")
    services = FuzzedServices(row, tmp_path)
    hosts: list[str] = []
    answer: Callable[..., Any] = services.__class__.__call__

    class Counted(FuzzedServices):
        def __call__(self, request: Any) -> Any:
            hosts.append(request.url.host)
            return answer(self, request)

    services.__class__ = Counted
    assert issubclass(services.run(asynchronous=get.asynchronous), BitfountModel)
    assert hosts == ["hub.test", "storage.example.com"]


# --- Downloaded code replaces no module ----------------------------------------------------------

NAMES = ["json", "sys", "os", "builtins", "bitfount_api", "httpx", "__main__", "_bitfount_model_"]


@twins
@pytest.mark.parametrize("name", NAMES)
def test_model_named_like_a_module_does_not_replace_it(get: Hub, name: str) -> None:
    before = dict(sys.modules)
    code = HEAD + f"class {name}(BitfountModel):\n    twin = {get.asynchronous}\n".encode()
    model = get("get_model", code, name=name)
    assert model.__name__ == name
    assert {each: sys.modules[each] for each in before} == before
    (made,) = sys.modules.keys() - before.keys() - {"_bitfount_model_"}
    assert made == model.__module__ == f"_bitfount_model_{hash_contents(code)}"
    module = sys.modules[made]
    assert not hasattr(module, "__path__")
    assert module.__package__ == ""
    assert module.__spec__ is None


@twins
def test_code_cannot_import_files_next_to_it(
    get: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trace: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [each for each in sys.path if each])
    (tmp_path / "beside.py").write_bytes(running(trace))
    for statement in (b"import beside", b"from . import beside", b"from .beside import x"):
        assert get("get_model", HEAD + statement + TAIL) is None
    assert not trace.exists()


@twins
def test_code_that_fails_leaves_nothing(get: Hub) -> None:
    before = dict(sys.modules)
    opened = builtins.open
    for failure in (
        b"raise SystemExit",
        b"1 / 0",
        b"import no_such_module",
        b"raise BaseException",
    ):
        assert get("get_model", HEAD + failure + TAIL) is None
    assert sys.modules == before
    assert builtins.open is opened
