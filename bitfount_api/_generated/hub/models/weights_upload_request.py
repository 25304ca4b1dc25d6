from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="WeightsUploadRequest")


@_attrs_define
class WeightsUploadRequest:
    """
    Attributes:
        model_name (str):
        model_version (int):
        weight_size (int): Size of the uploaded file in bytes.
    """

    model_name: str
    model_version: int
    weight_size: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        model_name = self.model_name

        model_version = self.model_version

        weight_size = self.weight_size

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "modelName": model_name,
                "modelVersion": model_version,
                "weightSize": weight_size,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        model_name = d.pop("modelName")

        model_version = d.pop("modelVersion")

        weight_size = d.pop("weightSize")

        weights_upload_request = cls(
            model_name=model_name,
            model_version=model_version,
            weight_size=weight_size,
        )

        weights_upload_request.additional_properties = d
        return weights_upload_request

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
