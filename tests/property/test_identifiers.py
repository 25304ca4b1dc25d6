from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

from hypothesis import example, given
from hypothesis import strategies as st

from bitfount_api.identifiers import ModelIdentifier, PodIdentifier, path_part


def names(most_parts: int) -> st.SearchStrategy[str]:
    """Letters and digits with single separators between them; up to 8 characters each."""
    part = st.tuples(st.sampled_from("-_"), st.text("az09", min_size=1, max_size=7))
    parts = st.lists(part, min_size=1, max_size=most_parts)
    return parts.map(lambda found: "".join(map("".join, found))[1:])


USERS = names(5)  # 39 characters at most
PODS = names(12)
ANYTHING = st.one_of(
    st.text(), st.text("ab0-_/.\\%\0\n"), st.none(), st.integers(), st.binary(), st.booleans()
)


@given(USERS, PODS)
def test_every_documented_pod_identifier_is_accepted(namespace: str, name: str) -> None:
    text = f"{namespace}/{name}"
    pod = PodIdentifier.parse(text)
    assert (pod.namespace, pod.name, str(pod)) == (namespace, name, text)
    assert PodIdentifier.resolve(text, namespace, name) == pod


@given(ANYTHING)
@example("bob/scans\n")
@example("bob/scans/")
def test_any_other_pod_identifier_is_a_value_error(text: object) -> None:
    documented = isinstance(text, str) and re.fullmatch(
        r"[a-z\d](?:[a-z\d]|(-|_)(?=[a-z\d])){0,38}/[a-z\d]+((-|_)[a-z\d]+)*", text, re.ASCII
    )
    try:
        pod = PodIdentifier.parse(text)  # type: ignore[arg-type]
    except ValueError as error:
        assert not documented
        assert str(error).isprintable()
    else:
        assert documented
        assert str(pod) == text


@given(st.one_of(st.none(), ANYTHING), st.one_of(st.none(), USERS), st.one_of(st.none(), PODS))
def test_three_arguments_name_one_pod_or_raise(
    identifier: object, namespace: str | None, name: str | None
) -> None:
    import warnings

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            pod = PodIdentifier.resolve(identifier, namespace, name)  # type: ignore[arg-type]
        except ValueError:
            assert not caught
            return
    assert bool(caught) == (not identifier)
    assert (namespace, name) in {(None, None), (pod.namespace, pod.name)}


@given(USERS, st.from_regex(r"[A-Za-z_]\w{0,20}", fullmatch=True), st.integers(0, 10**9 - 1))
def test_model_ids_round_trip(owner: str, name: str, version: int) -> None:
    if not name.isidentifier():
        return
    for text in (f"{owner}/{name}", f"{owner}/{name}:{version}", f"{owner}/{name}:latest"):
        assert str(ModelIdentifier.parse(text)) == text


@given(st.one_of(ANYTHING, st.from_regex(r"[a-z]/[A-Z][a-z:/.%]*[0-9]*", fullmatch=True)))
def test_any_other_model_id_is_a_value_error(text: object) -> None:
    try:
        model = ModelIdentifier.parse(text)  # type: ignore[arg-type]
    except ValueError as error:
        assert str(error).isprintable()
    else:
        assert str(model) == text


@given(st.one_of(ANYTHING, st.text(st.characters(max_codepoint=0x17F))))
@example("..")
@example("%2e%2e")
@example("a\\b")
@example("\uff0f")
def test_a_path_part_never_changes_the_path(value: object) -> None:
    try:
        part = path_part(value, "project id")  # type: ignore[arg-type]
    except ValueError as error:
        assert str(error).isprintable()
        return
    # Even inserted into a URL unquoted, the id is a single path segment, the last.
    for written in (part, quote(part, safe=""), unquote(part)):
        parsed = urlsplit(f"https://hub.bitfount.com/api/projects/{written}/limits")
        assert parsed.hostname == "hub.bitfount.com"
        assert not parsed.query
        assert not parsed.fragment
        parts = parsed.path.split("/")
        assert parts[:3] + parts[4:] == ["", "api", "projects", "limits"]
        assert parts[3] not in {"", ".", ".."}
