from __future__ import annotations

import itertools
import keyword
import logging
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitfount_api.exceptions import ModelValidationError
from bitfount_api.hashes import normalized
from bitfount_api.models import check_model_source, load_model_class

NAMES = st.from_regex(r"[A-Z][a-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: not keyword.iskeyword(name) and "BitfountModel" not in name
)
LINE_ENDS = st.sampled_from(["\n", "\r\n", "\n\r", "\r\r\n"])
PIECES = st.sampled_from(
    [
        "class ",
        "Net",
        "BitfountModel",
        "from bitfount_api import BitfountModel",
        "import bitfount",
        "(",
        ")",
        ":",
        "\n",
        "\r",
        "  ",
        "pass",
        "if 1:",
        "...",
        "=",
        ".",
        ",",
        "'",
        '"""',
        "#",
        "# coding: latin-1\n",
        "\0",
        "\ud800",
        "\ufeff",
        "é",
        "\x0c",
        "*",
        "lambda",
        "f'{",
        "\\\n",
    ]
)


@given(st.lists(NAMES, min_size=1, max_size=6, unique=True), LINE_ENDS)
def test_check_and_load_agree_on_class_chains(names: list[str], line_end: str) -> None:
    lines = ["import bitfount_api as b", f"class {names[0]}(b.BitfountModel): pass"]
    lines += [f"class {name}({base}): pass" for base, name in itertools.pairwise(names)]
    source = "".join(line + line_end for line in lines)
    check_model_source(source, names[-1])
    model = load_model_class(source)
    assert model is not None
    assert model.__name__ == names[-1]
    assert load_model_class(normalized(source)) is model
    for name in names[:-1]:
        with pytest.raises(ModelValidationError, match=names[-1]):
            check_model_source(source, name)


@given(st.one_of(st.lists(PIECES).map("".join), st.text(), st.binary()))
def test_any_text_is_a_model_or_a_model_validation_error(source: str | bytes) -> None:
    try:
        check_model_source(source, "Net")
    except ModelValidationError as error:
        assert str(error).startswith("Net.py")


@given(st.lists(PIECES).map("".join))
def test_any_text_is_loaded_or_leaves_nothing_behind(source: str) -> None:
    before = dict(sys.modules)
    logging.getLogger("bitfount_api.models").disabled = True
    try:
        model = load_model_class(source)
    finally:
        logging.getLogger("bitfount_api.models").disabled = False
    assert {name: sys.modules.get(name) for name in before} == before
    if model is None:
        assert not {name for name in set(sys.modules) - set(before) if "_bitfount_model_" in name}
    else:
        # A model that can be loaded can also be sent, under that name.
        check_model_source(source, model.__name__)
