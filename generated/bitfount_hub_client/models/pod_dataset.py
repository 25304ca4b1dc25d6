from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="PodDataset")


@_attrs_define
class PodDataset:
    """
    Attributes:
        identifier (str): `namespace/name`.
        configuration_last_updated (None | str | Unset): Time in ISO 8601 format.
    """

    identifier: str
    configuration_last_updated: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        identifier = self.identifier

        configuration_last_updated: None | str | Unset
        if isinstance(self.configuration_last_updated, Unset):
            configuration_last_updated = UNSET
        else:
            configuration_last_updated = self.configuration_last_updated

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "identifier": identifier,
            }
        )
        if configuration_last_updated is not UNSET:
            field_dict["configurationLastUpdated"] = configuration_last_updated

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        identifier = d.pop("identifier")

        def _parse_configuration_last_updated(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        configuration_last_updated = _parse_configuration_last_updated(
            d.pop("configurationLastUpdated", UNSET)
        )

        pod_dataset = cls(
            identifier=identifier,
            configuration_last_updated=configuration_last_updated,
        )

        pod_dataset.additional_properties = d
        return pod_dataset

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
