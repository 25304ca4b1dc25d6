from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="ProgressUpdate")


@_attrs_define
class ProgressUpdate:
    """
    Attributes:
        value (float):
        total (float | Unset):
        estimated_total (float | Unset):
        unit (str | Unset):
    """

    value: float
    total: float | Unset = UNSET
    estimated_total: float | Unset = UNSET
    unit: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        value = self.value

        total = self.total

        estimated_total = self.estimated_total

        unit = self.unit

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "value": value,
            }
        )
        if total is not UNSET:
            field_dict["total"] = total
        if estimated_total is not UNSET:
            field_dict["estimated_total"] = estimated_total
        if unit is not UNSET:
            field_dict["unit"] = unit

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        value = d.pop("value")

        total = d.pop("total", UNSET)

        estimated_total = d.pop("estimated_total", UNSET)

        unit = d.pop("unit", UNSET)

        progress_update = cls(
            value=value,
            total=total,
            estimated_total=estimated_total,
            unit=unit,
        )

        progress_update.additional_properties = d
        return progress_update

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
