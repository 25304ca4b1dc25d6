"""The data models, each loaded when it is first used."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .archive_pod_request import ArchivePodRequest as ArchivePodRequest
    from .certificate_request import CertificateRequest as CertificateRequest
    from .complete_upload_request import CompleteUploadRequest as CompleteUploadRequest
    from .complete_upload_request_object_type import (
        CompleteUploadRequestObjectType as CompleteUploadRequestObjectType,
    )
    from .create_cluster_request import CreateClusterRequest as CreateClusterRequest
    from .create_project_request import CreateProjectRequest as CreateProjectRequest
    from .create_project_request_metadata import (
        CreateProjectRequestMetadata as CreateProjectRequestMetadata,
    )
    from .dataset_reference import DatasetReference as DatasetReference
    from .datasource_health import DatasourceHealth as DatasourceHealth
    from .file_processing_metadata_additional_metrics import (
        FileProcessingMetadataAdditionalMetrics as FileProcessingMetadataAdditionalMetrics,
    )
    from .file_processing_metadata_skip_reasons import (
        FileProcessingMetadataSkipReasons as FileProcessingMetadataSkipReasons,
    )
    from .file_processing_metadata_type_0 import (
        FileProcessingMetadataType0 as FileProcessingMetadataType0,
    )
    from .heartbeat_request import HeartbeatRequest as HeartbeatRequest
    from .instance_heartbeat_request import (
        InstanceHeartbeatRequest as InstanceHeartbeatRequest,
    )
    from .link_datasets_request import LinkDatasetsRequest as LinkDatasetsRequest
    from .model_upload_request import ModelUploadRequest as ModelUploadRequest
    from .monitor_update import MonitorUpdate as MonitorUpdate
    from .monitor_update_metadata_type_0 import (
        MonitorUpdateMetadataType0 as MonitorUpdateMetadataType0,
    )
    from .monitor_update_progress_type_0 import (
        MonitorUpdateProgressType0 as MonitorUpdateProgressType0,
    )
    from .monitor_update_resource_usage_type_0 import (
        MonitorUpdateResourceUsageType0 as MonitorUpdateResourceUsageType0,
    )
    from .progress_update import ProgressUpdate as ProgressUpdate
    from .register_compute_request import (
        RegisterComputeRequest as RegisterComputeRequest,
    )
    from .register_key_request import RegisterKeyRequest as RegisterKeyRequest
    from .register_pod_request import RegisterPodRequest as RegisterPodRequest
    from .upload_jwk_request import UploadJWKRequest as UploadJWKRequest
    from .upload_jwk_request_jwk import UploadJWKRequestJwk as UploadJWKRequestJwk
    from .uploaded_part import UploadedPart as UploadedPart
    from .weights_upload_request import WeightsUploadRequest as WeightsUploadRequest

_MODULES = {
    "ArchivePodRequest": "archive_pod_request",
    "CertificateRequest": "certificate_request",
    "CompleteUploadRequest": "complete_upload_request",
    "CompleteUploadRequestObjectType": "complete_upload_request_object_type",
    "CreateClusterRequest": "create_cluster_request",
    "CreateProjectRequest": "create_project_request",
    "CreateProjectRequestMetadata": "create_project_request_metadata",
    "DatasetReference": "dataset_reference",
    "DatasourceHealth": "datasource_health",
    "FileProcessingMetadataAdditionalMetrics": "file_processing_metadata_additional_metrics",
    "FileProcessingMetadataSkipReasons": "file_processing_metadata_skip_reasons",
    "FileProcessingMetadataType0": "file_processing_metadata_type_0",
    "HeartbeatRequest": "heartbeat_request",
    "InstanceHeartbeatRequest": "instance_heartbeat_request",
    "LinkDatasetsRequest": "link_datasets_request",
    "ModelUploadRequest": "model_upload_request",
    "MonitorUpdate": "monitor_update",
    "MonitorUpdateMetadataType0": "monitor_update_metadata_type_0",
    "MonitorUpdateProgressType0": "monitor_update_progress_type_0",
    "MonitorUpdateResourceUsageType0": "monitor_update_resource_usage_type_0",
    "ProgressUpdate": "progress_update",
    "RegisterComputeRequest": "register_compute_request",
    "RegisterKeyRequest": "register_key_request",
    "RegisterPodRequest": "register_pod_request",
    "UploadJWKRequest": "upload_jwk_request",
    "UploadJWKRequestJwk": "upload_jwk_request_jwk",
    "UploadedPart": "uploaded_part",
    "WeightsUploadRequest": "weights_upload_request",
}

__all__ = [
    "ArchivePodRequest",
    "CertificateRequest",
    "CompleteUploadRequest",
    "CompleteUploadRequestObjectType",
    "CreateClusterRequest",
    "CreateProjectRequest",
    "CreateProjectRequestMetadata",
    "DatasetReference",
    "DatasourceHealth",
    "FileProcessingMetadataAdditionalMetrics",
    "FileProcessingMetadataSkipReasons",
    "FileProcessingMetadataType0",
    "HeartbeatRequest",
    "InstanceHeartbeatRequest",
    "LinkDatasetsRequest",
    "ModelUploadRequest",
    "MonitorUpdate",
    "MonitorUpdateMetadataType0",
    "MonitorUpdateProgressType0",
    "MonitorUpdateResourceUsageType0",
    "ProgressUpdate",
    "RegisterComputeRequest",
    "RegisterKeyRequest",
    "RegisterPodRequest",
    "UploadJWKRequest",
    "UploadJWKRequestJwk",
    "UploadedPart",
    "WeightsUploadRequest",
]

# Type checkers must not see this function: to them, every name would exist.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
