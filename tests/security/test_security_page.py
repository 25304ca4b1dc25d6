"""Test that the tests named in SECURITY.md, and for each promise of the project, exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from support.faults.kinds import KINDS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")

MATRIX = "tests/faults/test_matrix.py::test_every_fault_comes_to_what_is_documented"
FUZZ = "tests/property/test_fuzz_answers.py::test_any_answer_comes_to_what_is_documented"

FAULTS: dict[str, tuple[str, ...]] = {
    "refused connection": (MATRIX,),
    "reset before headers": (MATRIX,),
    "reset mid-body": (MATRIX,),
    "body shorter than its length": (MATRIX,),
    "silence past the timeout": (MATRIX, "tests/security/test_drips.py::test_the_deadline_ends_it"),
    "429 with Retry-After (seconds and date)": (
        MATRIX,
        "tests/unit/_core/test_retrying.py::test_retry_after_is_kept_up_to_the_longest_pause",
        "tests/unit/_core/test_retrying.py::test_retry_after_may_be_a_date",
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
        "tests/integration/test_downloads.py::test_an_expired_url_is_asked_for_anew",
        "tests/integration/test_uploads.py::test_expired_urls_are_asked_for_anew_once",
    ),
    "part upload failing twice": (
        MATRIX,
        "tests/integration/test_uploads.py::test_each_part_is_repeated_by_itself",
    ),
    "truncated download (resumed with Range and If-Range)": (
        MATRIX,
        "tests/integration/test_downloads.py::test_what_breaks_off_is_taken_up_where_it_was",
    ),
    "process killed mid-download (no half file under the final name)": (
        "tests/unit/_transfer/test_part_file.py::test_a_later_process_goes_on_after_a_kill",
        "tests/integration/test_transfers.py::test_a_file_is_not_named_before_it_has_been_hashed",
    ),
    "the documented value or a documented error, within a bounded time": (
        MATRIX,
        FUZZ,
        "tests/faults/test_load.py::test_many_threads_and_tasks_share_a_session",
    ),
    "what creates is never sent twice once it may have been seen": (
        MATRIX,
        "tests/faults/test_matrix.py::test_what_creates_or_counts_is_said_to",
        "tests/unit/_core/test_retrying.py::test_what_creates_is_never_sent_twice",
    ),
    "nothing a user had is lost": (
        "tests/unit/auth/test_token_store.py::test_readers_see_one_token_or_the_other_and_never_half_of_one",
        "tests/integration/test_transfers.py::test_a_model_that_is_not_what_was_published_is_not_written",
        "tests/unit/test_keys.py::TestSaving::test_a_write_that_fails_leaves_what_was_there",
    ),
}

HOSTILE: dict[str, tuple[str, ...]] = {
    "credentials only to the exact origin: never by prefix": (
        "tests/integration/test_origins.py::test_a_url_that_only_looks_known_gets_no_credentials",
        "tests/integration/test_origins.py::test_there_are_enough_of_them",
    ),
    "never through a redirect": (
        MATRIX,
        "tests/integration/test_origins.py::test_redirects_are_not_followed",
    ),
    "never to object storage": (
        "tests/integration/test_downloads.py::test_storage_is_sent_no_credentials",
        "tests/unit/_io/test_drivers.py::test_a_service_without_audience_is_given_no_credentials",
    ),
    "never to the EHR's own server": (
        "tests/integration/test_recorded_requests.py::test_get_access_token",
    ),
    "logs, reprs, errors, tracebacks, pickles hold no secret": (
        "tests/security/test_secrets.py::test_nothing_tells_a_secret",
        "tests/security/test_secrets.py::test_what_is_told_is_seen",
        "tests/unit/_core/test_responses.py::test_a_refusal_holds_no_secret_even_if_the_service_quotes_it",
        "tests/integration/test_processes.py::test_no_log_tells_a_secret",
    ),
    "cassettes hold none": (
        "tests/cassettes/test_replay.py::test_nothing_that_opens_anything_is_in_a_cassette",
    ),
    "path parts are validated before anything is sent": (
        "tests/property/test_identifiers.py::test_a_path_part_never_changes_the_path",
        "tests/unit/_io/test_drivers.py::test_a_path_cannot_name_another_host",
    ),
    "model code runs only after its hash matched": (
        "tests/security/test_model_code.py::test_code_with_another_hash_does_not_run",
        "tests/security/test_model_code.py::test_code_without_a_hash_does_not_run",
    ),
    "in a module of its own that can replace no other": (
        "tests/security/test_model_code.py::test_a_model_called_like_a_module_leaves_that_alone",
    ),
    "get_model_code() and send_model() run nothing": (
        "tests/security/test_model_code.py::test_looking_at_code_runs_nothing",
        "tests/security/test_model_code.py::test_sending_a_model_runs_nothing",
    ),
    "what runs, and is shown, is the text that was hashed": (
        "tests/security/test_model_code.py::test_code_behind_a_carriage_return_does_not_run",
        "tests/security/test_model_code.py::test_the_same_hash_is_the_same_text_everywhere",
    ),
    "decompression has limits": (
        "tests/unit/_io/test_decoders.py::test_a_bomb_is_stopped_at_the_limit",
        "tests/unit/_transfer/test_zstd.py::test_a_bomb_is_stopped_at_the_limit",
        "tests/property/test_fuzz_files.py::test_any_packed_object_is_unpacked_or_a_transfer_error",
    ),
    "msgpack has limits": (
        "tests/property/test_fuzz_files.py::test_any_msgpack_is_a_schema_or_a_value_error",
        "tests/property/test_fuzz_files.py::test_lengths_of_what_is_not_there_take_little_memory",
    ),
    "YAML has limits": (
        "tests/property/test_fuzz_files.py::test_any_yaml_is_a_schema_or_a_value_error",
        "tests/property/test_fuzz_files.py::test_a_bomb_of_yaml_takes_little_memory",
    ),
    "JSON has limits": (FUZZ, "tests/unit/_io/test_drivers.py::test_answers_have_a_largest_size"),
    "token and key files are 0600 in 0700 folders": (
        "tests/unit/auth/test_token_store.py::test_file_and_folders_are_private_whatever_the_umask",
        "tests/unit/test_keys.py::TestSaving::test_is_for_the_owner_alone_whatever_the_umask",
    ),
    "written atomically, locked across processes": (
        "tests/unit/auth/test_token_store.py::test_readers_see_one_token_or_the_other_and_never_half_of_one",
        "tests/unit/auth/test_token_store.py::test_the_lock_keeps_out_other_processes_threads_and_sessions",
        "tests/integration/test_processes.py::test_eight_processes_end_with_one_valid_file_and_no_reuse",
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
def test_every_promise_has_its_tests(line: str) -> None:
    names = FAULTS.get(line) or HOSTILE[line]
    assert names
    assert missing(names) == []


def test_every_test_that_the_page_names_is_there() -> None:
    names = re.findall(r"`(tests/[^`]+)`", PAGE)
    assert len(names) > 15
    assert missing(tuple(names)) == []


def test_a_test_that_is_not_there_is_noticed() -> None:
    assert missing(("tests/none.py::test_x",))
    assert missing((f"{Path(__file__).relative_to(ROOT)}::test_none",))


def test_faults_of_the_matrix_are_the_promised_ones() -> None:
    names = [kind.name for kind in KINDS]
    for line, start in IN_THE_MATRIX.items():
        assert line in FAULTS
        assert any(name.startswith(start) for name in names), line
    for status in ("500", "502", "503", "504"):
        for how in ("once", "for ever"):
            assert any(name.startswith(status) and name.endswith(how) for name in names)


def test_the_page_says_how_to_report_and_that_running_code_is_a_decision() -> None:
    for heading in ("## Reporting a vulnerability", "## Running a model's code is a decision"):
        assert heading in PAGE
    assert "`get_model_code()`" in PAGE
