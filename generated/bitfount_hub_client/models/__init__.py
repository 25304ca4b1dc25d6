"""Contains all the data models used in inputs/outputs"""

from .acknowledgement import Acknowledgement
from .complete_upload_request import CompleteUploadRequest
from .complete_upload_request_object_type import CompleteUploadRequestObjectType
from .create_project_request import CreateProjectRequest
from .create_project_request_metadata import CreateProjectRequestMetadata
from .dataset_reference import DatasetReference
from .file_processing_metadata import FileProcessingMetadata
from .file_processing_metadata_additional_metrics import (
    FileProcessingMetadataAdditionalMetrics,
)
from .file_processing_metadata_skip_reasons import FileProcessingMetadataSkipReasons
from .grantee_usage import GranteeUsage
from .heartbeat_request import HeartbeatRequest
from .model_details import ModelDetails
from .model_upload import ModelUpload
from .model_upload_request import ModelUploadRequest
from .model_upload_upload_fields_type_0 import ModelUploadUploadFieldsType0
from .monitor_update import MonitorUpdate
from .monitor_update_metadata import MonitorUpdateMetadata
from .monitor_update_progress import MonitorUpdateProgress
from .monitor_update_resource_usage import MonitorUpdateResourceUsage
from .pod_details import PodDetails
from .pod_registration import PodRegistration
from .pod_registration_upload_fields_type_0 import PodRegistrationUploadFieldsType0
from .progress_update import ProgressUpdate
from .project import Project
from .project_created import ProjectCreated
from .project_model_limits import ProjectModelLimits
from .projects_page import ProjectsPage
from .public_key_details import PublicKeyDetails
from .register_key_request import RegisterKeyRequest
from .register_pod_request import RegisterPodRequest
from .registered_key import RegisteredKey
from .service_error import ServiceError
from .simple_usage import SimpleUsage
from .uploaded_part import UploadedPart
from .weights_upload_request import WeightsUploadRequest

__all__ = (
    "Acknowledgement",
    "CompleteUploadRequest",
    "CompleteUploadRequestObjectType",
    "CreateProjectRequest",
    "CreateProjectRequestMetadata",
    "DatasetReference",
    "FileProcessingMetadata",
    "FileProcessingMetadataAdditionalMetrics",
    "FileProcessingMetadataSkipReasons",
    "GranteeUsage",
    "HeartbeatRequest",
    "ModelDetails",
    "ModelUpload",
    "ModelUploadRequest",
    "ModelUploadUploadFieldsType0",
    "MonitorUpdate",
    "MonitorUpdateMetadata",
    "MonitorUpdateProgress",
    "MonitorUpdateResourceUsage",
    "PodDetails",
    "PodRegistration",
    "PodRegistrationUploadFieldsType0",
    "ProgressUpdate",
    "Project",
    "ProjectCreated",
    "ProjectModelLimits",
    "ProjectsPage",
    "PublicKeyDetails",
    "RegisteredKey",
    "RegisterKeyRequest",
    "RegisterPodRequest",
    "ServiceError",
    "SimpleUsage",
    "UploadedPart",
    "WeightsUploadRequest",
)
