from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.oidc_access_request_identity_provider import (
    OIDCAccessRequestIdentityProvider,
)

if TYPE_CHECKING:
    from ..models.serialized_protocol import SerializedProtocol


T = TypeVar("T", bound="OIDCAccessRequest")


@_attrs_define
class OIDCAccessRequest:
    """
    Attributes:
        pod_identifier (str): `namespace/name`.
        modeller_protocol_request (SerializedProtocol): The protocol that the modeller requests to run, passed on
            unchanged.
        modeller_name (str): Lower-case letters and digits, separated by single `-` or `_`; at most 39 characters.
        modeller_token (str): Access token of the modeller. An empty token means no proof of identity.
        identity_provider (OIDCAccessRequestIdentityProvider):
        project_id (None | str):
    """

    pod_identifier: str
    modeller_protocol_request: SerializedProtocol
    modeller_name: str
    modeller_token: str
    identity_provider: OIDCAccessRequestIdentityProvider
    project_id: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        pod_identifier = self.pod_identifier

        modeller_protocol_request = self.modeller_protocol_request.to_dict()

        modeller_name = self.modeller_name

        modeller_token = self.modeller_token

        identity_provider = self.identity_provider.value

        project_id: None | str
        project_id = self.project_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "podIdentifier": pod_identifier,
                "modellerProtocolRequest": modeller_protocol_request,
                "modellerName": modeller_name,
                "modellerToken": modeller_token,
                "identityProvider": identity_provider,
                "projectId": project_id,
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

        modeller_token = d.pop("modellerToken")

        identity_provider = OIDCAccessRequestIdentityProvider(d.pop("identityProvider"))

        def _parse_project_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        project_id = _parse_project_id(d.pop("projectId"))

        oidc_access_request = cls(
            pod_identifier=pod_identifier,
            modeller_protocol_request=modeller_protocol_request,
            modeller_name=modeller_name,
            modeller_token=modeller_token,
            identity_provider=identity_provider,
            project_id=project_id,
        )

        oidc_access_request.additional_properties = d
        return oidc_access_request

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
