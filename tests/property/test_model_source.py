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


SIMPLE = st.sampled_from(
    [
        "class Net(Base): pass",
        "class Net(Net): pass",
        "class Net(Other): pass",
        "class Other(Base): pass",
        "class Other(Net): x = 1",
        "class Net: pass",
        "class Net(Base): class Inner: pass",
        "class Other: __module__ = 'x'",
        "class Net(Base): __module__ = 'x'",
        "class Outer:\n class Inner(Base): pass",
        "class Net(Outer.Inner): pass",
        "def Net(): pass",
        "Net = None",
        "Net: type = Other",
        "Net: type",
        "Other, Net = Net, Other",
        "(Other := Net)",
        "Kept = Net",
        "Base = object",
        "Base: type = BitfountModel",
        "First = Second = BitfountModel",
        "class Net(First): pass",
        "class Net(Base if 1 else object): pass",
        "class Net((Named := BitfountModel)): pass",
        "del Net",
        "del Other, Kept",
        "import json as Net",
        "from json import dumps as Other",
        "from . import Net",
        "for Net in (1, 2): pass",
        "raise ValueError",
        "assert False",
        "assert True",
        "return",
        "break",
        "continue",
        "pass",
        "try: raise ValueError\nexcept ValueError as Net: pass",
        "match 1:\n case Net: pass",
        "with open('/dev/null') as Other: pass",
        "global Net",
        "class Net: deserialize = initialise_model = print",
        "class Other: deserialize = initialise_model = print",
        "class Net: deserialize = initialise_model = None",
        "class Other: deserialize = 1",
        "class Net(Other): initialise_model = 1",
        "class Net(Base, Other): pass",
        "class Net(Other, Base): pass",
        "class Other(abc.ABC):\n @abc.abstractmethod\n def size(self): pass",
        "class Net(Other):\n def size(self): pass",
        "class Net(BitfountModel[int]): pass",
        "class Net(Base, metaclass=abc.ABCMeta): pass",
        "class Net(1): pass",
        "@dataclass\nclass Net(Base): pass",
        "@print\nclass Net(Base): pass",
        "Net.deserialize = None",
        "del Net.deserialize",
        "Exception = KeyError",
        "a, b = 1,",
        "del print",
        "(Net, Other), Kept = (Other, Net), 1",
        "x: undefined = 1",
        "def f(x: undefined = 1): pass",
        "print(undefined)",
        "print(0 and undefined)",
        "[Net := 1 for _ in 'a']",
        "0 and (Net := 1)",
        "__name__ = 'x'",
        "del __name__",
        "__qualname__ = 5",
        "Net += 1",
        "match 1.0:\n case 1: pass\n case Net: pass",
        "with suppress(NameError): print(undefined)",
        "from json import *",
        "from bitfount_api import BitfountModel as Base",
    ]
)


def _indented(blocks: list[list[str]], heads: list[str]) -> str:
    lines = []
    for head, block in zip(heads, blocks, strict=False):
        lines.append(head)
        lines += [f" {line}" for text in block for line in text.split("\n")]
    return "\n".join(lines)


HEADS = st.sampled_from(
    [
        ["if 1:", "else:"],
        ["if 0:", "elif not 0:", "else:"],
        ["if len('x'):", "else:"],
        ["if len(''):", "elif len('y'):"],
        ["if __name__ == '__main__':", "else:"],
        ["try:", "except ValueError:", "else:", "finally:"],
        ["try:", "except BaseException:"],
        ["try:", "finally:"],
        ["for i in (1, 2):", "else:"],
        ["for i in ():", "else:"],
        ["for i in range(2):"],
        ["for i in list('ab'):", "else:"],
        ["while len(''):", "else:"],
        ["while 0:", "else:"],
        ["with suppress(Exception):"],
        ["with suppress():"],
        ["def f():"],
        ["class Scope:"],
        ["match 1:\n case 1:"],
        ["if TYPE_CHECKING:", "else:"],
        ["class Net(Base):"],
        ["class Other:"],
    ]
)
STATEMENTS = st.recursive(
    SIMPLE,
    lambda inner: st.tuples(
        st.lists(st.lists(inner, min_size=1, max_size=3), min_size=4, max_size=4), HEADS
    ).map(lambda drawn: _indented(drawn[0], drawn[1]).replace("\n case 1:\n ", "\n case 1:\n  ")),
    max_leaves=6,
)


class _Recorder(logging.Handler):
    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__()
        self._records = records

    def emit(self, record: logging.LogRecord) -> None:
        self._records.append(record)


START = """
import abc
from contextlib import suppress
from dataclasses import dataclass
from bitfount_api import BitfountModel
from typing import TYPE_CHECKING
Base = BitfountModel
"""


@given(st.lists(STATEMENTS, max_size=6))
def test_check_says_yes_exactly_where_the_class_loads(statements: list[str]) -> None:
    source = START + "\n".join(statements)
    records: list[logging.LogRecord] = []
    handler = _Recorder(records)
    logger = logging.getLogger("bitfount_api.models")
    logger.addHandler(handler)
    logger.propagate = False
    problem = None
    try:
        try:
            check_model_source(source, "Net")
        except ModelValidationError as error:
            problem = str(error)
        is_uncertain = bool(records)
        model = load_model_class(source)
    finally:
        logger.removeHandler(handler)
        logger.propagate = True
    # The check does not follow names from one branch of a statement to another.
    if is_uncertain or any("NameError" in record.getMessage() for record in records):
        return
    loads = model is not None and model.__name__ == "Net"
    assert loads == (problem is None), problem
