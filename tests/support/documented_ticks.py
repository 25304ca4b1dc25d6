"""Traceability: each statement of the documented API, with the tests that verify it.

For each method: its arguments, its result and its documented errors; for each constructor: its
arguments. A test is named ``file::function``, relative to the folder of the tests.
"""

from __future__ import annotations

SURFACE = "unit/test_public_surface.py"
RECORDED = "integration/test_recorded_requests.py"
PODS = "integration/test_pod_outcomes.py"
MODELS = "integration/test_model_outcomes.py"
PROJECTS = "integration/test_project_outcomes.py"
ACCESS = "integration/test_access_outcomes.py"
SESSION = "integration/test_session.py"

_CONSTRUCTOR = f"{SURFACE}::test_constructors_take_the_documented_arguments"
_HTTP_ERROR = f"{PROJECTS}::test_a_refusal_is_an_http_error_that_says_all"
_PROJECT_RESULT = f"{PROJECTS}::test_a_success_gives_what_is_documented"
_BY_PROJECT = f"{PODS}::test_others_pods_are_asked_for_through_the_project"
_DEPRECATED = f"{PODS}::test_namespace_and_name_are_deprecated"
_DECISION = f"{ACCESS}::test_the_decision_is_the_code_with_the_limits"
_CHECK_REFUSED = f"{ACCESS}::test_a_check_that_is_refused_is_an_http_error"
_CHECK_ODD = f"{ACCESS}::test_an_answer_that_is_no_object_is_an_error"
_NOT_TAKEN = f"{MODELS}::test_what_the_hub_does_not_take_is_an_upload_error"

TICKS: dict[tuple[str, str], dict[str, str]] = {
    ("BitfountAM", "__init__"): {
        "session": f"{RECORDED}::test_check_oidc_access_request",
        "access_manager_url": f"{RECORDED}::test_check_oidc_access_request",
        "defaults": _CONSTRUCTOR,
    },
    ("BitfountAM", "check_oidc_access_request"): {
        "pod_identifier": f"{ACCESS}::test_a_token_is_sent_with_what_is_asked",
        "serialized_protocol": f"{ACCESS}::test_a_token_is_sent_with_what_is_asked",
        "modeller_name": f"{ACCESS}::test_a_token_is_sent_with_what_is_asked",
        "modeller_access_token": f"{ACCESS}::test_a_token_is_sent_with_what_is_asked",
        "project_id": f"{ACCESS}::test_a_token_is_sent_with_what_is_asked",
        "returns": _DECISION,
        "RequestException": _CHECK_REFUSED,
        "HTTPError": _CHECK_REFUSED,
        "InvalidJSONError": _CHECK_ODD,
    },
    ("BitfountAM", "check_signature_based_access_request"): {
        "unsigned_task": f"{ACCESS}::test_a_signature_is_sent_in_standard_base64",
        "task_signature": f"{ACCESS}::test_a_signature_is_sent_in_standard_base64",
        "pod_identifier": f"{RECORDED}::test_check_signature_based_access_request",
        "serialized_protocol": f"{RECORDED}::test_check_signature_based_access_request",
        "modeller_name": f"{RECORDED}::test_check_signature_based_access_request",
        "project_id": f"{ACCESS}::test_a_signature_is_sent_in_standard_base64",
        "public_key_id": f"{ACCESS}::test_a_signature_is_sent_in_standard_base64",
        "returns": _DECISION,
        "RequestException": _CHECK_REFUSED,
        "HTTPError": _CHECK_REFUSED,
        "InvalidJSONError": _CHECK_ODD,
    },
    ("BitfountAM", "get_access_manager_key"): {
        "returns": f"{ACCESS}::test_the_key_comes_loaded_and_is_asked_for_without_credentials",
        "RequestException": f"{ACCESS}::test_a_key_that_is_refused_is_an_http_error",
    },
    ("BitfountHub", "__init__"): {
        "session": f"{RECORDED}::test_get_pod",
        "url": f"{RECORDED}::test_get_pod",
        "defaults": _CONSTRUCTOR,
    },
    ("BitfountHub", "get_model_from_url"): {
        "model_url": f"{MODELS}::test_a_model_from_a_url_is_the_class",
        "model_hash": f"{MODELS}::test_a_model_from_a_url_of_another_hash_is_refused",
        "returns": f"{MODELS}::test_a_model_from_a_url_is_the_class",
        "None": f"{MODELS}::test_a_model_from_a_url_that_cannot_be_loaded_is_none",
        "ModelValidationError": f"{MODELS}::test_a_model_from_a_url_of_another_hash_is_refused",
    },
    ("BitfountHub", "get_weights_from_url"): {
        "weights_url": f"{MODELS}::test_weights_from_a_url_are_bytes",
        "returns": f"{MODELS}::test_weights_from_a_url_are_bytes",
    },
    ("BitfountHub", "add_dataset_to_project_for_user"): {
        "project_id": f"{PROJECTS}::test_only_the_documented_statuses_are_successes",
        "dataset_name": f"{PROJECTS}::test_only_the_documented_statuses_are_successes",
        "returns": _PROJECT_RESULT,
        "HTTPError": _HTTP_ERROR,
    },
    ("BitfountHub", "check_public_key_registered_and_active"): {
        "key_id": f"{PROJECTS}::test_an_active_key_is_given_loaded",
        "username": f"{PROJECTS}::test_a_key_is_looked_for_among_ones_own_by_default",
        "returns": f"{PROJECTS}::test_an_active_key_is_given_loaded",
        "None": f"{PROJECTS}::test_a_key_that_is_not_active_is_none",
        "HTTPError": _HTTP_ERROR,
    },
    ("BitfountHub", "create_project"): {
        "name": f"{RECORDED}::test_create_project",
        "returns": f"{RECORDED}::test_create_project",
        "HTTPError": _HTTP_ERROR,
    },
    ("BitfountHub", "do_pod_heartbeat"): {
        "pod_names": f"{PODS}::test_a_heartbeat_is_taken",
        "pod_public_key": f"{RECORDED}::test_heartbeat",
        "returns": f"{PODS}::test_a_heartbeat_is_taken",
        "HTTPError": f"{PODS}::test_a_heartbeat_that_is_refused_is_an_http_error",
    },
    ("BitfountHub", "get_model"): {
        "username": f"{MODELS}::test_a_model_is_the_class_that_its_code_defines",
        "model_name": f"{MODELS}::test_a_model_is_the_class_that_its_code_defines",
        "model_version": f"{MODELS}::test_a_model_is_the_class_that_its_code_defines",
        "project_id": f"{MODELS}::test_a_model_is_the_class_that_its_code_defines",
        "returns": f"{MODELS}::test_a_model_is_the_class_that_its_code_defines",
        "None": f"{MODELS}::test_an_unknown_model_is_none_after_one_request",
        "None, not loaded": (
            f"{MODELS}::test_code_that_cannot_be_loaded_is_none_with_a_line_in_the_log"
        ),
        "ModelValidationError": f"{MODELS}::test_code_of_another_hash_is_refused_and_not_run",
        "NoModelCodeError": f"{MODELS}::test_a_project_whose_limit_is_spent_gets_no_code",
        "InvalidJSONError": f"{MODELS}::test_an_answer_without_what_is_needed_is_an_error",
        "HTTPError": f"{MODELS}::test_a_hub_that_refuses_is_an_http_error",
    },
    ("BitfountHub", "get_pod"): {
        "pod_identifier": f"{PODS}::test_a_pod_is_what_the_hub_says_unknown_fields_included",
        "pod_namespace": _DEPRECATED,
        "pod_name": _DEPRECATED,
        "project_id": _BY_PROJECT,
        "returns": f"{PODS}::test_a_pod_is_what_the_hub_says_unknown_fields_included",
        "None": f"{PODS}::test_a_pod_that_cannot_be_retrieved_is_none_with_one_warning",
        "ValueError": (
            f"{PODS}::test_arguments_that_name_no_pod_are_refused_before_anything_is_sent"
        ),
        "InvalidJSONError": f"{PODS}::test_details_that_are_none_are_an_error_that_says_why",
    },
    ("BitfountHub", "get_pod_key"): {
        "pod_identifier": f"{PODS}::test_a_pods_key_is_the_text_as_given",
        "pod_namespace": _DEPRECATED,
        "pod_name": _DEPRECATED,
        "project_id": f"{PODS}::test_keys_and_schemas_come_through_the_project",
        "returns": f"{PODS}::test_a_pods_key_is_the_text_as_given",
        "None": f"{PODS}::test_a_pod_without_a_key_has_none",
        "ValueError": (
            f"{PODS}::test_arguments_that_name_no_pod_are_refused_before_anything_is_sent"
        ),
    },
    ("BitfountHub", "get_pod_schema"): {
        "pod_identifier": (
            f"{PODS}::test_a_pods_schema_comes_from_object_storage_without_credentials"
        ),
        "project_id": f"{PODS}::test_keys_and_schemas_come_through_the_project",
        "returns": f"{PODS}::test_a_pods_schema_comes_from_object_storage_without_credentials",
        "HTTPError": f"{PODS}::test_a_schema_that_object_storage_refuses_is_an_http_error",
        "InvalidJSONError": f"{PODS}::test_no_url_for_the_schema_is_an_error",
    },
    ("BitfountHub", "get_projects"): {
        "offset": f"{PROJECTS}::test_a_page_is_asked_for_by_offset_and_limit",
        "limit": f"{PROJECTS}::test_a_page_is_asked_for_by_offset_and_limit",
        "returns": f"{PROJECTS}::test_a_page_is_asked_for_by_offset_and_limit",
        "defaults": f"{RECORDED}::test_get_projects",
        "HTTPError": _HTTP_ERROR,
    },
    ("BitfountHub", "get_usage_limits"): {
        "project_id": _PROJECT_RESULT,
        "model_id": f"{PROJECTS}::test_one_models_limits_are_asked_for_by_owner_and_name",
        "returns": _PROJECT_RESULT,
        "returns, with model_id": (
            f"{PROJECTS}::test_one_models_limits_are_asked_for_by_owner_and_name"
        ),
        "HTTPError": _HTTP_ERROR,
    },
    ("BitfountHub", "get_weights"): {
        "username": f"{MODELS}::test_weights_are_bytes",
        "model_name": f"{MODELS}::test_weights_are_bytes",
        "model_version": f"{MODELS}::test_weights_are_bytes",
        "project_id": f"{MODELS}::test_weights_come_through_the_project",
        "returns": f"{MODELS}::test_weights_are_bytes",
        "None": f"{MODELS}::test_weights_that_were_not_uploaded_are_none",
        "HTTPError": f"{MODELS}::test_a_hub_that_refuses_is_an_http_error",
    },
    ("BitfountHub", "register_pod"): {
        "public_metadata": f"{RECORDED}::test_register_pod",
        "pod_public_key": f"{PODS}::test_a_registered_pod_has_its_schema_uploaded",
        "access_manager_key": f"{RECORDED}::test_register_pod",
        "returns": f"{PODS}::test_a_registered_pod_has_its_schema_uploaded",
        "RequestException": f"{PODS}::test_a_pod_that_is_not_registered_is_an_http_error",
        "HTTPError": f"{PODS}::test_a_pod_that_is_not_registered_is_an_http_error",
        "SchemaUploadError": (
            f"{PODS}::test_a_schema_over_10_mib_is_refused_before_anything_is_sent"
        ),
    },
    ("BitfountHub", "register_user_public_key"): {
        "key": f"{PROJECTS}::test_a_registered_keys_id_is_what_the_hub_sent",
        "returns": f"{PROJECTS}::test_a_registered_keys_id_is_what_the_hub_sent",
        "HTTPError": _HTTP_ERROR,
    },
    ("BitfountHub", "send_model"): {
        "model_code_path": f"{MODELS}::test_a_sent_model_gives_the_hubs_json",
        "private_model": f"{MODELS}::test_a_sent_model_gives_the_hubs_json",
        "returns": f"{MODELS}::test_a_sent_model_gives_the_hubs_json",
        "ModelUploadError": _NOT_TAKEN,
        "ModelValidationError": (
            f"{MODELS}::test_a_file_that_is_no_model_is_refused_before_anything_is_sent"
        ),
        "ModelTooLargeError": (
            f"{MODELS}::test_a_model_over_3_mib_is_refused_before_anything_is_sent"
        ),
    },
    ("BitfountHub", "send_monitor_update"): {
        "update": f"{PROJECTS}::test_a_monitor_update_is_sent_as_it_is",
        "returns": _PROJECT_RESULT,
        "RequestException": _HTTP_ERROR,
        "HTTPError": _HTTP_ERROR,
    },
    ("BitfountHub", "send_weights"): {
        "model_name": f"{MODELS}::test_sent_weights_give_nothing",
        "model_version": f"{MODELS}::test_sent_weights_give_nothing",
        "pretrained_file_path": f"{MODELS}::test_sent_weights_give_nothing",
        "returns": f"{MODELS}::test_sent_weights_give_nothing",
        "ModelUploadError": _NOT_TAKEN,
        "ModelTooLargeError": (
            f"{MODELS}::test_weights_over_500_mib_are_refused_before_anything_is_read_or_sent"
        ),
    },
    ("PodPublicMetadata", "__init__"): {
        "name": f"{RECORDED}::test_register_pod",
        "display_name": f"{RECORDED}::test_register_pod",
        "description": f"{RECORDED}::test_register_pod",
        "schema": f"{RECORDED}::test_register_pod",
        "number_of_records": f"{RECORDED}::test_register_pod",
        "defaults": _CONSTRUCTOR,
    },
    ("SMARTOnFHIR", "__init__"): {
        "session": f"{RECORDED}::test_get_access_token",
        "smart_on_fhir_url": f"{RECORDED}::test_get_access_token",
        "resource_server_url": f"{ACCESS}::test_the_token_is_that_of_the_first_pairing_that_fits",
        "defaults": _CONSTRUCTOR,
    },
    ("SMARTOnFHIR", "get_access_token"): {
        "returns": f"{ACCESS}::test_the_token_is_that_of_the_first_pairing_that_fits",
        "SMARTOnFHIRError": (
            f"{ACCESS}::test_no_pairing_that_fits_is_an_error_that_says_what_was_looked_at"
        ),
        "HTTPError": f"{ACCESS}::test_a_refusal_of_pairings_is_an_http_error",
    },
}
