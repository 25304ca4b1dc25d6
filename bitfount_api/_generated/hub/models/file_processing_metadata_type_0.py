from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.file_processing_metadata_additional_metrics import (
        FileProcessingMetadataAdditionalMetrics,
    )
    from ..models.file_processing_metadata_skip_reasons import (
        FileProcessingMetadataSkipReasons,
    )


T = TypeVar("T", bound="FileProcessingMetadataType0")


@_attrs_define
class FileProcessingMetadataType0:
    """Results of processing the files of the pod's dataset.

    Attributes:
        total_files_found (int | Unset):
        total_files_successfully_processed (int | Unset):
        total_files_skipped (int | Unset):
        files_with_errors (int | Unset):
        skip_reasons (FileProcessingMetadataSkipReasons | Unset): Number of skipped files by reason.
        additional_metrics (FileProcessingMetadataAdditionalMetrics | Unset): Other results by name.
    """

    total_files_found: int | Unset = UNSET
    total_files_successfully_processed: int | Unset = UNSET
    total_files_skipped: int | Unset = UNSET
    files_with_errors: int | Unset = UNSET
    skip_reasons: FileProcessingMetadataSkipReasons | Unset = UNSET
    additional_metrics: FileProcessingMetadataAdditionalMetrics | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        total_files_found = self.total_files_found

        total_files_successfully_processed = self.total_files_successfully_processed

        total_files_skipped = self.total_files_skipped

        files_with_errors = self.files_with_errors

        skip_reasons: dict[str, Any] | Unset = UNSET
        if not isinstance(self.skip_reasons, Unset):
            skip_reasons = self.skip_reasons.to_dict()

        additional_metrics: dict[str, Any] | Unset = UNSET
        if not isinstance(self.additional_metrics, Unset):
            additional_metrics = self.additional_metrics.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if total_files_found is not UNSET:
            field_dict["totalFilesFound"] = total_files_found
        if total_files_successfully_processed is not UNSET:
            field_dict["totalFilesSuccessfullyProcessed"] = (
                total_files_successfully_processed
            )
        if total_files_skipped is not UNSET:
            field_dict["totalFilesSkipped"] = total_files_skipped
        if files_with_errors is not UNSET:
            field_dict["filesWithErrors"] = files_with_errors
        if skip_reasons is not UNSET:
            field_dict["skipReasons"] = skip_reasons
        if additional_metrics is not UNSET:
            field_dict["additionalMetrics"] = additional_metrics

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.file_processing_metadata_additional_metrics import (
            FileProcessingMetadataAdditionalMetrics,  # noqa: PLC0415
        )
        from ..models.file_processing_metadata_skip_reasons import (
            FileProcessingMetadataSkipReasons,  # noqa: PLC0415
        )

        d = dict(src_dict)
        total_files_found = d.pop("totalFilesFound", UNSET)

        total_files_successfully_processed = d.pop(
            "totalFilesSuccessfullyProcessed", UNSET
        )

        total_files_skipped = d.pop("totalFilesSkipped", UNSET)

        files_with_errors = d.pop("filesWithErrors", UNSET)

        _skip_reasons = d.pop("skipReasons", UNSET)
        skip_reasons: FileProcessingMetadataSkipReasons | Unset
        if isinstance(_skip_reasons, Unset):
            skip_reasons = UNSET
        else:
            skip_reasons = FileProcessingMetadataSkipReasons.from_dict(_skip_reasons)

        _additional_metrics = d.pop("additionalMetrics", UNSET)
        additional_metrics: FileProcessingMetadataAdditionalMetrics | Unset
        if isinstance(_additional_metrics, Unset):
            additional_metrics = UNSET
        else:
            additional_metrics = FileProcessingMetadataAdditionalMetrics.from_dict(
                _additional_metrics
            )

        file_processing_metadata_type_0 = cls(
            total_files_found=total_files_found,
            total_files_successfully_processed=total_files_successfully_processed,
            total_files_skipped=total_files_skipped,
            files_with_errors=files_with_errors,
            skip_reasons=skip_reasons,
            additional_metrics=additional_metrics,
        )

        file_processing_metadata_type_0.additional_properties = d
        return file_processing_metadata_type_0

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
