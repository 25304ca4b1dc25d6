from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.pairing_session_context_type_0 import PairingSessionContextType0


T = TypeVar("T", bound="PairingSession")


@_attrs_define
class PairingSession:
    """
    Attributes:
        access_token (str):
        type_ (str | Unset): `confidentialClient`.
        context (None | PairingSessionContextType0 | Unset):
    """

    access_token: str
    type_: str | Unset = UNSET
    context: None | PairingSessionContextType0 | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.pairing_session_context_type_0 import PairingSessionContextType0  # noqa: PLC0415

        access_token = self.access_token

        type_ = self.type_

        context: dict[str, Any] | None | Unset
        if isinstance(self.context, Unset):
            context = UNSET
        elif isinstance(self.context, PairingSessionContextType0):
            context = self.context.to_dict()
        else:
            context = self.context

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "accessToken": access_token,
            }
        )
        if type_ is not UNSET:
            field_dict["type"] = type_
        if context is not UNSET:
            field_dict["context"] = context

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.pairing_session_context_type_0 import PairingSessionContextType0  # noqa: PLC0415

        d = dict(src_dict)
        access_token = d.pop("accessToken")

        type_ = d.pop("type", UNSET)

        def _parse_context(data: object) -> None | PairingSessionContextType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                context_type_0 = PairingSessionContextType0.from_dict(data)

                return context_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PairingSessionContextType0 | Unset, data)

        context = _parse_context(d.pop("context", UNSET))

        pairing_session = cls(
            access_token=access_token,
            type_=type_,
            context=context,
        )

        pairing_session.additional_properties = d
        return pairing_session

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
