from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Pairing")


@_attrs_define
class Pairing:
    """With the state `initialised`, the pairing has a `pairingCode`; with `paired`, a `resourceServer`.

    Attributes:
        id (str):
        state (str): `initialised` or `paired`.
        owner_username (str | Unset):
        created_at (str | Unset): Time in ISO 8601 format.
        updated_at (str | Unset): Time in ISO 8601 format.
        expires_at (str | Unset): Time in ISO 8601 format.
        client_public_key (None | str | Unset):
        client_ip_address (None | str | Unset):
        pairing_code (str | Unset):
        resource_server (str | Unset):
        remote_user (None | str | Unset):
    """

    id: str
    state: str
    owner_username: str | Unset = UNSET
    created_at: str | Unset = UNSET
    updated_at: str | Unset = UNSET
    expires_at: str | Unset = UNSET
    client_public_key: None | str | Unset = UNSET
    client_ip_address: None | str | Unset = UNSET
    pairing_code: str | Unset = UNSET
    resource_server: str | Unset = UNSET
    remote_user: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        state = self.state

        owner_username = self.owner_username

        created_at = self.created_at

        updated_at = self.updated_at

        expires_at = self.expires_at

        client_public_key: None | str | Unset
        if isinstance(self.client_public_key, Unset):
            client_public_key = UNSET
        else:
            client_public_key = self.client_public_key

        client_ip_address: None | str | Unset
        if isinstance(self.client_ip_address, Unset):
            client_ip_address = UNSET
        else:
            client_ip_address = self.client_ip_address

        pairing_code = self.pairing_code

        resource_server = self.resource_server

        remote_user: None | str | Unset
        if isinstance(self.remote_user, Unset):
            remote_user = UNSET
        else:
            remote_user = self.remote_user

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "state": state,
            }
        )
        if owner_username is not UNSET:
            field_dict["ownerUsername"] = owner_username
        if created_at is not UNSET:
            field_dict["createdAt"] = created_at
        if updated_at is not UNSET:
            field_dict["updatedAt"] = updated_at
        if expires_at is not UNSET:
            field_dict["expiresAt"] = expires_at
        if client_public_key is not UNSET:
            field_dict["clientPublicKey"] = client_public_key
        if client_ip_address is not UNSET:
            field_dict["clientIpAddress"] = client_ip_address
        if pairing_code is not UNSET:
            field_dict["pairingCode"] = pairing_code
        if resource_server is not UNSET:
            field_dict["resourceServer"] = resource_server
        if remote_user is not UNSET:
            field_dict["remoteUser"] = remote_user

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        state = d.pop("state")

        owner_username = d.pop("ownerUsername", UNSET)

        created_at = d.pop("createdAt", UNSET)

        updated_at = d.pop("updatedAt", UNSET)

        expires_at = d.pop("expiresAt", UNSET)

        def _parse_client_public_key(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        client_public_key = _parse_client_public_key(d.pop("clientPublicKey", UNSET))

        def _parse_client_ip_address(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        client_ip_address = _parse_client_ip_address(d.pop("clientIpAddress", UNSET))

        pairing_code = d.pop("pairingCode", UNSET)

        resource_server = d.pop("resourceServer", UNSET)

        def _parse_remote_user(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        remote_user = _parse_remote_user(d.pop("remoteUser", UNSET))

        pairing = cls(
            id=id,
            state=state,
            owner_username=owner_username,
            created_at=created_at,
            updated_at=updated_at,
            expires_at=expires_at,
            client_public_key=client_public_key,
            client_ip_address=client_ip_address,
            pairing_code=pairing_code,
            resource_server=resource_server,
            remote_user=remote_user,
        )

        pairing.additional_properties = d
        return pairing

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
