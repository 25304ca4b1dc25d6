from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.pod_dataset import PodDataset


T = TypeVar("T", bound="PodDatasetList")


@_attrs_define
class PodDatasetList:
    """
    Attributes:
        linked_datasets (list[PodDataset]):
    """

    linked_datasets: list[PodDataset]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        linked_datasets = []
        for linked_datasets_item_data in self.linked_datasets:
            linked_datasets_item = linked_datasets_item_data.to_dict()
            linked_datasets.append(linked_datasets_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "linkedDatasets": linked_datasets,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.pod_dataset import PodDataset  # noqa: PLC0415

        d = dict(src_dict)
        linked_datasets = []
        _linked_datasets = d.pop("linkedDatasets")
        for linked_datasets_item_data in _linked_datasets:
            linked_datasets_item = PodDataset.from_dict(linked_datasets_item_data)

            linked_datasets.append(linked_datasets_item)

        pod_dataset_list = cls(
            linked_datasets=linked_datasets,
        )

        pod_dataset_list.additional_properties = d
        return pod_dataset_list

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
