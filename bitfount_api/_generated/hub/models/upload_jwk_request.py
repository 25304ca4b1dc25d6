from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.upload_jwk_request_jwk import UploadJWKRequestJwk


T = TypeVar("T", bound="UploadJWKRequest")


@_attrs_define
class UploadJWKRequest:
    """
    Attributes:
        jwk (UploadJWKRequestJwk): Public key as a JSON Web Key (RFC 7517).
        issuer (str):
        client_id (str):
    """

    jwk: UploadJWKRequestJwk
    issuer: str
    client_id: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        jwk = self.jwk.to_dict()

        issuer = self.issuer

        client_id = self.client_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "jwk": jwk,
                "issuer": issuer,
                "clientId": client_id,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.upload_jwk_request_jwk import UploadJWKRequestJwk  # noqa: PLC0415

        d = dict(src_dict)
        jwk = UploadJWKRequestJwk.from_dict(d.pop("jwk"))

        issuer = d.pop("issuer")

        client_id = d.pop("clientId")

        upload_jwk_request = cls(
            jwk=jwk,
            issuer=issuer,
            client_id=client_id,
        )

        upload_jwk_request.additional_properties = d
        return upload_jwk_request

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
