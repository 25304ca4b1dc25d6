from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.pod_dataset_configuration_configuration_type_0 import (
        PodDatasetConfigurationConfigurationType0,
    )


T = TypeVar("T", bound="PodDatasetConfiguration")


@_attrs_define
class PodDatasetConfiguration:
    """
    Attributes:
        configuration (None | PodDatasetConfigurationConfigurationType0 | Unset):
    """

    configuration: None | PodDatasetConfigurationConfigurationType0 | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.pod_dataset_configuration_configuration_type_0 import (
            PodDatasetConfigurationConfigurationType0,  # noqa: PLC0415
        )

        configuration: dict[str, Any] | None | Unset
        if isinstance(self.configuration, Unset):
            configuration = UNSET
        elif isinstance(self.configuration, PodDatasetConfigurationConfigurationType0):
            configuration = self.configuration.to_dict()
        else:
            configuration = self.configuration

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if configuration is not UNSET:
            field_dict["configuration"] = configuration

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.pod_dataset_configuration_configuration_type_0 import (
            PodDatasetConfigurationConfigurationType0,  # noqa: PLC0415
        )

        d = dict(src_dict)

        def _parse_configuration(
            data: object,
        ) -> None | PodDatasetConfigurationConfigurationType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                configuration_type_0 = (
                    PodDatasetConfigurationConfigurationType0.from_dict(data)
                )

                return configuration_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PodDatasetConfigurationConfigurationType0 | Unset, data)

        configuration = _parse_configuration(d.pop("configuration", UNSET))

        pod_dataset_configuration = cls(
            configuration=configuration,
        )

        pod_dataset_configuration.additional_properties = d
        return pod_dataset_configuration

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
