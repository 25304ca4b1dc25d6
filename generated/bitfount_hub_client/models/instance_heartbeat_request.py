from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

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
        cluster_id (str | Unset):
        private_ip_address (str | Unset):
        datasource_health (list[DatasourceHealth] | Unset): Without this field, the Hub takes every dataset for healthy.
    """

    instance_id: str
    is_busy: bool
    is_ehr_configured: bool
    is_ehr_connected: bool
    cluster_id: str | Unset = UNSET
    private_ip_address: str | Unset = UNSET
    datasource_health: list[DatasourceHealth] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        instance_id = self.instance_id

        is_busy = self.is_busy

        is_ehr_configured = self.is_ehr_configured

        is_ehr_connected = self.is_ehr_connected

        cluster_id = self.cluster_id

        private_ip_address = self.private_ip_address

        datasource_health: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.datasource_health, Unset):
            datasource_health = []
            for datasource_health_item_data in self.datasource_health:
                datasource_health_item = datasource_health_item_data.to_dict()
                datasource_health.append(datasource_health_item)

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

        cluster_id = d.pop("clusterId", UNSET)

        private_ip_address = d.pop("privateIpAddress", UNSET)

        _datasource_health = d.pop("datasourceHealth", UNSET)
        datasource_health: list[DatasourceHealth] | Unset = UNSET
        if _datasource_health is not UNSET:
            datasource_health = []
            for datasource_health_item_data in _datasource_health:
                datasource_health_item = DatasourceHealth.from_dict(
                    datasource_health_item_data
                )

                datasource_health.append(datasource_health_item)

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
