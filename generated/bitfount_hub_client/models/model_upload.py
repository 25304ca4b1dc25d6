from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.model_upload_upload_fields_type_0 import ModelUploadUploadFieldsType0


T = TypeVar("T", bound="ModelUpload")


@_attrs_define
class ModelUpload:
    """
    Attributes:
        success (bool | Unset):
        already_existed (bool | Unset):
        version (int | None | Unset):
        error_message (None | str | Unset):
        upload_url (None | str | Unset): URL to send the presigned form to.
        upload_fields (ModelUploadUploadFieldsType0 | None | Unset):
        upload_urls (list[str] | None | Unset):
        chunk_size (int | None | Unset): Size of each part in bytes, except the last part.
        upload_id (None | str | Unset):
        key (None | str | Unset):
    """

    success: bool | Unset = UNSET
    already_existed: bool | Unset = UNSET
    version: int | None | Unset = UNSET
    error_message: None | str | Unset = UNSET
    upload_url: None | str | Unset = UNSET
    upload_fields: ModelUploadUploadFieldsType0 | None | Unset = UNSET
    upload_urls: list[str] | None | Unset = UNSET
    chunk_size: int | None | Unset = UNSET
    upload_id: None | str | Unset = UNSET
    key: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.model_upload_upload_fields_type_0 import (
            ModelUploadUploadFieldsType0,  # noqa: PLC0415
        )

        success = self.success

        already_existed = self.already_existed

        version: int | None | Unset
        if isinstance(self.version, Unset):
            version = UNSET
        else:
            version = self.version

        error_message: None | str | Unset
        if isinstance(self.error_message, Unset):
            error_message = UNSET
        else:
            error_message = self.error_message

        upload_url: None | str | Unset
        if isinstance(self.upload_url, Unset):
            upload_url = UNSET
        else:
            upload_url = self.upload_url

        upload_fields: dict[str, Any] | None | Unset
        if isinstance(self.upload_fields, Unset):
            upload_fields = UNSET
        elif isinstance(self.upload_fields, ModelUploadUploadFieldsType0):
            upload_fields = self.upload_fields.to_dict()
        else:
            upload_fields = self.upload_fields

        upload_urls: list[str] | None | Unset
        if isinstance(self.upload_urls, Unset):
            upload_urls = UNSET
        elif isinstance(self.upload_urls, list):
            upload_urls = self.upload_urls

        else:
            upload_urls = self.upload_urls

        chunk_size: int | None | Unset
        if isinstance(self.chunk_size, Unset):
            chunk_size = UNSET
        else:
            chunk_size = self.chunk_size

        upload_id: None | str | Unset
        if isinstance(self.upload_id, Unset):
            upload_id = UNSET
        else:
            upload_id = self.upload_id

        key: None | str | Unset
        if isinstance(self.key, Unset):
            key = UNSET
        else:
            key = self.key

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if success is not UNSET:
            field_dict["success"] = success
        if already_existed is not UNSET:
            field_dict["alreadyExisted"] = already_existed
        if version is not UNSET:
            field_dict["version"] = version
        if error_message is not UNSET:
            field_dict["errorMessage"] = error_message
        if upload_url is not UNSET:
            field_dict["uploadUrl"] = upload_url
        if upload_fields is not UNSET:
            field_dict["uploadFields"] = upload_fields
        if upload_urls is not UNSET:
            field_dict["uploadUrls"] = upload_urls
        if chunk_size is not UNSET:
            field_dict["chunkSize"] = chunk_size
        if upload_id is not UNSET:
            field_dict["uploadId"] = upload_id
        if key is not UNSET:
            field_dict["key"] = key

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.model_upload_upload_fields_type_0 import (
            ModelUploadUploadFieldsType0,  # noqa: PLC0415
        )

        d = dict(src_dict)
        success = d.pop("success", UNSET)

        already_existed = d.pop("alreadyExisted", UNSET)

        def _parse_version(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        version = _parse_version(d.pop("version", UNSET))

        def _parse_error_message(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        error_message = _parse_error_message(d.pop("errorMessage", UNSET))

        def _parse_upload_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        upload_url = _parse_upload_url(d.pop("uploadUrl", UNSET))

        def _parse_upload_fields(
            data: object,
        ) -> ModelUploadUploadFieldsType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                upload_fields_type_0 = ModelUploadUploadFieldsType0.from_dict(data)

                return upload_fields_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ModelUploadUploadFieldsType0 | None | Unset, data)

        upload_fields = _parse_upload_fields(d.pop("uploadFields", UNSET))

        def _parse_upload_urls(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                upload_urls_type_0 = cast(list[str], data)

                return upload_urls_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        upload_urls = _parse_upload_urls(d.pop("uploadUrls", UNSET))

        def _parse_chunk_size(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        chunk_size = _parse_chunk_size(d.pop("chunkSize", UNSET))

        def _parse_upload_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        upload_id = _parse_upload_id(d.pop("uploadId", UNSET))

        def _parse_key(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        key = _parse_key(d.pop("key", UNSET))

        model_upload = cls(
            success=success,
            already_existed=already_existed,
            version=version,
            error_message=error_message,
            upload_url=upload_url,
            upload_fields=upload_fields,
            upload_urls=upload_urls,
            chunk_size=chunk_size,
            upload_id=upload_id,
            key=key,
        )

        model_upload.additional_properties = d
        return model_upload

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
