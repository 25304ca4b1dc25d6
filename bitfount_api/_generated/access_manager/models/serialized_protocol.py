from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.serialized_protocol_aggregator_type_0 import (
        SerializedProtocolAggregatorType0,
    )
    from ..models.serialized_protocol_algorithm_type_0 import (
        SerializedProtocolAlgorithmType0,
    )
    from ..models.serialized_protocol_algorithm_type_1_item import (
        SerializedProtocolAlgorithmType1Item,
    )


T = TypeVar("T", bound="SerializedProtocol")


@_attrs_define
class SerializedProtocol:
    """The protocol that the modeller requests to run, passed on unchanged.

    Attributes:
        class_name (str):
        algorithm (list[SerializedProtocolAlgorithmType1Item] | SerializedProtocolAlgorithmType0):
        aggregator (None | SerializedProtocolAggregatorType0 | Unset):
        primary_results_path (None | str | Unset):
    """

    class_name: str
    algorithm: (
        list[SerializedProtocolAlgorithmType1Item] | SerializedProtocolAlgorithmType0
    )
    aggregator: None | SerializedProtocolAggregatorType0 | Unset = UNSET
    primary_results_path: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.serialized_protocol_aggregator_type_0 import (
            SerializedProtocolAggregatorType0,  # noqa: PLC0415
        )
        from ..models.serialized_protocol_algorithm_type_0 import (
            SerializedProtocolAlgorithmType0,  # noqa: PLC0415
        )

        class_name = self.class_name

        algorithm: dict[str, Any] | list[dict[str, Any]]
        if isinstance(self.algorithm, SerializedProtocolAlgorithmType0):
            algorithm = self.algorithm.to_dict()
        else:
            algorithm = []
            for algorithm_type_1_item_data in self.algorithm:
                algorithm_type_1_item = algorithm_type_1_item_data.to_dict()
                algorithm.append(algorithm_type_1_item)

        aggregator: dict[str, Any] | None | Unset
        if isinstance(self.aggregator, Unset):
            aggregator = UNSET
        elif isinstance(self.aggregator, SerializedProtocolAggregatorType0):
            aggregator = self.aggregator.to_dict()
        else:
            aggregator = self.aggregator

        primary_results_path: None | str | Unset
        if isinstance(self.primary_results_path, Unset):
            primary_results_path = UNSET
        else:
            primary_results_path = self.primary_results_path

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "class_name": class_name,
                "algorithm": algorithm,
            }
        )
        if aggregator is not UNSET:
            field_dict["aggregator"] = aggregator
        if primary_results_path is not UNSET:
            field_dict["primary_results_path"] = primary_results_path

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.serialized_protocol_aggregator_type_0 import (
            SerializedProtocolAggregatorType0,  # noqa: PLC0415
        )
        from ..models.serialized_protocol_algorithm_type_0 import (
            SerializedProtocolAlgorithmType0,  # noqa: PLC0415
        )
        from ..models.serialized_protocol_algorithm_type_1_item import (
            SerializedProtocolAlgorithmType1Item,  # noqa: PLC0415
        )

        d = dict(src_dict)
        class_name = d.pop("class_name")

        def _parse_algorithm(
            data: object,
        ) -> (
            list[SerializedProtocolAlgorithmType1Item]
            | SerializedProtocolAlgorithmType0
        ):
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                algorithm_type_0 = SerializedProtocolAlgorithmType0.from_dict(data)

                return algorithm_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, list):
                raise TypeError()
            algorithm_type_1 = []
            _algorithm_type_1 = data
            for algorithm_type_1_item_data in _algorithm_type_1:
                algorithm_type_1_item = SerializedProtocolAlgorithmType1Item.from_dict(
                    algorithm_type_1_item_data
                )

                algorithm_type_1.append(algorithm_type_1_item)

            return algorithm_type_1

        algorithm = _parse_algorithm(d.pop("algorithm"))

        def _parse_aggregator(
            data: object,
        ) -> None | SerializedProtocolAggregatorType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                aggregator_type_0 = SerializedProtocolAggregatorType0.from_dict(data)

                return aggregator_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | SerializedProtocolAggregatorType0 | Unset, data)

        aggregator = _parse_aggregator(d.pop("aggregator", UNSET))

        def _parse_primary_results_path(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        primary_results_path = _parse_primary_results_path(
            d.pop("primary_results_path", UNSET)
        )

        serialized_protocol = cls(
            class_name=class_name,
            algorithm=algorithm,
            aggregator=aggregator,
            primary_results_path=primary_results_path,
        )

        serialized_protocol.additional_properties = d
        return serialized_protocol

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
