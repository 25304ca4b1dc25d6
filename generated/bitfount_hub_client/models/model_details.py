from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="ModelDetails")


@_attrs_define
class ModelDetails:
    """
    Attributes:
        model_download_url (None | str | Unset): Presigned URL.
        model_hash (None | str | Unset):
        weights_download_url (None | str | Unset): Presigned URL.
        model_version (int | None | Unset):
    """

    model_download_url: None | str | Unset = UNSET
    model_hash: None | str | Unset = UNSET
    weights_download_url: None | str | Unset = UNSET
    model_version: int | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        model_download_url: None | str | Unset
        if isinstance(self.model_download_url, Unset):
            model_download_url = UNSET
        else:
            model_download_url = self.model_download_url

        model_hash: None | str | Unset
        if isinstance(self.model_hash, Unset):
            model_hash = UNSET
        else:
            model_hash = self.model_hash

        weights_download_url: None | str | Unset
        if isinstance(self.weights_download_url, Unset):
            weights_download_url = UNSET
        else:
            weights_download_url = self.weights_download_url

        model_version: int | None | Unset
        if isinstance(self.model_version, Unset):
            model_version = UNSET
        else:
            model_version = self.model_version

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if model_download_url is not UNSET:
            field_dict["modelDownloadUrl"] = model_download_url
        if model_hash is not UNSET:
            field_dict["modelHash"] = model_hash
        if weights_download_url is not UNSET:
            field_dict["weightsDownloadUrl"] = weights_download_url
        if model_version is not UNSET:
            field_dict["modelVersion"] = model_version

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_model_download_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        model_download_url = _parse_model_download_url(d.pop("modelDownloadUrl", UNSET))

        def _parse_model_hash(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        model_hash = _parse_model_hash(d.pop("modelHash", UNSET))

        def _parse_weights_download_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        weights_download_url = _parse_weights_download_url(
            d.pop("weightsDownloadUrl", UNSET)
        )

        def _parse_model_version(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        model_version = _parse_model_version(d.pop("modelVersion", UNSET))

        model_details = cls(
            model_download_url=model_download_url,
            model_hash=model_hash,
            weights_download_url=weights_download_url,
            model_version=model_version,
        )

        model_details.additional_properties = d
        return model_details

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
