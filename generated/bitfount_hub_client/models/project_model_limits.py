from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.grantee_usage import GranteeUsage


T = TypeVar("T", bound="ProjectModelLimits")


@_attrs_define
class ProjectModelLimits:
    """
    Attributes:
        usage (list[GranteeUsage]):
        default (int | None | Unset): Limit for members that have no individual limit.
        total_grantees (int | Unset):
    """

    usage: list[GranteeUsage]
    default: int | None | Unset = UNSET
    total_grantees: int | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        usage = []
        for usage_item_data in self.usage:
            usage_item = usage_item_data.to_dict()
            usage.append(usage_item)

        default: int | None | Unset
        if isinstance(self.default, Unset):
            default = UNSET
        else:
            default = self.default

        total_grantees = self.total_grantees

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "usage": usage,
            }
        )
        if default is not UNSET:
            field_dict["default"] = default
        if total_grantees is not UNSET:
            field_dict["totalGrantees"] = total_grantees

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.grantee_usage import GranteeUsage  # noqa: PLC0415

        d = dict(src_dict)
        usage = []
        _usage = d.pop("usage")
        for usage_item_data in _usage:
            usage_item = GranteeUsage.from_dict(usage_item_data)

            usage.append(usage_item)

        def _parse_default(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        default = _parse_default(d.pop("default", UNSET))

        total_grantees = d.pop("totalGrantees", UNSET)

        project_model_limits = cls(
            usage=usage,
            default=default,
            total_grantees=total_grantees,
        )

        project_model_limits.additional_properties = d
        return project_model_limits

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
