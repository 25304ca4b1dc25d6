from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="PodDetails")


@_attrs_define
class PodDetails:
    """
    Attributes:
        pod_identifier (str): `namespace/name`.
        pod_name (str):
        pod_display_name (str | Unset):
        pod_public_key (None | str | Unset): Public key in PEM or OpenSSH format.
        access_manager_public_key (None | str | Unset): Public key in PEM or OpenSSH format.
        description (None | str | Unset):
        schema_storage_key (None | str | Unset):
        is_online (bool | Unset):
        provider_user_name (str | Unset):
        visibility (str | Unset): `public` or `private`.
        schema_download_url (None | str | Unset): Presigned URL.
    """

    pod_identifier: str
    pod_name: str
    pod_display_name: str | Unset = UNSET
    pod_public_key: None | str | Unset = UNSET
    access_manager_public_key: None | str | Unset = UNSET
    description: None | str | Unset = UNSET
    schema_storage_key: None | str | Unset = UNSET
    is_online: bool | Unset = UNSET
    provider_user_name: str | Unset = UNSET
    visibility: str | Unset = UNSET
    schema_download_url: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        pod_identifier = self.pod_identifier

        pod_name = self.pod_name

        pod_display_name = self.pod_display_name

        pod_public_key: None | str | Unset
        if isinstance(self.pod_public_key, Unset):
            pod_public_key = UNSET
        else:
            pod_public_key = self.pod_public_key

        access_manager_public_key: None | str | Unset
        if isinstance(self.access_manager_public_key, Unset):
            access_manager_public_key = UNSET
        else:
            access_manager_public_key = self.access_manager_public_key

        description: None | str | Unset
        if isinstance(self.description, Unset):
            description = UNSET
        else:
            description = self.description

        schema_storage_key: None | str | Unset
        if isinstance(self.schema_storage_key, Unset):
            schema_storage_key = UNSET
        else:
            schema_storage_key = self.schema_storage_key

        is_online = self.is_online

        provider_user_name = self.provider_user_name

        visibility = self.visibility

        schema_download_url: None | str | Unset
        if isinstance(self.schema_download_url, Unset):
            schema_download_url = UNSET
        else:
            schema_download_url = self.schema_download_url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "podIdentifier": pod_identifier,
                "podName": pod_name,
            }
        )
        if pod_display_name is not UNSET:
            field_dict["podDisplayName"] = pod_display_name
        if pod_public_key is not UNSET:
            field_dict["podPublicKey"] = pod_public_key
        if access_manager_public_key is not UNSET:
            field_dict["accessManagerPublicKey"] = access_manager_public_key
        if description is not UNSET:
            field_dict["description"] = description
        if schema_storage_key is not UNSET:
            field_dict["schemaStorageKey"] = schema_storage_key
        if is_online is not UNSET:
            field_dict["isOnline"] = is_online
        if provider_user_name is not UNSET:
            field_dict["providerUserName"] = provider_user_name
        if visibility is not UNSET:
            field_dict["visibility"] = visibility
        if schema_download_url is not UNSET:
            field_dict["schemaDownloadUrl"] = schema_download_url

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        pod_identifier = d.pop("podIdentifier")

        pod_name = d.pop("podName")

        pod_display_name = d.pop("podDisplayName", UNSET)

        def _parse_pod_public_key(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        pod_public_key = _parse_pod_public_key(d.pop("podPublicKey", UNSET))

        def _parse_access_manager_public_key(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        access_manager_public_key = _parse_access_manager_public_key(
            d.pop("accessManagerPublicKey", UNSET)
        )

        def _parse_description(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        description = _parse_description(d.pop("description", UNSET))

        def _parse_schema_storage_key(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        schema_storage_key = _parse_schema_storage_key(d.pop("schemaStorageKey", UNSET))

        is_online = d.pop("isOnline", UNSET)

        provider_user_name = d.pop("providerUserName", UNSET)

        visibility = d.pop("visibility", UNSET)

        def _parse_schema_download_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        schema_download_url = _parse_schema_download_url(
            d.pop("schemaDownloadUrl", UNSET)
        )

        pod_details = cls(
            pod_identifier=pod_identifier,
            pod_name=pod_name,
            pod_display_name=pod_display_name,
            pod_public_key=pod_public_key,
            access_manager_public_key=access_manager_public_key,
            description=description,
            schema_storage_key=schema_storage_key,
            is_online=is_online,
            provider_user_name=provider_user_name,
            visibility=visibility,
            schema_download_url=schema_download_url,
        )

        pod_details.additional_properties = d
        return pod_details

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
