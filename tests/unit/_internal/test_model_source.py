"""The check of a model's syntax tree, compared with what loading the same code gives."""

from __future__ import annotations

import logging

import pytest

from bitfount_api.exceptions import ModelValidationError
from bitfount_api.models import check_model_source, load_model_class

PARTS = {
    "{BASE}": "from bitfount_api import BitfountModel\n",
    "{NET}": "class Net(BitfountModel): ...\n",
    "{METHODS}": "  def initialise_model(self): ...\n  def deserialize(self): ...\n",
}
YES = [
    "import builtins\nclass Net(builtins.object):\n{METHODS}",
    "{BASE}x: int\na, b = 1, 2\nfor a, b in ():\n  pass\n{NET}",
    "class Net:\n{METHODS}",
    (
        "class A:\n  def initialise_model(self): ...\nclass B:\n"
        "  def deserialize(self): ...\nclass Net(A, B): ..."
    ),
    "class A:\n{METHODS}class Net(A): ...",
    (
        "import abc\nclass A(abc.ABC):\n{METHODS}  @abc.abstractmethod\n  def f(self): ...\n"
        "class Net(A):\n  def f(self): ..."
    ),
    "import abc\nclass Net:\n{METHODS}  @abc.abstractmethod\n  def f(self): ...",
    "from bitfount_api import BitfountModel as Base\nclass Net(Base): ...",
    "import bitfount_api.models as m\nclass Net(m.BitfountModel): ...",
    "from json import JSONEncoder\nclass Net(JSONEncoder):\n{METHODS}",
    (
        "{BASE}import dataclasses\n@dataclasses.dataclass\nclass Net(BitfountModel):\n"
        "  size: int = 1"
    ),
    "{BASE}{NET}__doc__ = 'x'",
    "from __future__ import annotations\n{BASE}{NET}x: undefined = 1",
    (
        "try:\n  from bitfount import BitfountModel\nexcept ImportError:\n"
        "  from bitfount_api import BitfountModel\n{NET}"
    ),
    "try:\n  import no_package\nexcept ImportError:\n  no_package = None\n{BASE}{NET}",
    (
        "import sys\nif sys.version_info > (3,):\n  import json as j\nelse:\n"
        "  import csv as j\n{BASE}{NET}x = j"
    ),
    (
        "from typing import Generic, TypeVar\n{BASE}T = TypeVar('T')\n"
        "class A(BitfountModel, Generic[T]): ...\nclass Net(A[int]): ..."
    ),
    "{BASE}{NET}if __name__ == '__main__':\n  raise ValueError",
    "{BASE}class Net(BitfountModel):\n  x = 1\n  y = x\n  del x",
    "{BASE}class Net(BitfountModel):\n  f = lambda self: undefined",
    "{BASE}class Layer(__import__('json').JSONEncoder): ...\n{NET}",
    "{BASE}N2 = 5\nclass Kept(BitfountModel): ...\ndel Kept\n{NET}",
    "{BASE}class Net(BitfountModel): ...\nAlias = Net",
    "{BASE}class Outer:\n  class Base(BitfountModel): ...\nclass Net(Outer.Base): ...",
    "from json import *\n{BASE}{NET}",
    "{BASE}from json import JSONEncoder\nclass Layer(JSONEncoder): ...\n{NET}",
]
NO = [
    "class Net:\n  def initialise_model(self): ...",
    "class Net:\n  def deserialize(self): ...",
    "class Net:\n  initialise_model = None\n  deserialize = None",
    "class A:\n{METHODS}class Net:\n{METHODS}",
    "class Other:\n{METHODS}",
    "import abc\nclass Net(abc.ABC):\n{METHODS}  @abc.abstractmethod\n  def f(self): ...",
    (
        "from abc import ABCMeta, abstractmethod as a\nclass Net(metaclass=ABCMeta):\n"
        "{METHODS}  @property\n  @a\n  def f(self): ..."
    ),
    (
        "{BASE}import abc\nclass A(abc.ABC):\n  @abc.abstractmethod\n  def f(self): ...\n"
        "class Net(BitfountModel, A): ..."
    ),
    "from json import JSONEncoder\nclass Net(JSONEncoder): ...",
    "{BASE}class A(BitfountModel): ...\nclass Net(BitfountModel, A): ...",
    "{BASE}class Net(BitfountModel, BitfountModel): ...",
    "{BASE}{NET}del print",
    "{BASE}Other = type('Other', (BitfountModel,), {})",
    "import logging\nlog = logging.getLogger(__name__)",
    "x = 1\nclass Net(x): ...",
    "{BASE}def f(): ...\nclass Net(f): ...",
    "class Net(bool): ...",
    "{BASE}{NET}assert not 1",
    "{BASE}class Net(BitfountModel):\n  del BitfountMode",
    "{BASE}class Net(BitfountModel):\n  del BitfountModel",
    "{BASE}class Net(BitfountModel):\n  class In:\n    x = 1\n    class Deep:\n      y = x",
    "{BASE}class Net(BitfountModel):\n  def f(self, x=undefined): ...",
    "{BASE}@undefined\nclass Net(BitfountModel): ...",
    "{BASE}class N(BitfountModel): ...\nNet = N\ndel N",
    "if len('x'):\n  class Net: ...",
    "{BASE}from json import dumps\nclass Net(dumps): ...",
    "import json\nclass Net(json): ...",
    "from . import Base\nclass Net(Base): ...",
]
WARNS = [
    "from bitfount_api import PyTorchBitfountModel\nclass Net(PyTorchBitfountModel): ...",
    "class Net: ...\nNet.initialise_model = Net.deserialize = print",
    "class Net:\n{METHODS}del Net.deserialize",
    "import unseen_package\nclass Net(unseen_package.Base): ...",
    "from json import JSONEncoder as E\nBase = type('Base', (E,), {})\nclass Net(Base): ...",
    "{BASE}{NET}a, b = 1,",
    "{BASE}class Net(BitfountModel):\n  __qualname__ = 5",
    "{BASE}class Net(BitfountModel):\n  __module__ = 'x'",
    "{BASE}def keep(c): return 1\n@keep\nclass Net(BitfountModel): ...",
    "{BASE}class M(type):\n  def __call__(cls): ...\nclass Net(BitfountModel, metaclass=M): ...",
    "{BASE}Exception = KeyError\ntry:\n  raise ValueError\nexcept Exception: ...\n{NET}",
    "{BASE}{NET}del __name__",
    "{BASE}__name__ = []\n{NET}",
    "{BASE}{NET}x: undefined = 1",
    "{BASE}class Net(BitfountModel):\n  def f(self) -> Net: ...",
    "{BASE}match 1:\n  case True:\n    class Net(BitfountModel): ...",
    "{BASE}match 2:\n  case x if x > 1:\n    class Net(BitfountModel): ...",
    "{BASE}match 1.0:\n  case 1:\n    class Net(BitfountModel): ...",
    "{BASE}{NET}len('') and (Net := 1)",
    "{BASE}{NET}[Net := 1 for _ in 'a']",
    "{BASE}{NET}print(Net := 1)",
    "{BASE}{NET}undefined and 1",
    "{BASE}class Net(BitfountModel):\n  global Other\n  class Other(BitfountModel): ...",
    "{BASE}{NET}def f():\n  global Net\n  del Net\nf()",
    "{BASE}{NET}globals().clear()",
    "exec('class Net: initialise_model = deserialize = print')",
    'def f(): return exec("x = 1")',
    "{BASE}Net = type('Net', (BitfountModel,), {})",
    "try:\n  from no_package import x\nexcept ImportError:\n  pass\nclass Net(x):\n{METHODS}",
    (
        "{BASE}class A(BitfountModel): ...\nclass C(BitfountModel): ...\n"
        "class Net(A if len('x') else C): ..."
    ),
    "{BASE}class Net(BitfountModel[int]): ...",
    (
        "from typing import Generic, TypeVar\n{BASE}T = TypeVar('T')\n"
        "class A(BitfountModel, Generic[T]): ...\nclass Net(Generic[T], A): ..."
    ),
    "{BASE}{NET}import sys\nif not sys.argv:\n  raise ValueError",
    "{BASE}class Net(BitfountModel):\n  x = [undefined for _ in ()]",
    "{BASE}class Old(BitfountModel): ...\nclass Net(BitfountModel): ...\nif len('x'): del Old",
    "{BASE}from json import *\nclass Net(Base): ...",
    "{BASE}class Outer: ...\nclass Net(Outer.Base): ...",
    "{BASE}class Net(BitfountModel, x=1): ...",
    (
        "{BASE}class A(BitfountModel):\n  def __init_subclass__(cls): raise ValueError\n"
        "class Net(A): ..."
    ),
    "{BASE}bases = (BitfountModel,)\nclass Net(*bases): ...",
    "{BASE}class Net(BitfountModel):\n  if len('x'):\n    raise ValueError",
    (
        "class Net:\n  if len('x'):\n    def initialise_model(self): ...\n"
        "  def deserialize(self): ..."
    ),
    "{BASE}while True:\n  {NET}  break",
    "{BASE}for _ in 'ab':\n  {NET}",
    "{BASE}with open('/dev/null'):\n  {NET}",
    "{BASE}{NET}with open('/dev/null') as Net: ...",
    "{BASE}{NET}Net += 1",
    "{BASE}{NET}counter += 1",
    (
        "from typing import Generic, TypeVar\n{BASE}T = TypeVar('T')\n"
        "class A(BitfountModel, Generic[T]): ...\nclass Net(Generic[T], A[T]): ..."
    ),
    "{BASE}a, Net = 1, type('Net', (BitfountModel,), {})",
    "class Net: ...\nif len('x'):\n  Net.initialise_model = Net.deserialize = print",
]

TYPICAL = '''
"""A model."""

from __future__ import annotations
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar
import torch
from torch import nn
import torch.nn.functional as F
try:
    import timm
except ImportError:
    timm = None
if TYPE_CHECKING:
    from collections.abc import Sequence
from bitfount.backends.pytorch.models.bitfount_model import PyTorchBitfountModelv2

logger = logging.getLogger(__name__)
SIZES = [n * 2 for n in range(4)]
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
T = TypeVar("T")
__all__ = ["Net"]
_HERE = Path(__file__).parent

def conv(a: int, b: int = 3) -> nn.Module:
    return nn.Conv2d(a, b, 3)

class Block(nn.Module):
    def __init__(self, n: int) -> None:
        super().__init__()
        self.n = conv(n)
    @property
    def size(self) -> int:
        return self.n

class Net(PyTorchBitfountModelv2):
    layers: Sequence[int] = (1, 2)
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        setattr(self, "x", 1)
    def create_model(self) -> nn.Module:
        return nn.Sequential(Block(1))
    @staticmethod
    def f(x: Net) -> None: ...
if __name__ == "__main__":
    Net()
'''


def verdict(source: str, caplog: pytest.LogCaptureFixture) -> str:
    """Return "yes", "no", or "warns" for a file that is accepted with a warning."""
    caplog.clear()
    try:
        check_model_source(source, "Net")
    except ModelValidationError:
        return "no"
    return "warns" if caplog.records else "yes"


@pytest.mark.parametrize(
    ("expected", "source"),
    [
        *(("yes", source) for source in YES),
        *(("no", source) for source in NO),
        *(("warns", source) for source in WARNS),
    ],
)
def test_verdict_agrees_with_what_loading_gives(
    expected: str, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    for name, part in PARTS.items():
        source = source.replace(name, part)
    assert verdict(source, caplog) == expected
    with caplog.at_level(logging.CRITICAL):
        model = load_model_class(source)
    loads = model is not None and model.__name__ == "Net"
    # What the check cannot tell may load or not.
    assert expected == ("yes" if loads else "no") or expected == "warns"


def test_deep_expressions_are_accepted_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    source = "x = " + "+".join("1" * 1500) + "\n{BASE}{NET}"
    for name, part in PARTS.items():
        source = source.replace(name, part)
    assert verdict(source, caplog) == "warns"
    assert "nested too deeply to be checked" in caplog.text
    assert load_model_class(source) is not None


@pytest.mark.parametrize("kind", ["row", "width"])
def test_too_many_bases_are_accepted_with_a_warning(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Python would need minutes for the bases of 5,000 classes in a row, and then all memory."""
    count = 5_000
    if kind == "row":
        source = "class C0: ...\n"
        source += "\n".join(f"class C{at}(C{at - 1}): ..." for at in range(1, count))
    else:
        several = "".join(f"class C{at}: ...\n" for at in range(1000))
        wide = f"class W{{}}({', '.join(f'C{at}' for at in range(1000))}): ...\n"
        source = several + "".join(map(wide.format, range(60)))
    source += "\n{BASE}{NET}"
    for name, part in PARTS.items():
        source = source.replace(name, part)
    assert verdict(source, caplog) == "warns"
    assert "derive from too many others to be checked" in caplog.text


def test_typical_model_is_accepted_without_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    assert verdict(TYPICAL, caplog) == "yes"
    methods = "(nn.Module):\n    def initialise_model(self): ...\n    def deserialize(self): ..."
    assert verdict(TYPICAL.replace("(PyTorchBitfountModelv2):", methods), caplog) == "yes"
    assert verdict(TYPICAL.replace("(PyTorchBitfountModelv2):", ":"), caplog) == "no"
