from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="JWKUpload")


@_attrs_define
class JWKUpload:
    """
    Attributes:
        jwks_uri_well_known (str): URL of the published key set.
    """

    jwks_uri_well_known: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        jwks_uri_well_known = self.jwks_uri_well_known

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "jwksUriWellKnown": jwks_uri_well_known,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        jwks_uri_well_known = d.pop("jwksUriWellKnown")

        jwk_upload = cls(
            jwks_uri_well_known=jwks_uri_well_known,
        )

        jwk_upload.additional_properties = d
        return jwk_upload

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
