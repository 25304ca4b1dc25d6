"""Test that the tests named in SECURITY.md, and for each promise of the project, exist."""

from __future__ import annotations

import ast
import asyncio
import re
import sys
import types
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.faults.kinds import KINDS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")

MATRIX = "tests/faults/test_matrix.py::test_every_fault_has_the_documented_outcome"
FUZZ = "tests/property/test_fuzz_answers.py::test_any_answer_has_a_documented_outcome"

FAULTS: dict[str, tuple[str, ...]] = {
    "refused connection": (MATRIX,),
    "reset before headers": (MATRIX,),
    "reset mid-body": (MATRIX,),
    "body shorter than its length": (MATRIX,),
    "silence past the timeout": (
        MATRIX,
        "tests/security/test_drips.py::test_deadline_ends_a_dripping_response",
    ),
    "429 with Retry-After (seconds and date)": (
        MATRIX,
        "tests/unit/_core/test_retrying.py::test_retry_after_is_honoured_up_to_max_backoff",
        "tests/unit/_core/test_retrying.py::test_retry_after_accepts_a_date",
    ),
    "500/502/503/504 once and for ever": (MATRIX,),
    "401 once (expired token: one refresh, one replay)": (
        MATRIX,
        "tests/unit/_core/test_retrying.py::test_refused_credentials_are_renewed_once",
    ),
    "HTML error page": (MATRIX,),
    "empty body": (MATRIX,),
    "JSON of the wrong shape": (MATRIX, FUZZ),
    "redirect to another host": (
        MATRIX,
        "tests/integration/test_origins.py::test_redirects_are_not_followed",
    ),
    "expired presigned URL (a fresh one is asked for)": (
        MATRIX,
        "tests/integration/test_downloads.py::test_expired_url_is_renewed",
        "tests/integration/test_uploads.py::test_expired_urls_are_renewed_once",
    ),
    "part upload failing twice": (
        MATRIX,
        "tests/integration/test_uploads.py::test_failed_part_is_retried_alone",
    ),
    "truncated download (resumed with Range and If-Range)": (
        MATRIX,
        "tests/integration/test_downloads.py::test_interrupted_download_resumes_at_its_position",
    ),
    "process killed mid-download (no half file under the final name)": (
        "tests/unit/_transfer/test_part_file.py::test_later_process_resumes_after_a_kill",
        "tests/integration/test_transfers.py::test_target_appears_only_after_hashing",
    ),
    "the documented value or a documented error, within a bounded time": (
        MATRIX,
        FUZZ,
        "tests/faults/test_load.py::test_threads_and_tasks_share_a_session",
    ),
    "what creates is never sent twice once it may have been seen": (
        MATRIX,
        "tests/contract/test_wire_rows.py::test_operation_is_sent_as_the_row_says",
        "tests/unit/_core/test_retrying.py::test_creating_request_is_never_sent_twice",
    ),
    "nothing a user had is lost": (
        "tests/unit/auth/test_token_store.py::test_readers_never_see_a_partial_token",
        "tests/integration/test_transfers.py::test_download_model_with_another_hash_writes_nothing",
        "tests/unit/test_keys.py::TestSaving::test_failed_write_keeps_the_existing_key",
    ),
}

HOSTILE: dict[str, tuple[str, ...]] = {
    "credentials only to the exact origin: never by prefix": (
        "tests/integration/test_origins.py::test_similar_url_gets_no_credentials",
        "tests/integration/test_origins.py::test_case_list_is_large_enough",
    ),
    "never through a redirect": (
        MATRIX,
        "tests/integration/test_origins.py::test_redirects_are_not_followed",
    ),
    "never to object storage": (
        "tests/integration/test_downloads.py::test_storage_requests_have_no_credentials",
        "tests/unit/_io/test_drivers.py::test_service_without_audience_gets_no_credentials",
    ),
    "never to the EHR's own server": (
        "tests/integration/test_recorded_requests.py::test_get_access_token",
    ),
    "logs, reprs, errors, tracebacks, pickles hold no secret": (
        "tests/security/test_secrets.py::test_no_output_contains_a_canary",
        "tests/security/test_secrets.py::test_canary_search_finds_canaries",
        "tests/unit/_core/test_responses.py::test_http_error_hides_secrets_quoted_by_the_service",
        "tests/integration/test_processes.py::test_logs_have_no_secrets",
    ),
    "cassettes hold none": ("tests/cassettes/test_replay.py::test_cassettes_hold_no_credentials",),
    "path parts are validated before anything is sent": (
        "tests/property/test_identifiers.py::test_a_path_part_never_changes_the_path",
        "tests/unit/_io/test_drivers.py::test_a_path_cannot_name_another_host",
    ),
    "model code runs only after its hash matched": (
        "tests/security/test_model_code.py::test_code_with_another_hash_does_not_run",
        "tests/security/test_model_code.py::test_code_without_a_hash_does_not_run",
    ),
    "in a module of its own that can replace no other": (
        "tests/security/test_model_code.py::test_model_named_like_a_module_does_not_replace_it",
    ),
    "get_model_code() and send_model() run nothing": (
        "tests/security/test_model_code.py::test_get_model_code_runs_nothing",
        "tests/security/test_model_code.py::test_send_model_runs_nothing",
    ),
    "what runs, and is shown, is the text that was hashed": (
        "tests/security/test_model_code.py::test_code_behind_a_carriage_return_does_not_run",
        "tests/security/test_model_code.py::test_equal_hashes_mean_equal_text",
    ),
    "decompression has limits": (
        "tests/unit/_io/test_decoders.py::test_bomb_is_stopped_at_the_limit",
        "tests/unit/_transfer/test_zstd.py::test_bomb_is_stopped_at_the_limit",
        "tests/property/test_fuzz_files.py::test_any_zstd_object_decompresses_or_raises",
    ),
    "msgpack has limits": (
        "tests/property/test_fuzz_files.py::test_any_msgpack_is_a_schema_or_a_value_error",
        "tests/property/test_fuzz_files.py::test_false_msgpack_lengths_use_little_memory",
    ),
    "YAML has limits": (
        "tests/property/test_fuzz_files.py::test_any_yaml_is_a_schema_or_a_value_error",
        "tests/property/test_fuzz_files.py::test_yaml_bomb_uses_little_memory",
    ),
    "JSON has limits": (
        FUZZ,
        "tests/unit/_io/test_drivers.py::test_answers_over_the_maximum_size_raise",
    ),
    "token and key files are 0600 in 0700 folders": (
        "tests/unit/auth/test_token_store.py::test_file_and_folders_are_private_whatever_the_umask",
        "tests/unit/test_keys.py::TestSaving::test_saved_key_is_private_whatever_the_umask",
    ),
    "written atomically, locked across processes": (
        "tests/unit/auth/test_token_store.py::test_readers_never_see_a_partial_token",
        "tests/unit/auth/test_token_store.py::test_lock_excludes_processes_threads_and_sessions",
        "tests/integration/test_processes.py::test_eight_processes_share_one_file_without_token_reuse",
    ),
}

IN_THE_MATRIX = {
    "refused connection": "refused connection",
    "reset before headers": "reset before headers",
    "reset mid-body": "reset mid-body",
    "body shorter than its length": "body shorter",
    "silence past the timeout": "silence",
    "429 with Retry-After (seconds and date)": "429 with Retry-After",
    "500/502/503/504 once and for ever": "504",
    "401 once (expired token: one refresh, one replay)": "401, once",
    "HTML error page": "HTML page",
    "empty body": "empty body",
    "JSON of the wrong shape": "JSON of the wrong shape",
    "redirect to another host": "redirect to another host",
    "expired presigned URL (a fresh one is asked for)": "expired presigned URL",
    "part upload failing twice": "503, twice",
}
"""The prefix of the names of the matrix's faults that each line refers to."""


@cache
def _tests_in(path: str) -> frozenset[str]:
    """Return the names of a file's tests, as pytest names them."""
    body = ast.parse((ROOT / path).read_text(encoding="utf-8")).body
    of_classes = (
        f"{node.name}::{name}"
        for node in body
        if isinstance(node, ast.ClassDef)
        for name in _functions(node.body)
    )
    return frozenset([*_functions(body), *of_classes])


def _functions(body: list[ast.stmt]) -> list[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node.name for node in body if isinstance(node, kinds) and node.name.startswith("test")]


def missing(names: tuple[str, ...]) -> list[str]:
    return [
        name
        for name in names
        if not (ROOT / name.partition("::")[0]).is_file()
        or name.partition("::")[2] not in _tests_in(name.partition("::")[0])
    ]


@pytest.mark.parametrize("line", [*FAULTS, *HOSTILE])
def test_every_promise_of_the_page_has_tests(line: str) -> None:
    names = FAULTS.get(line) or HOSTILE[line]
    assert names
    assert missing(names) == []


def test_every_test_named_by_the_page_exists() -> None:
    names = re.findall(r"`(tests/[^`]+)`", PAGE)
    assert len(names) > 15
    assert missing(tuple(names)) == []


def test_missing_test_is_detected() -> None:
    assert missing(("tests/none.py::test_x",))
    assert missing((f"{Path(__file__).relative_to(ROOT)}::test_none",))


def test_faults_of_the_matrix_match_the_page() -> None:
    names = [kind.name for kind in KINDS]
    for line, start in IN_THE_MATRIX.items():
        assert line in FAULTS
        assert any(name.startswith(start) for name in names), line
    for status in ("500", "502", "503", "504"):
        for how in ("once", "for ever"):
            assert any(name.startswith(status) and name.endswith(how) for name in names)


def test_page_covers_reporting_and_running_code() -> None:
    for heading in ("## Reporting a vulnerability", "## Running a model's code is a decision"):
        assert heading in PAGE
    assert "`get_model_code()`" in PAGE


class _Span:
    """A span of OpenTelemetry: as far as the hook uses it."""

    def __init__(self, **attributes: str) -> None:
        self.attributes = attributes

    def set_attribute(self, name: str, value: str) -> None:
        self.attributes[name] = value


def test_hook_for_traces_removes_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    hooks: dict[str, Any] = {}

    class Instrumentor:
        def instrument(self, **given: Any) -> None:
            hooks.update(given)

    module = types.ModuleType("opentelemetry.instrumentation.httpx")
    vars(module)["HTTPXClientInstrumentor"] = Instrumentor
    for name in ("opentelemetry", "opentelemetry.instrumentation"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(code, {})

    url = httpx.URL("https://s3.test/k?X-Amz-Signature=SECRET")
    for hook in (hooks["request_hook"], hooks["async_request_hook"]):
        span = _Span(**{"url.full": str(url), "http.url": str(url), "other": "x"})
        result = hook(span, types.SimpleNamespace(url=url))
        if result is not None:
            asyncio.run(result)
        kept = "https://s3.test/k"
        assert span.attributes == {"url.full": kept, "http.url": kept, "other": "x"}
        empty = _Span()
        result = hook(empty, types.SimpleNamespace(url=url))
        if result is not None:
            asyncio.run(result)
        assert empty.attributes == {}
