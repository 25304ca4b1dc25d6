from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.signature_access_request_identity_provider import (
    SignatureAccessRequestIdentityProvider,
)

if TYPE_CHECKING:
    from ..models.serialized_protocol import SerializedProtocol


T = TypeVar("T", bound="SignatureAccessRequest")


@_attrs_define
class SignatureAccessRequest:
    """
    Attributes:
        pod_identifier (str): `namespace/name`.
        modeller_protocol_request (SerializedProtocol): The protocol that the modeller requests to run, passed on
            unchanged.
        modeller_name (str): Lower-case letters and digits, separated by single `-` or `_`; at most 39 characters.
        unsigned_task (str): Base64 with the standard alphabet.
        task_signature (str): Base64 with the standard alphabet.
        identity_provider (SignatureAccessRequestIdentityProvider):
        project_id (None | str):
        public_key_id (int | None | str):
    """

    pod_identifier: str
    modeller_protocol_request: SerializedProtocol
    modeller_name: str
    unsigned_task: str
    task_signature: str
    identity_provider: SignatureAccessRequestIdentityProvider
    project_id: None | str
    public_key_id: int | None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        pod_identifier = self.pod_identifier

        modeller_protocol_request = self.modeller_protocol_request.to_dict()

        modeller_name = self.modeller_name

        unsigned_task = self.unsigned_task

        task_signature = self.task_signature

        identity_provider = self.identity_provider.value

        project_id: None | str
        project_id = self.project_id

        public_key_id: int | None | str
        public_key_id = self.public_key_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "podIdentifier": pod_identifier,
                "modellerProtocolRequest": modeller_protocol_request,
                "modellerName": modeller_name,
                "unsignedTask": unsigned_task,
                "taskSignature": task_signature,
                "identityProvider": identity_provider,
                "projectId": project_id,
                "publicKeyId": public_key_id,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.serialized_protocol import SerializedProtocol  # noqa: PLC0415

        d = dict(src_dict)
        pod_identifier = d.pop("podIdentifier")

        modeller_protocol_request = SerializedProtocol.from_dict(
            d.pop("modellerProtocolRequest")
        )

        modeller_name = d.pop("modellerName")

        unsigned_task = d.pop("unsignedTask")

        task_signature = d.pop("taskSignature")

        identity_provider = SignatureAccessRequestIdentityProvider(
            d.pop("identityProvider")
        )

        def _parse_project_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        project_id = _parse_project_id(d.pop("projectId"))

        def _parse_public_key_id(data: object) -> int | None | str:
            if data is None:
                return data
            return cast(int | None | str, data)

        public_key_id = _parse_public_key_id(d.pop("publicKeyId"))

        signature_access_request = cls(
            pod_identifier=pod_identifier,
            modeller_protocol_request=modeller_protocol_request,
            modeller_name=modeller_name,
            unsigned_task=unsigned_task,
            task_signature=task_signature,
            identity_provider=identity_provider,
            project_id=project_id,
            public_key_id=public_key_id,
        )

        signature_access_request.additional_properties = d
        return signature_access_request

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
