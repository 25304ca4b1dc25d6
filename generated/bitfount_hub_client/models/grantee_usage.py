from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="GranteeUsage")


@_attrs_define
class GranteeUsage:
    """
    Attributes:
        resource_name (str):
        total_usage (int):
        resource_type (str | Unset): `MODEL_INFERENCE`.
        limit (int | None | Unset): Null means unlimited.
        grantee_username (str | Unset):
        role (str | Unset):
    """

    resource_name: str
    total_usage: int
    resource_type: str | Unset = UNSET
    limit: int | None | Unset = UNSET
    grantee_username: str | Unset = UNSET
    role: str | Unset = UNSET
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

        grantee_username = self.grantee_username

        role = self.role

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
        if grantee_username is not UNSET:
            field_dict["granteeUsername"] = grantee_username
        if role is not UNSET:
            field_dict["role"] = role

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

        grantee_username = d.pop("granteeUsername", UNSET)

        role = d.pop("role", UNSET)

        grantee_usage = cls(
            resource_name=resource_name,
            total_usage=total_usage,
            resource_type=resource_type,
            limit=limit,
            grantee_username=grantee_username,
            role=role,
        )

        grantee_usage.additional_properties = d
        return grantee_usage

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
