from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.monitor_update_metadata_type_0 import MonitorUpdateMetadataType0
    from ..models.monitor_update_progress_type_0 import MonitorUpdateProgressType0
    from ..models.monitor_update_resource_usage_type_0 import (
        MonitorUpdateResourceUsageType0,
    )


T = TypeVar("T", bound="MonitorUpdate")


@_attrs_define
class MonitorUpdate:
    """An update about a task, for the monitor service.

    Attributes:
        task_id (str):
        sender_id (str):
        timestamp (str): Time in ISO 8601 format.
        privacy (str): PRIVATE, MODELLER or ALL_PARTICIPANTS.
        type_ (str): Open enumeration: TASK_CONFIG, TASK_STATUS_UPDATE, or the name of a message.
        recipient_id (None | str | Unset):
        message (None | str | Unset):
        metadata (MonitorUpdateMetadataType0 | None | Unset):
        progress (MonitorUpdateProgressType0 | None | Unset):
        resource_usage (MonitorUpdateResourceUsageType0 | None | Unset):
    """

    task_id: str
    sender_id: str
    timestamp: str
    privacy: str
    type_: str
    recipient_id: None | str | Unset = UNSET
    message: None | str | Unset = UNSET
    metadata: MonitorUpdateMetadataType0 | None | Unset = UNSET
    progress: MonitorUpdateProgressType0 | None | Unset = UNSET
    resource_usage: MonitorUpdateResourceUsageType0 | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.monitor_update_metadata_type_0 import MonitorUpdateMetadataType0  # noqa: PLC0415
        from ..models.monitor_update_progress_type_0 import MonitorUpdateProgressType0  # noqa: PLC0415
        from ..models.monitor_update_resource_usage_type_0 import (
            MonitorUpdateResourceUsageType0,  # noqa: PLC0415
        )

        task_id = self.task_id

        sender_id = self.sender_id

        timestamp = self.timestamp

        privacy = self.privacy

        type_ = self.type_

        recipient_id: None | str | Unset
        if isinstance(self.recipient_id, Unset):
            recipient_id = UNSET
        else:
            recipient_id = self.recipient_id

        message: None | str | Unset
        if isinstance(self.message, Unset):
            message = UNSET
        else:
            message = self.message

        metadata: dict[str, Any] | None | Unset
        if isinstance(self.metadata, Unset):
            metadata = UNSET
        elif isinstance(self.metadata, MonitorUpdateMetadataType0):
            metadata = self.metadata.to_dict()
        else:
            metadata = self.metadata

        progress: dict[str, Any] | None | Unset
        if isinstance(self.progress, Unset):
            progress = UNSET
        elif isinstance(self.progress, MonitorUpdateProgressType0):
            progress = self.progress.to_dict()
        else:
            progress = self.progress

        resource_usage: dict[str, Any] | None | Unset
        if isinstance(self.resource_usage, Unset):
            resource_usage = UNSET
        elif isinstance(self.resource_usage, MonitorUpdateResourceUsageType0):
            resource_usage = self.resource_usage.to_dict()
        else:
            resource_usage = self.resource_usage

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "taskId": task_id,
                "senderId": sender_id,
                "timestamp": timestamp,
                "privacy": privacy,
                "type": type_,
            }
        )
        if recipient_id is not UNSET:
            field_dict["recipientId"] = recipient_id
        if message is not UNSET:
            field_dict["message"] = message
        if metadata is not UNSET:
            field_dict["metadata"] = metadata
        if progress is not UNSET:
            field_dict["progress"] = progress
        if resource_usage is not UNSET:
            field_dict["resourceUsage"] = resource_usage

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.monitor_update_metadata_type_0 import MonitorUpdateMetadataType0  # noqa: PLC0415
        from ..models.monitor_update_progress_type_0 import MonitorUpdateProgressType0  # noqa: PLC0415
        from ..models.monitor_update_resource_usage_type_0 import (
            MonitorUpdateResourceUsageType0,  # noqa: PLC0415
        )

        d = dict(src_dict)
        task_id = d.pop("taskId")

        sender_id = d.pop("senderId")

        timestamp = d.pop("timestamp")

        privacy = d.pop("privacy")

        type_ = d.pop("type")

        def _parse_recipient_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        recipient_id = _parse_recipient_id(d.pop("recipientId", UNSET))

        def _parse_message(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        message = _parse_message(d.pop("message", UNSET))

        def _parse_metadata(data: object) -> MonitorUpdateMetadataType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                metadata_type_0 = MonitorUpdateMetadataType0.from_dict(data)

                return metadata_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(MonitorUpdateMetadataType0 | None | Unset, data)

        metadata = _parse_metadata(d.pop("metadata", UNSET))

        def _parse_progress(data: object) -> MonitorUpdateProgressType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                progress_type_0 = MonitorUpdateProgressType0.from_dict(data)

                return progress_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(MonitorUpdateProgressType0 | None | Unset, data)

        progress = _parse_progress(d.pop("progress", UNSET))

        def _parse_resource_usage(
            data: object,
        ) -> MonitorUpdateResourceUsageType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                resource_usage_type_0 = MonitorUpdateResourceUsageType0.from_dict(data)

                return resource_usage_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(MonitorUpdateResourceUsageType0 | None | Unset, data)

        resource_usage = _parse_resource_usage(d.pop("resourceUsage", UNSET))

        monitor_update = cls(
            task_id=task_id,
            sender_id=sender_id,
            timestamp=timestamp,
            privacy=privacy,
            type_=type_,
            recipient_id=recipient_id,
            message=message,
            metadata=metadata,
            progress=progress,
            resource_usage=resource_usage,
        )

        monitor_update.additional_properties = d
        return monitor_update

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
