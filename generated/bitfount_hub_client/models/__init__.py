"""The data models, each loaded when it is first used."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .acknowledgement import Acknowledgement as Acknowledgement
    from .archive_pod_request import ArchivePodRequest as ArchivePodRequest
    from .certificate_request import CertificateRequest as CertificateRequest
    from .cluster_created import ClusterCreated as ClusterCreated
    from .complete_upload_request import CompleteUploadRequest as CompleteUploadRequest
    from .complete_upload_request_object_type import (
        CompleteUploadRequestObjectType as CompleteUploadRequestObjectType,
    )
    from .compute_certificate import ComputeCertificate as ComputeCertificate
    from .compute_registration import ComputeRegistration as ComputeRegistration
    from .create_cluster_request import CreateClusterRequest as CreateClusterRequest
    from .create_project_request import CreateProjectRequest as CreateProjectRequest
    from .create_project_request_metadata import (
        CreateProjectRequestMetadata as CreateProjectRequestMetadata,
    )
    from .dataset_reference import DatasetReference as DatasetReference
    from .datasource_health import DatasourceHealth as DatasourceHealth
    from .file_processing_metadata import (
        FileProcessingMetadata as FileProcessingMetadata,
    )
    from .file_processing_metadata_additional_metrics import (
        FileProcessingMetadataAdditionalMetrics as FileProcessingMetadataAdditionalMetrics,
    )
    from .file_processing_metadata_skip_reasons import (
        FileProcessingMetadataSkipReasons as FileProcessingMetadataSkipReasons,
    )
    from .grantee_usage import GranteeUsage as GranteeUsage
    from .heartbeat import Heartbeat as Heartbeat
    from .heartbeat_request import HeartbeatRequest as HeartbeatRequest
    from .instance_heartbeat_request import (
        InstanceHeartbeatRequest as InstanceHeartbeatRequest,
    )
    from .jwk_upload import JWKUpload as JWKUpload
    from .link_datasets_request import LinkDatasetsRequest as LinkDatasetsRequest
    from .model_details import ModelDetails as ModelDetails
    from .model_upload import ModelUpload as ModelUpload
    from .model_upload_request import ModelUploadRequest as ModelUploadRequest
    from .model_upload_upload_fields_type_0 import (
        ModelUploadUploadFieldsType0 as ModelUploadUploadFieldsType0,
    )
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
    from .pod_dataset import PodDataset as PodDataset
    from .pod_dataset_configuration import (
        PodDatasetConfiguration as PodDatasetConfiguration,
    )
    from .pod_dataset_configuration_configuration_type_0 import (
        PodDatasetConfigurationConfigurationType0 as PodDatasetConfigurationConfigurationType0,
    )
    from .pod_dataset_list import PodDatasetList as PodDatasetList
    from .pod_details import PodDetails as PodDetails
    from .pod_registration import PodRegistration as PodRegistration
    from .pod_registration_upload_fields_type_0 import (
        PodRegistrationUploadFieldsType0 as PodRegistrationUploadFieldsType0,
    )
    from .progress_update import ProgressUpdate as ProgressUpdate
    from .project import Project as Project
    from .project_created import ProjectCreated as ProjectCreated
    from .project_dataset import ProjectDataset as ProjectDataset
    from .project_model_limits import ProjectModelLimits as ProjectModelLimits
    from .projects_page import ProjectsPage as ProjectsPage
    from .public_key_details import PublicKeyDetails as PublicKeyDetails
    from .register_compute_request import (
        RegisterComputeRequest as RegisterComputeRequest,
    )
    from .register_key_request import RegisterKeyRequest as RegisterKeyRequest
    from .register_pod_request import RegisterPodRequest as RegisterPodRequest
    from .registered_key import RegisteredKey as RegisteredKey
    from .requested_certificate import RequestedCertificate as RequestedCertificate
    from .service_error import ServiceError as ServiceError
    from .simple_usage import SimpleUsage as SimpleUsage
    from .upload_jwk_request import UploadJWKRequest as UploadJWKRequest
    from .upload_jwk_request_jwk import UploadJWKRequestJwk as UploadJWKRequestJwk
    from .uploaded_part import UploadedPart as UploadedPart
    from .weights_upload_request import WeightsUploadRequest as WeightsUploadRequest

_MODULES = {
    "Acknowledgement": "acknowledgement",
    "ArchivePodRequest": "archive_pod_request",
    "CertificateRequest": "certificate_request",
    "ClusterCreated": "cluster_created",
    "CompleteUploadRequest": "complete_upload_request",
    "CompleteUploadRequestObjectType": "complete_upload_request_object_type",
    "ComputeCertificate": "compute_certificate",
    "ComputeRegistration": "compute_registration",
    "CreateClusterRequest": "create_cluster_request",
    "CreateProjectRequest": "create_project_request",
    "CreateProjectRequestMetadata": "create_project_request_metadata",
    "DatasetReference": "dataset_reference",
    "DatasourceHealth": "datasource_health",
    "FileProcessingMetadata": "file_processing_metadata",
    "FileProcessingMetadataAdditionalMetrics": "file_processing_metadata_additional_metrics",
    "FileProcessingMetadataSkipReasons": "file_processing_metadata_skip_reasons",
    "GranteeUsage": "grantee_usage",
    "Heartbeat": "heartbeat",
    "HeartbeatRequest": "heartbeat_request",
    "InstanceHeartbeatRequest": "instance_heartbeat_request",
    "JWKUpload": "jwk_upload",
    "LinkDatasetsRequest": "link_datasets_request",
    "ModelDetails": "model_details",
    "ModelUpload": "model_upload",
    "ModelUploadRequest": "model_upload_request",
    "ModelUploadUploadFieldsType0": "model_upload_upload_fields_type_0",
    "MonitorUpdate": "monitor_update",
    "MonitorUpdateMetadataType0": "monitor_update_metadata_type_0",
    "MonitorUpdateProgressType0": "monitor_update_progress_type_0",
    "MonitorUpdateResourceUsageType0": "monitor_update_resource_usage_type_0",
    "PodDataset": "pod_dataset",
    "PodDatasetConfiguration": "pod_dataset_configuration",
    "PodDatasetConfigurationConfigurationType0": "pod_dataset_configuration_configuration_type_0",
    "PodDatasetList": "pod_dataset_list",
    "PodDetails": "pod_details",
    "PodRegistration": "pod_registration",
    "PodRegistrationUploadFieldsType0": "pod_registration_upload_fields_type_0",
    "ProgressUpdate": "progress_update",
    "Project": "project",
    "ProjectCreated": "project_created",
    "ProjectDataset": "project_dataset",
    "ProjectModelLimits": "project_model_limits",
    "ProjectsPage": "projects_page",
    "PublicKeyDetails": "public_key_details",
    "RegisterComputeRequest": "register_compute_request",
    "RegisterKeyRequest": "register_key_request",
    "RegisterPodRequest": "register_pod_request",
    "RegisteredKey": "registered_key",
    "RequestedCertificate": "requested_certificate",
    "ServiceError": "service_error",
    "SimpleUsage": "simple_usage",
    "UploadJWKRequest": "upload_jwk_request",
    "UploadJWKRequestJwk": "upload_jwk_request_jwk",
    "UploadedPart": "uploaded_part",
    "WeightsUploadRequest": "weights_upload_request",
}

__all__ = [
    "Acknowledgement",
    "ArchivePodRequest",
    "CertificateRequest",
    "ClusterCreated",
    "CompleteUploadRequest",
    "CompleteUploadRequestObjectType",
    "ComputeCertificate",
    "ComputeRegistration",
    "CreateClusterRequest",
    "CreateProjectRequest",
    "CreateProjectRequestMetadata",
    "DatasetReference",
    "DatasourceHealth",
    "FileProcessingMetadata",
    "FileProcessingMetadataAdditionalMetrics",
    "FileProcessingMetadataSkipReasons",
    "GranteeUsage",
    "Heartbeat",
    "HeartbeatRequest",
    "InstanceHeartbeatRequest",
    "JWKUpload",
    "LinkDatasetsRequest",
    "ModelDetails",
    "ModelUpload",
    "ModelUploadRequest",
    "ModelUploadUploadFieldsType0",
    "MonitorUpdate",
    "MonitorUpdateMetadataType0",
    "MonitorUpdateProgressType0",
    "MonitorUpdateResourceUsageType0",
    "PodDataset",
    "PodDatasetConfiguration",
    "PodDatasetConfigurationConfigurationType0",
    "PodDatasetList",
    "PodDetails",
    "PodRegistration",
    "PodRegistrationUploadFieldsType0",
    "ProgressUpdate",
    "Project",
    "ProjectCreated",
    "ProjectDataset",
    "ProjectModelLimits",
    "ProjectsPage",
    "PublicKeyDetails",
    "RegisterComputeRequest",
    "RegisterKeyRequest",
    "RegisterPodRequest",
    "RegisteredKey",
    "RequestedCertificate",
    "ServiceError",
    "SimpleUsage",
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
