"""The operations: retries, timeouts, success statuses, credentials, and file transfers.

Defined once, here, and used by the flows and by the fault tests. Names are the operationIds of the
specs; timeouts are in seconds and come from the wire contract. Operations that create or count
something, and those for which the contract does not say what a repetition does (archiving a pod,
linking datasets), are ``IF_UNSENT``: once the service may have seen them, they are not sent again,
except once after a 401, with refreshed credentials.
"""

from __future__ import annotations

from bitfount_api._core.effects import Operation, Retry

_OK_OR_CREATED = frozenset({200, 201})

# --- The Hub -------------------------------------------------------------------------------------
GET_POD = Operation("get_pod")
GET_PROJECT_POD = Operation("get_project_pod")
REGISTER_POD = Operation("register_pod", Retry.IF_UNSENT, timeout=10, success=_OK_OR_CREATED)
DO_POD_HEARTBEAT = Operation("do_pod_heartbeat", timeout=10)
ARCHIVE_POD = Operation("archive_pod", Retry.IF_UNSENT, timeout=10)
GET_POD_DATASET_CONFIGURATION = Operation("get_pod_dataset_configuration", timeout=10)
GET_MODEL = Operation("get_model")
SEND_MODEL = Operation("send_model", Retry.IF_UNSENT, transfers_file=True)
SEND_WEIGHTS = Operation("send_weights", transfers_file=True)
COMPLETE_UPLOAD = Operation("complete_upload", Retry.IF_UNSENT, transfers_file=True)
REGISTER_USER_PUBLIC_KEY = Operation("register_user_public_key", Retry.IF_UNSENT, timeout=10)
GET_USER_PUBLIC_KEY = Operation("get_user_public_key")
CREATE_PROJECT = Operation("create_project", Retry.IF_UNSENT, success=_OK_OR_CREATED)
GET_PROJECTS = Operation("get_projects")
GET_PROJECT = Operation("get_project", timeout=10)
ADD_DATASET_TO_PROJECT = Operation("add_dataset_to_project", success=_OK_OR_CREATED)
GET_USAGE_LIMITS = Operation("get_usage_limits")
GET_MODEL_USAGE_LIMITS = Operation("get_model_usage_limits")
REGISTER_COMPUTE = Operation("register_compute", timeout=10)
REQUEST_COMPUTE_CERTIFICATE = Operation("request_compute_certificate", Retry.IF_UNSENT, timeout=10)
GET_COMPUTE_CERTIFICATE = Operation("get_compute_certificate", timeout=10)
CREATE_COMPUTE_CLUSTER = Operation(
    "create_compute_cluster", Retry.IF_UNSENT, timeout=10, success=_OK_OR_CREATED
)
LINK_DATASETS_TO_COMPUTE_CLUSTER = Operation(
    "link_datasets_to_compute_cluster", Retry.IF_UNSENT, timeout=10, success=_OK_OR_CREATED
)
GET_POD_DATASET_LIST = Operation("get_pod_dataset_list", timeout=10)
GET_COMPUTE_CLUSTER_DATASETS = Operation("get_compute_cluster_datasets", timeout=10)
UPLOAD_PUBLIC_JWK = Operation("upload_public_jwk", timeout=60)
SEND_MONITOR_UPDATE = Operation("send_monitor_update", Retry.IF_UNSENT, timeout=5)

# --- The access manager --------------------------------------------------------------------------
GET_ACCESS_MANAGER_KEY = Operation("get_access_manager_key", timeout=5, public=True)
CHECK_ACCESS = Operation("check_access", Retry.IF_UNSENT, timeout=10)

# --- SMART on FHIR -------------------------------------------------------------------------------
GET_PAIRINGS = Operation("get_pairings")
GET_PAIRING_SESSION = Operation("get_pairing_session")

# --- Object storage ------------------------------------------------------------------------------
# A presigned form or URL is for one object: sending a request again stores the same bytes again.
UPLOAD_OBJECT = Operation(
    "upload_object", success=frozenset({200, 201, 203, 204}), transfers_file=True
)
UPLOAD_PART = Operation("upload_part", success=frozenset({200}), transfers_file=True)
DOWNLOAD_OBJECT = Operation("download_object", success=frozenset({200, 206}), transfers_file=True)
