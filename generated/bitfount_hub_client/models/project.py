from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.project_dataset import ProjectDataset


T = TypeVar("T", bound="Project")


@_attrs_define
class Project:
    """
    Attributes:
        id (str):
        name (str | Unset):
        role (str | Unset):
        created_at (str | Unset): Time in ISO 8601 format.
        updated_at (str | Unset): Time in ISO 8601 format.
        status (str | Unset): `PUBLISHED` or `ARCHIVED`.
        is_demo (bool | Unset):
        linked_datasets (list[ProjectDataset] | None | Unset): The project's datasets. Without this field, they are
            unknown.
        linked_datasets_count (int | None | Unset):
    """

    id: str
    name: str | Unset = UNSET
    role: str | Unset = UNSET
    created_at: str | Unset = UNSET
    updated_at: str | Unset = UNSET
    status: str | Unset = UNSET
    is_demo: bool | Unset = UNSET
    linked_datasets: list[ProjectDataset] | None | Unset = UNSET
    linked_datasets_count: int | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        name = self.name

        role = self.role

        created_at = self.created_at

        updated_at = self.updated_at

        status = self.status

        is_demo = self.is_demo

        linked_datasets: list[dict[str, Any]] | None | Unset
        if isinstance(self.linked_datasets, Unset):
            linked_datasets = UNSET
        elif isinstance(self.linked_datasets, list):
            linked_datasets = []
            for linked_datasets_type_0_item_data in self.linked_datasets:
                linked_datasets_type_0_item = linked_datasets_type_0_item_data.to_dict()
                linked_datasets.append(linked_datasets_type_0_item)

        else:
            linked_datasets = self.linked_datasets

        linked_datasets_count: int | None | Unset
        if isinstance(self.linked_datasets_count, Unset):
            linked_datasets_count = UNSET
        else:
            linked_datasets_count = self.linked_datasets_count

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
            }
        )
        if name is not UNSET:
            field_dict["name"] = name
        if role is not UNSET:
            field_dict["role"] = role
        if created_at is not UNSET:
            field_dict["created_at"] = created_at
        if updated_at is not UNSET:
            field_dict["updated_at"] = updated_at
        if status is not UNSET:
            field_dict["status"] = status
        if is_demo is not UNSET:
            field_dict["isDemo"] = is_demo
        if linked_datasets is not UNSET:
            field_dict["linked_datasets"] = linked_datasets
        if linked_datasets_count is not UNSET:
            field_dict["linked_datasets_count"] = linked_datasets_count

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.project_dataset import ProjectDataset  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        name = d.pop("name", UNSET)

        role = d.pop("role", UNSET)

        created_at = d.pop("created_at", UNSET)

        updated_at = d.pop("updated_at", UNSET)

        status = d.pop("status", UNSET)

        is_demo = d.pop("isDemo", UNSET)

        def _parse_linked_datasets(data: object) -> list[ProjectDataset] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                linked_datasets_type_0 = []
                _linked_datasets_type_0 = data
                for linked_datasets_type_0_item_data in _linked_datasets_type_0:
                    linked_datasets_type_0_item = ProjectDataset.from_dict(
                        linked_datasets_type_0_item_data
                    )

                    linked_datasets_type_0.append(linked_datasets_type_0_item)

                return linked_datasets_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[ProjectDataset] | None | Unset, data)

        linked_datasets = _parse_linked_datasets(d.pop("linked_datasets", UNSET))

        def _parse_linked_datasets_count(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        linked_datasets_count = _parse_linked_datasets_count(
            d.pop("linked_datasets_count", UNSET)
        )

        project = cls(
            id=id,
            name=name,
            role=role,
            created_at=created_at,
            updated_at=updated_at,
            status=status,
            is_demo=is_demo,
            linked_datasets=linked_datasets,
            linked_datasets_count=linked_datasets_count,
        )

        project.additional_properties = d
        return project

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
