from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.monitor_update_metadata import MonitorUpdateMetadata
    from ..models.monitor_update_progress import MonitorUpdateProgress
    from ..models.monitor_update_resource_usage import MonitorUpdateResourceUsage


T = TypeVar("T", bound="MonitorUpdate")


@_attrs_define
class MonitorUpdate:
    """
    Attributes:
        task_id (str):
        sender_id (str):
        timestamp (str): Time in ISO 8601 format.
        privacy (str): PRIVATE, MODELLER or ALL_PARTICIPANTS.
        type_ (str): Open enumeration: TASK_CONFIG, TASK_STATUS_UPDATE, or the name of a message.
        recipient_id (str | Unset):
        message (str | Unset):
        metadata (MonitorUpdateMetadata | Unset):
        progress (MonitorUpdateProgress | Unset):
        resource_usage (MonitorUpdateResourceUsage | Unset):
    """

    task_id: str
    sender_id: str
    timestamp: str
    privacy: str
    type_: str
    recipient_id: str | Unset = UNSET
    message: str | Unset = UNSET
    metadata: MonitorUpdateMetadata | Unset = UNSET
    progress: MonitorUpdateProgress | Unset = UNSET
    resource_usage: MonitorUpdateResourceUsage | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        task_id = self.task_id

        sender_id = self.sender_id

        timestamp = self.timestamp

        privacy = self.privacy

        type_ = self.type_

        recipient_id = self.recipient_id

        message = self.message

        metadata: dict[str, Any] | Unset = UNSET
        if not isinstance(self.metadata, Unset):
            metadata = self.metadata.to_dict()

        progress: dict[str, Any] | Unset = UNSET
        if not isinstance(self.progress, Unset):
            progress = self.progress.to_dict()

        resource_usage: dict[str, Any] | Unset = UNSET
        if not isinstance(self.resource_usage, Unset):
            resource_usage = self.resource_usage.to_dict()

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
        from ..models.monitor_update_metadata import MonitorUpdateMetadata  # noqa: PLC0415
        from ..models.monitor_update_progress import MonitorUpdateProgress  # noqa: PLC0415
        from ..models.monitor_update_resource_usage import MonitorUpdateResourceUsage  # noqa: PLC0415

        d = dict(src_dict)
        task_id = d.pop("taskId")

        sender_id = d.pop("senderId")

        timestamp = d.pop("timestamp")

        privacy = d.pop("privacy")

        type_ = d.pop("type")

        recipient_id = d.pop("recipientId", UNSET)

        message = d.pop("message", UNSET)

        _metadata = d.pop("metadata", UNSET)
        metadata: MonitorUpdateMetadata | Unset
        if isinstance(_metadata, Unset):
            metadata = UNSET
        else:
            metadata = MonitorUpdateMetadata.from_dict(_metadata)

        _progress = d.pop("progress", UNSET)
        progress: MonitorUpdateProgress | Unset
        if isinstance(_progress, Unset):
            progress = UNSET
        else:
            progress = MonitorUpdateProgress.from_dict(_progress)

        _resource_usage = d.pop("resourceUsage", UNSET)
        resource_usage: MonitorUpdateResourceUsage | Unset
        if isinstance(_resource_usage, Unset):
            resource_usage = UNSET
        else:
            resource_usage = MonitorUpdateResourceUsage.from_dict(_resource_usage)

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
