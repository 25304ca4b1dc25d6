from __future__ import annotations

import inspect
import warnings
from typing import Any

import pytest

from bitfount_api.identifiers import (
    MAX_PART_LENGTH,
    ModelIdentifier,
    PodIdentifier,
    model_name,
    model_version,
    path_part,
    pod_name,
    user_name,
)


class TestPodIdentifier:
    def test_parses_and_formats(self) -> None:
        pod = PodIdentifier.parse("bob/clinic-scans_2")
        assert (pod.namespace, pod.name) == ("bob", "clinic-scans_2")
        assert str(pod) == "bob/clinic-scans_2"

    def test_is_a_value(self) -> None:
        assert PodIdentifier.parse("bob/scans") == PodIdentifier("bob", "scans")
        assert len({PodIdentifier("bob", "scans"), PodIdentifier("bob", "scans")}) == 1
        with pytest.raises(AttributeError):
            PodIdentifier("bob", "scans").name = "other"  # type: ignore[misc]

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "scans",
            "/",
            "bob/",
            "/scans",
            "bob/scans/",
            "bob//scans",
            "bob/scans/../x",
            "bob/..",
            "../scans",
            "bob/sc%61ns",
            "bob/scans?x=1",
            "bob/scans#x",
            "bob/scans\n",
            "bob\\scans",
            " bob/scans",
            "Bob/scans",
            "bob/Scans",
            "bob/-scans",
            "bob/scans-",
            "bob/sc--ans",
            "-bob/scans",
            "bob-/scans",
            "bob/sc٣ns",
            "bób/scans",
            "bob\uff0fscans",
            "b" * 40 + "/scans",
            "bob/" + "s" * (MAX_PART_LENGTH + 1),
            None,
            7,
            b"bob/scans",
        ],
    )
    def test_rejects_anything_else(self, text: object) -> None:
        with pytest.raises(ValueError, match=r"pod identifier|pod namespace|pod name"):
            PodIdentifier.parse(text)  # type: ignore[arg-type]

    def test_errors_are_short_and_printable(self) -> None:
        with pytest.raises(ValueError, match="namespace/name") as caught:
            PodIdentifier.parse("\x1b[2J" * 100_000)
        assert len(str(caught.value)) < 500
        assert str(caught.value).isprintable()


def _line() -> int:
    """The caller's line."""
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return frame.f_back.f_lineno


class TestResolve:
    def test_identifier_alone_is_accepted(self) -> None:
        assert PodIdentifier.resolve("bob/scans") == PodIdentifier("bob", "scans")

    def test_consistent_arguments_do_not_warn(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            pod = PodIdentifier.resolve("bob/scans", "bob", "scans")
        assert pod == PodIdentifier("bob", "scans")

    def test_namespace_and_name_are_deprecated(self) -> None:
        with pytest.warns(DeprecationWarning, match="pod_identifier='bob/scans'"):
            pod = PodIdentifier.resolve(None, "bob", "scans")
        assert pod == PodIdentifier("bob", "scans")

    def test_the_warning_shows_who_called_the_public_method(self) -> None:
        def public_method() -> PodIdentifier:
            return PodIdentifier.resolve(pod_namespace="bob", pod_name="scans")

        with pytest.warns(DeprecationWarning, match="deprecated") as caught:
            public_method()
        assert (caught[0].filename, caught[0].lineno) == (__file__, _line() - 1)

    def test_the_warning_can_show_other_frames(self) -> None:
        with pytest.warns(DeprecationWarning, match="deprecated") as caught:
            PodIdentifier.resolve(pod_namespace="bob", pod_name="scans", stacklevel=1)
        assert (caught[0].filename, caught[0].lineno) == (__file__, _line() - 1)

    @pytest.mark.parametrize(
        ("arguments", "text"),
        [
            ({}, "no pod is given"),
            ({"pod_identifier": ""}, "no pod is given"),
            ({"pod_namespace": "bob"}, "pod_namespace is given without pod_name"),
            ({"pod_name": "scans"}, "pod_name is given without pod_namespace"),
            (
                {"pod_identifier": "bob/scans", "pod_name": "scans"},
                "pod_name is given without pod_namespace",
            ),
            (
                {"pod_identifier": "bob/scans", "pod_namespace": "bob", "pod_name": "other"},
                "'bob/scans', but pod_namespace and pod_name say 'bob/other'",
            ),
            (
                {"pod_identifier": "bob/scans", "pod_namespace": "eve", "pod_name": "scans"},
                "'bob/scans', but pod_namespace and pod_name say 'eve/scans'",
            ),
            ({"pod_namespace": "bob", "pod_name": "../x"}, "pod name"),
            ({"pod_identifier": "scans"}, "namespace/name"),
        ],
    )
    def test_invalid_combinations_are_rejected(self, arguments: dict[str, Any], text: str) -> None:
        with pytest.raises(ValueError, match=text):
            PodIdentifier.resolve(**arguments)


class TestModelIdentifier:
    @pytest.mark.parametrize(
        ("text", "version"), [("bob/Net:3", 3), ("bob/Net:latest", "latest"), ("bob/Net", None)]
    )
    def test_parses_and_formats(self, text: str, version: object) -> None:
        model = ModelIdentifier.parse(text)
        assert (model.owner, model.name, model.version) == ("bob", "Net", version)
        assert str(model) == text
        assert model.model == text.removeprefix("bob/")

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "Net",
            "Net:1",
            "bob/",
            "bob/:1",
            "bob/Net:",
            "bob/Net:0x1",
            "bob/Net:01",
            "bob/Net:-1",
            "bob/Net:1.0",
            "bob/Net:newest",
            "bob/Net:1:2",
            "bob/Net:٣",
            "bob/Net:9999999999",
            "bob/My Net:1",
            "bob/..:1",
            "bob/Net/../x:1",
            "bob/N%65t:1",
            "Bob/Net:1",
            None,
        ],
    )
    def test_rejects_anything_else(self, text: object) -> None:
        with pytest.raises(ValueError, match=r"model id|model owner|model name|version"):
            ModelIdentifier.parse(text)  # type: ignore[arg-type]

    def test_checks_what_it_is_built_from(self) -> None:
        assert str(ModelIdentifier("bob", "Net", 0)) == "bob/Net:0"
        for version in (True, -1, 1.5, "7"):
            with pytest.raises(ValueError, match="model version"):
                ModelIdentifier("bob", "Net", version)  # type: ignore[arg-type]


class TestNames:
    @pytest.mark.parametrize("name", ["a", "0", "alice", "a-b_c-1", "a" * 39, "a-" * 19 + "a"])
    def test_valid_user_names_are_accepted(self, name: str) -> None:
        assert user_name(name) == name

    @pytest.mark.parametrize("name", ["", "a" * 40, "_a", "a-", "a--b", "A", "a.b", "é", None])
    def test_invalid_user_names_are_rejected(self, name: object) -> None:
        with pytest.raises(ValueError, match="the owner is"):
            user_name(name, "owner")  # type: ignore[arg-type]

    def test_pod_names_may_be_longer(self) -> None:
        assert pod_name("a" * MAX_PART_LENGTH) == "a" * MAX_PART_LENGTH
        with pytest.raises(ValueError, match="the dataset name is"):
            pod_name("a" * (MAX_PART_LENGTH + 1), "dataset name")

    def test_too_long_names_are_reported_as_too_long(self) -> None:
        with pytest.raises(ValueError, match="not 1 to 255 lower-case"):
            pod_name("a" * 256)
        with pytest.raises(ValueError, match="of at most 255 characters"):
            model_name("A" * 256)

    def test_model_names_are_class_names(self) -> None:
        assert model_name("Réseau_2") == "Réseau_2"
        for name in ("", "2Net", "a b", "a.b", "a/b", "N" * (MAX_PART_LENGTH + 1), 3):
            with pytest.raises(ValueError, match="model name"):
                model_name(name)  # type: ignore[arg-type]

    def test_model_versions_are_counted(self) -> None:
        assert model_version(1) == 1
        assert model_version("3") == 3
        for version in (
            None,
            "",
            "-1",
            "1.0",
            " 1",
            "٣",
            "9" * 10,
            "9" * 5000,
            1.0,
            True,
            -1,
            10**12,
            10**5000,
        ):
            with pytest.raises(ValueError, match="model version"):
                model_version(version)  # type: ignore[arg-type]


class TestPathPart:
    @pytest.mark.parametrize(
        "value",
        [
            "b1a7f3f0-6e3e-4b7e-9f8e-5c4f1c2d3e4f",
            "7",
            "p1",
            "...",
            ".hidden",
            "auth0|5f7c8ec7c33c6c004bbafe82",
            "user@example.com",
            "a:b;c=d,e+f!",
            "x" * MAX_PART_LENGTH,
        ],
    )
    def test_path_part_accepts_ids(self, value: str) -> None:
        assert path_part(value, "project id") == value

    def test_path_part_accepts_whole_numbers(self) -> None:
        assert path_part(7, "key id") == "7"
        assert path_part(2**63 - 1, "key id") == "9223372036854775807"

    @pytest.mark.parametrize(
        "value",
        [
            "",
            ".",
            "..",
            "/",
            "a/b",
            "../keys",
            "a\\b",
            "..\\keys",
            "%2e%2e",
            "a%2fb",
            "a%",
            "a?b",
            "a#b",
            "a b",
            " ",
            "a\n",
            "a\r\nHost: x",
            "a\0",
            "a\x7f",
            "a\x85",
            "é",
            "\u202e",
            "\uff0f",
            "\ud800",
            "x" * (MAX_PART_LENGTH + 1),
            None,
            True,
            -1,
            2**63,
            10**100,
            1.5,
            b"p1",
            ["p1"],
        ],
    )
    def test_path_part_rejects_text_that_changes_the_path(self, value: object) -> None:
        with pytest.raises(ValueError, match="the project id is") as caught:
            path_part(value, "project id")  # type: ignore[arg-type]
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 300
