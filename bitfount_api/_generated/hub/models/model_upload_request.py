from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="ModelUploadRequest")


@_attrs_define
class ModelUploadRequest:
    """
    Attributes:
        model_name (str):
        model_size (int): Size of the code in bytes.
        model_hash (str): SHA-256 of the code with every `\\r` removed, in lower-case hexadecimal.
        private_model (bool):
        model_description (None | str | Unset):
    """

    model_name: str
    model_size: int
    model_hash: str
    private_model: bool
    model_description: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        model_name = self.model_name

        model_size = self.model_size

        model_hash = self.model_hash

        private_model = self.private_model

        model_description: None | str | Unset
        if isinstance(self.model_description, Unset):
            model_description = UNSET
        else:
            model_description = self.model_description

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "modelName": model_name,
                "modelSize": model_size,
                "modelHash": model_hash,
                "privateModel": private_model,
            }
        )
        if model_description is not UNSET:
            field_dict["modelDescription"] = model_description

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        model_name = d.pop("modelName")

        model_size = d.pop("modelSize")

        model_hash = d.pop("modelHash")

        private_model = d.pop("privateModel")

        def _parse_model_description(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        model_description = _parse_model_description(d.pop("modelDescription", UNSET))

        model_upload_request = cls(
            model_name=model_name,
            model_size=model_size,
            model_hash=model_hash,
            private_model=private_model,
            model_description=model_description,
        )

        model_upload_request.additional_properties = d
        return model_upload_request

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
