from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="ComputeCertificate")


@_attrs_define
class ComputeCertificate:
    """
    Attributes:
        status (str): Open enumeration, such as `pending` and `issued`.
        domain (None | str | Unset):
        certificate_pem (None | str | Unset): Certificate in PEM format.
        ca_bundle_pem (None | str | Unset): Certificates of the issuers in PEM format.
        expires (None | str | Unset): Time in ISO 8601 format.
    """

    status: str
    domain: None | str | Unset = UNSET
    certificate_pem: None | str | Unset = UNSET
    ca_bundle_pem: None | str | Unset = UNSET
    expires: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        status = self.status

        domain: None | str | Unset
        if isinstance(self.domain, Unset):
            domain = UNSET
        else:
            domain = self.domain

        certificate_pem: None | str | Unset
        if isinstance(self.certificate_pem, Unset):
            certificate_pem = UNSET
        else:
            certificate_pem = self.certificate_pem

        ca_bundle_pem: None | str | Unset
        if isinstance(self.ca_bundle_pem, Unset):
            ca_bundle_pem = UNSET
        else:
            ca_bundle_pem = self.ca_bundle_pem

        expires: None | str | Unset
        if isinstance(self.expires, Unset):
            expires = UNSET
        else:
            expires = self.expires

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "status": status,
            }
        )
        if domain is not UNSET:
            field_dict["domain"] = domain
        if certificate_pem is not UNSET:
            field_dict["certificatePem"] = certificate_pem
        if ca_bundle_pem is not UNSET:
            field_dict["caBundlePem"] = ca_bundle_pem
        if expires is not UNSET:
            field_dict["expires"] = expires

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        status = d.pop("status")

        def _parse_domain(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        domain = _parse_domain(d.pop("domain", UNSET))

        def _parse_certificate_pem(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        certificate_pem = _parse_certificate_pem(d.pop("certificatePem", UNSET))

        def _parse_ca_bundle_pem(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        ca_bundle_pem = _parse_ca_bundle_pem(d.pop("caBundlePem", UNSET))

        def _parse_expires(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        expires = _parse_expires(d.pop("expires", UNSET))

        compute_certificate = cls(
            status=status,
            domain=domain,
            certificate_pem=certificate_pem,
            ca_bundle_pem=ca_bundle_pem,
            expires=expires,
        )

        compute_certificate.additional_properties = d
        return compute_certificate

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
