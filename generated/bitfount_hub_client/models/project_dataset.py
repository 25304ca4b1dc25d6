from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="ProjectDataset")


@_attrs_define
class ProjectDataset:
    """
    Attributes:
        owner_id (int | str | Unset):
        owner_username (str | Unset):
        name (str | Unset):
        pod_display_name (None | str | Unset):
        last_online (None | str | Unset): Time in ISO 8601 format.
    """

    owner_id: int | str | Unset = UNSET
    owner_username: str | Unset = UNSET
    name: str | Unset = UNSET
    pod_display_name: None | str | Unset = UNSET
    last_online: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        owner_id: int | str | Unset
        if isinstance(self.owner_id, Unset):
            owner_id = UNSET
        else:
            owner_id = self.owner_id

        owner_username = self.owner_username

        name = self.name

        pod_display_name: None | str | Unset
        if isinstance(self.pod_display_name, Unset):
            pod_display_name = UNSET
        else:
            pod_display_name = self.pod_display_name

        last_online: None | str | Unset
        if isinstance(self.last_online, Unset):
            last_online = UNSET
        else:
            last_online = self.last_online

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if owner_id is not UNSET:
            field_dict["ownerId"] = owner_id
        if owner_username is not UNSET:
            field_dict["ownerUsername"] = owner_username
        if name is not UNSET:
            field_dict["name"] = name
        if pod_display_name is not UNSET:
            field_dict["podDisplayName"] = pod_display_name
        if last_online is not UNSET:
            field_dict["lastOnline"] = last_online

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_owner_id(data: object) -> int | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(int | str | Unset, data)

        owner_id = _parse_owner_id(d.pop("ownerId", UNSET))

        owner_username = d.pop("ownerUsername", UNSET)

        name = d.pop("name", UNSET)

        def _parse_pod_display_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        pod_display_name = _parse_pod_display_name(d.pop("podDisplayName", UNSET))

        def _parse_last_online(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        last_online = _parse_last_online(d.pop("lastOnline", UNSET))

        project_dataset = cls(
            owner_id=owner_id,
            owner_username=owner_username,
            name=name,
            pod_display_name=pod_display_name,
            last_online=last_online,
        )

        project_dataset.additional_properties = d
        return project_dataset

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
