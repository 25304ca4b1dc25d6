from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.next_gen_context_type_0 import NextGenContextType0


T = TypeVar("T", bound="PairingSessionContextType0")


@_attrs_define
class PairingSessionContextType0:
    """
    Attributes:
        nextgen (NextGenContextType0 | None | Unset):
    """

    nextgen: NextGenContextType0 | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.next_gen_context_type_0 import NextGenContextType0  # noqa: PLC0415

        nextgen: dict[str, Any] | None | Unset
        if isinstance(self.nextgen, Unset):
            nextgen = UNSET
        elif isinstance(self.nextgen, NextGenContextType0):
            nextgen = self.nextgen.to_dict()
        else:
            nextgen = self.nextgen

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if nextgen is not UNSET:
            field_dict["nextgen"] = nextgen

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.next_gen_context_type_0 import NextGenContextType0  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_nextgen(data: object) -> NextGenContextType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_next_gen_context_type_0 = (
                    NextGenContextType0.from_dict(data)
                )

                return componentsschemas_next_gen_context_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(NextGenContextType0 | None | Unset, data)

        nextgen = _parse_nextgen(d.pop("nextgen", UNSET))

        pairing_session_context_type_0 = cls(
            nextgen=nextgen,
        )

        pairing_session_context_type_0.additional_properties = d
        return pairing_session_context_type_0

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
