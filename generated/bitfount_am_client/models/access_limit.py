from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="AccessLimit")


@_attrs_define
class AccessLimit:
    """
    Attributes:
        resource_name (str):
        total_usage (int):
        resource_type (str | Unset): `MODEL_INFERENCE`.
        limit (int | None | Unset): Null means unlimited.
        model_download_url (None | str | Unset): Presigned URL.
        weights_download_url (None | str | Unset): Presigned URL.
    """

    resource_name: str
    total_usage: int
    resource_type: str | Unset = UNSET
    limit: int | None | Unset = UNSET
    model_download_url: None | str | Unset = UNSET
    weights_download_url: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        resource_name = self.resource_name

        total_usage = self.total_usage

        resource_type = self.resource_type

        limit: int | None | Unset
        if isinstance(self.limit, Unset):
            limit = UNSET
        else:
            limit = self.limit

        model_download_url: None | str | Unset
        if isinstance(self.model_download_url, Unset):
            model_download_url = UNSET
        else:
            model_download_url = self.model_download_url

        weights_download_url: None | str | Unset
        if isinstance(self.weights_download_url, Unset):
            weights_download_url = UNSET
        else:
            weights_download_url = self.weights_download_url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "resourceName": resource_name,
                "totalUsage": total_usage,
            }
        )
        if resource_type is not UNSET:
            field_dict["resourceType"] = resource_type
        if limit is not UNSET:
            field_dict["limit"] = limit
        if model_download_url is not UNSET:
            field_dict["modelDownloadUrl"] = model_download_url
        if weights_download_url is not UNSET:
            field_dict["weightsDownloadUrl"] = weights_download_url

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        resource_name = d.pop("resourceName")

        total_usage = d.pop("totalUsage")

        resource_type = d.pop("resourceType", UNSET)

        def _parse_limit(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        limit = _parse_limit(d.pop("limit", UNSET))

        def _parse_model_download_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        model_download_url = _parse_model_download_url(d.pop("modelDownloadUrl", UNSET))

        def _parse_weights_download_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        weights_download_url = _parse_weights_download_url(
            d.pop("weightsDownloadUrl", UNSET)
        )

        access_limit = cls(
            resource_name=resource_name,
            total_usage=total_usage,
            resource_type=resource_type,
            limit=limit,
            model_download_url=model_download_url,
            weights_download_url=weights_download_url,
        )

        access_limit.additional_properties = d
        return access_limit

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
