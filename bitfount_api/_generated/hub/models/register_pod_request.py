from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.file_processing_metadata_type_0 import FileProcessingMetadataType0


T = TypeVar("T", bound="RegisterPodRequest")


@_attrs_define
class RegisterPodRequest:
    """
    Attributes:
        name (str): Lower-case letters and digits, separated by single `-` or `_`.
        pod_display_name (str):
        pod_public_key (str): Public key as one line in OpenSSH format.
        access_manager_public_key (str): Public key as one line in OpenSSH format.
        description (str):
        schema_size (int): Size of the msgpack-encoded schema in bytes.
        number_of_records (int | None):
        file_processing_metadata (FileProcessingMetadataType0 | None | Unset): Results of processing the files of the
            pod's dataset.
    """

    name: str
    pod_display_name: str
    pod_public_key: str
    access_manager_public_key: str
    description: str
    schema_size: int
    number_of_records: int | None
    file_processing_metadata: FileProcessingMetadataType0 | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.file_processing_metadata_type_0 import FileProcessingMetadataType0  # noqa: PLC0415

        name = self.name

        pod_display_name = self.pod_display_name

        pod_public_key = self.pod_public_key

        access_manager_public_key = self.access_manager_public_key

        description = self.description

        schema_size = self.schema_size

        number_of_records: int | None
        number_of_records = self.number_of_records

        file_processing_metadata: dict[str, Any] | None | Unset
        if isinstance(self.file_processing_metadata, Unset):
            file_processing_metadata = UNSET
        elif isinstance(self.file_processing_metadata, FileProcessingMetadataType0):
            file_processing_metadata = self.file_processing_metadata.to_dict()
        else:
            file_processing_metadata = self.file_processing_metadata

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "name": name,
                "podDisplayName": pod_display_name,
                "podPublicKey": pod_public_key,
                "accessManagerPublicKey": access_manager_public_key,
                "description": description,
                "schemaSize": schema_size,
                "numberOfRecords": number_of_records,
            }
        )
        if file_processing_metadata is not UNSET:
            field_dict["fileProcessingMetadata"] = file_processing_metadata

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.file_processing_metadata_type_0 import FileProcessingMetadataType0  # noqa: PLC0415

        d = dict(src_dict)
        name = d.pop("name")

        pod_display_name = d.pop("podDisplayName")

        pod_public_key = d.pop("podPublicKey")

        access_manager_public_key = d.pop("accessManagerPublicKey")

        description = d.pop("description")

        schema_size = d.pop("schemaSize")

        def _parse_number_of_records(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        number_of_records = _parse_number_of_records(d.pop("numberOfRecords"))

        def _parse_file_processing_metadata(
            data: object,
        ) -> FileProcessingMetadataType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_file_processing_metadata_type_0 = (
                    FileProcessingMetadataType0.from_dict(data)
                )

                return componentsschemas_file_processing_metadata_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(FileProcessingMetadataType0 | None | Unset, data)

        file_processing_metadata = _parse_file_processing_metadata(
            d.pop("fileProcessingMetadata", UNSET)
        )

        register_pod_request = cls(
            name=name,
            pod_display_name=pod_display_name,
            pod_public_key=pod_public_key,
            access_manager_public_key=access_manager_public_key,
            description=description,
            schema_size=schema_size,
            number_of_records=number_of_records,
            file_processing_metadata=file_processing_metadata,
        )

        register_pod_request.additional_properties = d
        return register_pod_request

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
