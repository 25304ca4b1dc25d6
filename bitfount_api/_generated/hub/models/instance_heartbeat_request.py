from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.datasource_health import DatasourceHealth


T = TypeVar("T", bound="InstanceHeartbeatRequest")


@_attrs_define
class InstanceHeartbeatRequest:
    """
    Attributes:
        instance_id (str):
        is_busy (bool): Whether the instance is running a task.
        is_ehr_configured (bool):
        is_ehr_connected (bool):
        cluster_id (None | str | Unset):
        private_ip_address (None | str | Unset):
        datasource_health (list[DatasourceHealth] | None | Unset): Without this field, the Hub takes every dataset for
            healthy.
    """

    instance_id: str
    is_busy: bool
    is_ehr_configured: bool
    is_ehr_connected: bool
    cluster_id: None | str | Unset = UNSET
    private_ip_address: None | str | Unset = UNSET
    datasource_health: list[DatasourceHealth] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        instance_id = self.instance_id

        is_busy = self.is_busy

        is_ehr_configured = self.is_ehr_configured

        is_ehr_connected = self.is_ehr_connected

        cluster_id: None | str | Unset
        if isinstance(self.cluster_id, Unset):
            cluster_id = UNSET
        else:
            cluster_id = self.cluster_id

        private_ip_address: None | str | Unset
        if isinstance(self.private_ip_address, Unset):
            private_ip_address = UNSET
        else:
            private_ip_address = self.private_ip_address

        datasource_health: list[dict[str, Any]] | None | Unset
        if isinstance(self.datasource_health, Unset):
            datasource_health = UNSET
        elif isinstance(self.datasource_health, list):
            datasource_health = []
            for datasource_health_type_0_item_data in self.datasource_health:
                datasource_health_type_0_item = (
                    datasource_health_type_0_item_data.to_dict()
                )
                datasource_health.append(datasource_health_type_0_item)

        else:
            datasource_health = self.datasource_health

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "instanceId": instance_id,
                "isBusy": is_busy,
                "isEhrConfigured": is_ehr_configured,
                "isEhrConnected": is_ehr_connected,
            }
        )
        if cluster_id is not UNSET:
            field_dict["clusterId"] = cluster_id
        if private_ip_address is not UNSET:
            field_dict["privateIpAddress"] = private_ip_address
        if datasource_health is not UNSET:
            field_dict["datasourceHealth"] = datasource_health

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.datasource_health import DatasourceHealth  # noqa: PLC0415

        d = dict(src_dict)
        instance_id = d.pop("instanceId")

        is_busy = d.pop("isBusy")

        is_ehr_configured = d.pop("isEhrConfigured")

        is_ehr_connected = d.pop("isEhrConnected")

        def _parse_cluster_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        cluster_id = _parse_cluster_id(d.pop("clusterId", UNSET))

        def _parse_private_ip_address(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        private_ip_address = _parse_private_ip_address(d.pop("privateIpAddress", UNSET))

        def _parse_datasource_health(
            data: object,
        ) -> list[DatasourceHealth] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                datasource_health_type_0 = []
                _datasource_health_type_0 = data
                for datasource_health_type_0_item_data in _datasource_health_type_0:
                    datasource_health_type_0_item = DatasourceHealth.from_dict(
                        datasource_health_type_0_item_data
                    )

                    datasource_health_type_0.append(datasource_health_type_0_item)

                return datasource_health_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[DatasourceHealth] | None | Unset, data)

        datasource_health = _parse_datasource_health(d.pop("datasourceHealth", UNSET))

        instance_heartbeat_request = cls(
            instance_id=instance_id,
            is_busy=is_busy,
            is_ehr_configured=is_ehr_configured,
            is_ehr_connected=is_ehr_connected,
            cluster_id=cluster_id,
            private_ip_address=private_ip_address,
            datasource_health=datasource_health,
        )

        instance_heartbeat_request.additional_properties = d
        return instance_heartbeat_request

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
