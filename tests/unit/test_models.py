from __future__ import annotations

import contextlib
import hashlib
import inspect
import json
import linecache
import logging
import pickle
import sys
import textwrap
import threading
import traceback
import types
from typing import TYPE_CHECKING, Any

import pytest

from bitfount_api.exceptions import ModelValidationError
from bitfount_api.models import BitfountModel, check_model_source, load_model_class

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NET = "from bitfount_api import BitfountModel\n\n\nclass Net(BitfountModel):\n    layers = 3\n"
METHODS = "class Net:\n  def initialise_model(self): ...\n  def deserialize(self): ...\n"


def code(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


@pytest.fixture(autouse=True)
def _same_modules() -> Iterator[None]:
    """Check that a test removes or replaces no module that was loaded before."""
    before = dict(sys.modules)
    yield
    assert {name: sys.modules.get(name) for name in before} == before


class TestCheck:
    @pytest.mark.parametrize(
        "source",
        [
            NET,
            METHODS,
            NET.replace("\n", "\r\n"),
            NET.encode("utf-8-sig"),
            "# coding: utf-8\n" + NET,
            "#!/usr/bin/python\n# -*- coding: UTF8 -*-\n" + NET,
            "import bitfount\nclass Net(bitfount.PyTorchBitfountModel): ...",
            "import bitfount as bf\nclass Net(bf.PyTorchBitfountModelv2): ...",
            (
                "import bitfount.backends.pytorch\n"
                "class Net(bitfount.backends.pytorch.PyTorchBitfountModelV2): ..."
            ),
            "import bitfount.models.bitfount_model as m\nclass Net(m.BitfountModel): ...",
            "from bitfount import PyTorchBitfountModelv2\nclass Net(PyTorchBitfountModelv2): ...",
            "from bitfount import PyTorchBitfountModel as Base\nclass Net(Base): ...",
            "from bitfount import *\nclass Net(PyTorchBitfountModel): ...",
            "from acme_models import AcmeBitfountModel\nclass Net(AcmeBitfountModel): ...",
            "import torch, bitfount\nclass Net(torch.nn.Module, bitfount.BitfountModel): ...",
            "from bitfount import BitfountModel\nclass Net(BitfountModel[int]): ...",
            "import bitfount\nBase = bitfount.BitfountModel\nclass Net(Base): ...",
            "from bitfount import BitfountModel\nclass A(BitfountModel): ...\nclass Net(A): ...",
            (
                "from bitfount import BitfountModel\n"
                "class A(BitfountModel): ...\nclass B(A): ...\nclass Net(B, A): ..."
            ),
            "from bitfount import BitfountModel\nclass Layer: ...\nclass Net(BitfountModel): ...",
            (
                "try:\n  from bitfount import BitfountModel\n"
                "except ImportError:\n  from bitfount_api import BitfountModel\n"
                "class Net(BitfountModel): ..."
            ),
            "if True:\n  import bitfount as b\n  class Net(b.BitfountModel): ...\nelse:\n  pass",
            (
                "import contextlib, bitfount\n"
                "with contextlib.suppress(Exception):\n  class Net(bitfount.BitfountModel): ..."
            ),
            (
                "from bitfount import BitfountModel\nclass BitfountModel(BitfountModel): ...\n"
                "class Net(BitfountModel): ..."
            ),
            "from bitfount import BitfountModel\nclass Net: ...\nclass Net(BitfountModel): ...",
        ],
    )
    def test_valid_models_are_accepted(self, source: str | bytes) -> None:
        check_model_source(source, "Net")

    @pytest.mark.parametrize(
        ("source", "message"),
        [
            ("", "Net.py: it defines no class"),
            ("x = 1", "Net.py: it defines no class"),
            (
                "class Net: ...",
                r"Net \(line 1\) derives from nothing and lacks initialise_model and",
            ),
            ("class Net: ...", "define initialise_model and deserialize, or derive the class from"),
            ("class Net:\n  def deserialize(self): ...", "and lacks initialise_model; define"),
            (
                (
                    "from abc import ABC, abstractmethod\nclass Net(ABC):\n"
                    "  @abstractmethod\n  def deserialize(self): ..."
                ),
                r"Net \(line 2\) derives from ABC and is abstract, because it lacks deserialize",
            ),
            ("\n\nclass Net(Base): ...", "line 3: Base is not defined, so"),
            ("class Net(BitfountModel): ...", "line 1: BitfountModel is not defined; import it"),
            ("class BitfountModel: ...\nclass Net(BitfountModel): ...", "none of its classes"),
            ("from .base import BitfountModel\nclass Net(BitfountModel): ...", "single file"),
            ("from . import BitfountModel\nclass Net(BitfountModel): ...", "single file"),
            ("from json import JSONEncoder as E\nclass Net(E): ...", "derives from E and lacks"),
            ("class Net(Net): ...", "line 1: Net is not defined"),
            ("class A(B): ...\nclass B(A): ...", "line 1: B is not defined"),
            ("Base = 1\nclass Net(Base): ...", "line 2: Base is not a class"),
            (
                "from bitfount import BitfountModel\ndef f():\n  class Net(BitfountModel): ...",
                "it defines no class",
            ),
            (
                (
                    "from bitfount import BitfountModel\n"
                    "class Net(BitfountModel): ...\nclass Other(BitfountModel): ..."
                ),
                r"it has 2 model classes: Net \(line 2\), Other \(line 3\)",
            ),
            (
                "from bitfount import BitfountModel\nclass Other(BitfountModel): ...",
                r"Net.py, line 2: the model class is called Other; rename the file to Other.py",
            ),
            (
                (
                    "from bitfount import BitfountModel\nclass Net(BitfountModel): ...\n"
                    "class Better(Net): ..."
                ),
                "the model class is called Better",
            ),
            ("class Net(:\n", r"Net.py, line 1: not valid Python"),
            ("x = 1\n  y = 2", r"Net.py, line 2: not valid Python: unexpected indent"),
            ("print 'x'", "not valid Python"),
            ("x = 'a\0b'", "Net.py: it cannot be read: it holds a null byte"),
            (b"x = '\xff'", "it cannot be read"),
            (b"x = 1\ny = 2\nz = '\xff'", "it is not UTF-8: invalid start byte at byte 17"),
            ("\ud800", "it cannot be read"),
            ("# coding: latin-1\n", "declares the encoding iso-8859-1, but models must be UTF-8"),
            ("# coding: utf-7\n", "it declares the encoding utf-7"),
            ("# coding: nonsense\n", "its encoding cannot be determined: unknown encoding"),
            (b"\xef\xbb\xbf# coding: latin-1\n", "its encoding cannot be determined"),
            ("(" * 100_000, "not valid Python: too many nested parentheses"),
            ("-" * 200_000 + "1", "nested too deeply"),
            ("a" + ".a" * 200_000, "nested too deeply"),
            ("x = " + "+".join("1" * 200_000), "nested too deeply"),
            ("if 1:\n" + "".join(" " * i + "if 1:\n" for i in range(1, 200)), "not valid Python"),
        ],
    )
    def test_invalid_model_error_gives_reason_and_advice(
        self, source: str | bytes, message: str
    ) -> None:
        with pytest.raises(ModelValidationError, match=message) as caught:
            check_model_source(source, "Net")
        assert len(str(caught.value)) < 1500

    @pytest.mark.parametrize(
        ("source", "message"),
        [
            (NET + "def Net(): ...", r"Net \(line 4\) is not there when the code has run"),
            (NET + "async def Net(): ...", "not there when"),
            (NET + "del Net", "not there when"),
            (NET + "Net = None", "not there when"),
            (NET + "Net: object = None", "not there when"),
            (NET + "import json as Net", "not there when"),
            (NET + "from json import dumps as Net", "not there when"),
            (NET.replace("class", "if False:\n class"), "it defines no class"),
            (NET.replace("class", "if not 1:\n class"), "it defines no class"),
            (NET.replace("class", "if __name__ == '__main__':\n class"), "it defines no class"),
            (NET.replace("class", "while 0:\n class"), "it defines no class"),
            (NET.replace("class", "for i in (): \n class"), "it defines no class"),
            (
                "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n "
                + NET.replace("\n\n\n", "\n "),
                "it defines no class",
            ),
            (NET + "raise RuntimeError", "line 6: it always raises an exception"),
            (NET + "assert False", "line 6: its assertion always fails"),
            (NET + "del Nett", "line 6: Nett is not defined"),
            (NET + "print(Nett)", "line 6: Nett is not defined"),
            (NET + "from . import x", "line 6: a model is a single file"),
            (NET + "return", "line 6: not valid Python: 'return' outside function"),
            (NET + "break", "line 6: not valid Python: 'break' outside loop"),
            (NET + "def f(a, a): ...", "line 6: not valid Python: duplicate argument"),
            (NET + "    raise ValueError\n", "line 6: it always raises"),
            (NET + "Other = Net\nclass Net(Net): ...\nclass More(Other): ...", "2 model classes"),
        ],
    )
    def test_model_that_cannot_be_loaded_is_rejected(self, source: str, message: str) -> None:
        with pytest.raises(ModelValidationError, match=message):
            check_model_source(source, "Net")
        assert load_model_class(source) is None

    @pytest.mark.parametrize(
        "source",
        [
            "Base: type = BitfountModel\nclass Net(Base): ...",
            "Base = Other = BitfountModel\nclass Net(Other): ...",
            "class Net((Base := BitfountModel)): ...",
            "class Outer:\n  class Base(BitfountModel): ...\nclass Net(Outer.Base): ...",
            "for _ in ():\n  pass\nelse:\n  class Net(BitfountModel): ...",
            "class Net(BitfountModel): ...\nKept = Net\ndel Net",
            "class Net(BitfountModel): ...\nclass Other(Net): ...\ndel Other",
            "class Net(BitfountModel): ...\nif False:\n  Net = None",
            "class Net(BitfountModel): ...\nif 0:\n  raise ValueError",
        ],
    )
    def test_model_that_can_be_loaded_is_accepted(
        self, source: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        source = "from bitfount_api import BitfountModel\n" + source
        check_model_source(source, "Net")
        assert caplog.messages == []
        model = load_model_class(source)
        assert model is not None
        assert model.__name__ == "Net"

    @pytest.mark.parametrize(
        ("source", "reason"),
        [
            ("if len('x'):\n  class Net(BitfountModel): ...", "Net (line 3) may not be there"),
            ("for _ in list('x'):\n  class Net(BitfountModel): ...", "may not be there"),
            ("for _ in (1, 2):\n  class Net(BitfountModel): ...", "may not be there"),
            ("while True:\n  class Net(BitfountModel): ...\n  break", "may not be there"),
            ("match 1:\n  case 1:\n    class Net(BitfountModel): ...", "may not be there"),
            (
                (
                    "if len('x'):\n  class Net(BitfountModel): ...\n"
                    "else:\n  class Net(BitfountModel): ..."
                ),
                "may not be there",
            ),
            (
                "try:\n  raise ValueError\nexcept Exception:\n  class Net(BitfountModel): ...",
                "line 3: it may raise an exception",
            ),
            (
                (
                    "class Net(BitfountModel): ...\nif not len('x'):\n"
                    "  class Other(BitfountModel): ..."
                ),
                "Other (line 4) may not be there",
            ),
            (
                "class Net(BitfountModel): ...\nif not len('x'):\n  raise ValueError",
                "line 4: it may raise an exception",
            ),
            (
                "Base = BitfountModel if len('x') else object\nclass Net(Base): ...",
                "Net (line 3): Base depends on a condition",
            ),
            ("if len('x'):\n  a = 1\nprint(a)\nclass Net(BitfountModel): ...", "a may not be"),
            (
                "class Net(BitfountModel): ...\ndef f():\n  global Net\n  Net = 1",
                "may not be there",
            ),
        ],
    )
    def test_uncertain_model_is_accepted_with_a_warning(
        self, source: str, reason: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        source = "from bitfount_api import BitfountModel\n" + source
        check_model_source(source, "Net")
        (message,) = caplog.messages
        assert "does not show whether the class Net can be loaded" in message
        assert reason in message
        assert load_model_class(source) is not None

    @pytest.mark.parametrize(
        "source",
        [
            "import torch_unseen\nclass Net(torch_unseen.nn.Module): ...",
            "from bitfount import X\nclass Net(X, object): ...",
            "from json import *\nclass Net(Other): ...",
            "def make(): ...\nBase = make()\nclass Net(Base): ...",
        ],
    )
    def test_base_that_cannot_be_seen_is_accepted_with_a_warning(
        self, source: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        check_model_source(source, "Net")
        (message,) = caplog.messages
        assert "and lacks initialise_model and deserialize, as far as its bases" in message

    def test_many_conditions_are_followed_quickly(self) -> None:
        branches = "".join(
            f"if len('{n}'):\n  class A{n}(BitfountModel): ...\nelse:\n  x = {n}\n"
            for n in range(2000)
        )
        check_model_source(NET + branches, "Net")

    def test_long_chain_of_elifs_is_accepted(self) -> None:
        chain = "if 0: pass\n" + "elif 0: pass\n" * 300
        check_model_source(NET + chain, "Net")

    def test_except_star_is_accepted(self) -> None:
        source = code("""
            try:
                from bitfount import BitfountModel
            except* ImportError:
                pass
            finally:
                pass
            class Net(BitfountModel): ...
        """)
        check_model_source(source, "Net")

    def test_check_runs_no_code(self, tmp_path: Path) -> None:
        witness = tmp_path / "witness"
        check_model_source(f"open({str(witness)!r}, 'w').close()\n" + NET, "Net")
        assert not witness.exists()

    def test_lone_carriage_return_hides_no_code(self) -> None:
        # For Python a lone \r ends a line; the hash, and so the code that runs, ignores it.
        hidden = NET.replace("class Net", "#\rclass Net")
        with pytest.raises(ModelValidationError):
            check_model_source(hidden.encode(), "Net")


class TestLoad:
    def test_load_returns_the_class(self) -> None:
        net: Any = load_model_class(NET)
        assert net.__name__ == "Net"
        assert issubclass(net, BitfountModel)
        assert net.layers == 3

    def test_load_runs_the_hashed_text(self) -> None:
        source = NET + "    hidden = False\n    #\r    hidden = True\n"
        net: Any = load_model_class(source.encode())
        assert net.hidden is False

    def test_every_line_ending_is_the_same_model(self) -> None:
        assert load_model_class(NET.replace("\n", "\r\n")) is load_model_class(NET.encode())

    def test_class_is_in_a_separate_module(self) -> None:
        net: Any = load_model_class(NET + "# of its own\n")
        digest = hashlib.sha256((NET + "# of its own\n").encode()).hexdigest()
        assert net.__module__ == f"_bitfount_model_{digest}"
        assert sys.modules[net.__module__].Net is net

    def test_cannot_shadow_another_module(self) -> None:
        source = code("""
            import json
            from bitfount_api import BitfountModel
            class json(BitfountModel):
                real = json
        """)
        model: Any = load_model_class(source)
        assert model.__name__ == "json"
        assert model.real is json is sys.modules["json"]

    def test_module_name_in_use_is_not_replaced(self) -> None:
        source = NET + "# taken\n"
        name = f"_bitfount_model_{hashlib.sha256(source.encode()).hexdigest()}"
        planted = types.ModuleType(name)
        sys.modules[name] = planted
        try:
            net: Any = load_model_class(source)
            assert sys.modules[name] is planted
            assert net.__module__ == f"{name}_2"
        finally:
            del sys.modules[name]

    def test_runs_once(self, tmp_path: Path) -> None:
        log = tmp_path / "log"
        source = f"with open({str(log)!r}, 'a') as f: f.write('x')\n" + NET
        first = load_model_class(source)
        assert load_model_class(source) is first
        assert log.read_text() == "x"

    def test_runs_once_for_many_threads(self, tmp_path: Path) -> None:
        log = tmp_path / "log"
        source = (
            f"with open({str(log)!r}, 'a') as f: f.write('x')\nimport time; time.sleep(0.05)\n"
            + NET
        )
        found: list[object] = []
        threads = [
            threading.Thread(target=lambda: found.append(load_model_class(source)))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(found)) == 1
        assert log.read_text() == "x"

    def test_future_imports_of_the_library_are_not_inherited(self) -> None:
        net: Any = load_model_class(NET + "    size: int = 1\n")
        assert net.__annotations__ == {"size": int}

    def test_works_with_dataclasses_and_pickle(self) -> None:
        source = code("""
            from __future__ import annotations
            import dataclasses
            from bitfount_api import BitfountModel
            @dataclasses.dataclass
            class Net(BitfountModel):
                size: int = 1
        """)
        net: Any = load_model_class(source)
        assert pickle.loads(pickle.dumps(net(5))) == net(5)

    def test_source_is_available_to_inspect_and_tracebacks(self) -> None:
        net: Any = load_model_class(NET + "    def fail(self):\n        return 1 / 0  # here\n")
        linecache.checkcache()
        assert inspect.getsource(net).startswith("class Net(BitfountModel):")
        with pytest.raises(ZeroDivisionError) as caught:
            net().fail()
        assert "return 1 / 0  # here" in "".join(traceback.format_exception(caught.value))

    def test_only_the_most_derived_class_counts(self) -> None:
        source = code("""
            from bitfount_api import BitfountModel
            class Base(BitfountModel): ...
            class Net(Base): ...
            Alias = Net
            class Layer: ...
        """)
        net: Any = load_model_class(source)
        assert net.__name__ == "Net"

    def test_class_with_the_methods_needs_no_base(self) -> None:
        net: Any = load_model_class(METHODS)
        assert net.__mro__ == (net, object)

    def test_inherited_methods_count(self) -> None:
        source = code("""
            class Loads:
                def deserialize(self): ...
            class Net(Loads):
                def initialise_model(self): ...
        """)
        net: Any = load_model_class(source)
        assert net.__name__ == "Net"

    def test_abstract_class_is_no_model(self, caplog: pytest.LogCaptureFixture) -> None:
        source = code("""
            from abc import ABC, abstractmethod
            from bitfount_api import BitfountModel
            class Net(BitfountModel, ABC):
                @abstractmethod
                def size(self): ...
        """)
        assert load_model_class(source) is None
        assert "Net is abstract, because it lacks size" in caplog.text
        net: Any = load_model_class(source + "class Big(Net):\n    def size(self): ...\n")
        assert net.__name__ == "Big"

    def test_missing_methods_are_named_in_the_log(self, caplog: pytest.LogCaptureFixture) -> None:
        assert load_model_class("class Net:\n  def deserialize(self): ...") is None
        assert "no model class (Net lacks initialise_model)" in caplog.text

    @pytest.mark.parametrize("change", ["del __name__", "__name__ = []", "__name__ = 'json'"])
    def test_code_that_changes_its_name_is_loaded(self, change: str) -> None:
        source = NET + change
        model: Any = load_model_class(source)
        assert model.__name__ == "Net"
        assert load_model_class(source) is model

    @pytest.mark.parametrize("change", ["del __name__", "__name__ = []", "__name__ = 'json'"])
    def test_failed_code_that_changes_its_name_is_discarded(self, change: str) -> None:
        modules = set(sys.modules)
        assert load_model_class(f"{change}\nraise ValueError") is None
        assert set(sys.modules) == modules

    def test_name_selects_one_of_several_classes(self, caplog: pytest.LogCaptureFixture) -> None:
        source = code("""
            from bitfount_api import BitfountModel
            class A(BitfountModel): ...
            class B(BitfountModel): ...
        """)
        assert load_model_class(source) is None
        assert "but it defines: A, B" in caplog.text
        a: Any = load_model_class(source, "A")
        b: Any = load_model_class(source, "B")
        assert (a.__name__, b.__name__) == ("A", "B")
        assert a.__module__ == b.__module__
        assert load_model_class(source, "C") is None
        assert load_model_class(source, "A") is a

    def test_models_of_the_official_sdk_are_recognized(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        package = types.ModuleType("bitfount")
        exec("class PyTorchBitfountModelv2: ...", package.__dict__)
        monkeypatch.setitem(sys.modules, "bitfount", package)
        source = "import bitfount\nclass Net(bitfount.PyTorchBitfountModelv2): ..."
        net: Any = load_model_class(source)
        assert net.__mro__[1] is package.PyTorchBitfountModelv2

    @pytest.mark.parametrize(("method", "is_model"), [("size", True), ("other", False)])
    def test_loaded_base_of_the_sdk_counts_as_it_is(
        self, method: str, is_model: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        package: Any = types.ModuleType("bitfount")
        abstract = "class BitfountModel(abc.ABC):\n  @abc.abstractmethod\n  def size(self): ..."
        exec(f"import abc\n{abstract}", package.__dict__)
        monkeypatch.setitem(sys.modules, "bitfount", package)
        source = (
            "from bitfount import BitfountModel as Base\n"
            f"class Net(Base):\n  def {method}(self): ..."
        )
        assert (load_model_class(source) is not None) is is_model
        problem = pytest.raises(ModelValidationError, match="is abstract, because it lacks size")
        with contextlib.nullcontext() if is_model else problem:
            check_model_source(source, "Net")

    @pytest.mark.parametrize(
        "base",
        [
            "class BitfountModel: __module__ = 'bitfount.models'",
            "class BitfountModel: __module__ = 'bitfount'",
            "class BitfountModel: __module__ = 5",
            "class BitfountModel: ...",
        ],
    )
    def test_class_that_imitates_the_official_sdk_is_rejected(self, base: str) -> None:
        assert load_model_class(base + "\nclass Net(BitfountModel): ...") is None


class TestLoadFailing:
    @pytest.mark.parametrize(
        ("source", "reason"),
        [
            ("class Net(:", "SyntaxError"),
            ("x = 1", "but it defines: no model class"),
            (NET + "raise RuntimeError('boom')", "RuntimeError: 'boom'"),
            (NET + "raise SystemExit(3)", "SystemExit: '3'"),
            (NET + "import sys; sys.exit()", "SystemExit"),
            (NET + "raise GeneratorExit", "GeneratorExit"),
            (NET + "raise RuntimeError('\\n\\x1b[31m' * 1000)", r"\n\x1b[31m"),
            (
                NET + "class E(BaseException):\n  def __str__(self): raise self\nraise E",
                "an error that cannot be shown",
            ),
            (NET + "def f(): f()\nf()", "RecursionError"),
            ("from json import nothing\n" + NET, "ImportError"),
            ("import no_such_package.x\n" + NET, "install what provides 'no_such_package'"),
            ("from . import x\n" + NET, "no known parent package"),
            ("x = '\0'", "it holds a null byte"),
            (b"x = '\xff'", "ValueError"),
            ("# coding: utf-7\n", "it declares the encoding utf-7"),
            ("x = '\ud800'", "ValueError"),
            ("-" * 200_000 + "1", "MemoryError"),
            (
                (
                    "from bitfount_api import BitfountModel\n"
                    "class M(type):\n  @property\n  def __mro__(cls): raise ValueError('no')\n"
                    "class Net(BitfountModel, metaclass=M): ..."
                ),
                "no",
            ),
        ],
    )
    def test_failed_load_returns_none_and_logs(
        self, source: str | bytes, reason: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        modules, lines = set(sys.modules), set(linecache.cache)
        with caplog.at_level(logging.WARNING):
            assert load_model_class(source) is None
        (record,) = caplog.records
        assert reason in record.getMessage()
        assert "get_model_code()" in record.getMessage()
        assert record.getMessage().isprintable()
        assert len(record.getMessage()) < 1000
        assert not {name for name in set(sys.modules) - modules if name.startswith("_bitfount")}
        assert not {name for name in set(linecache.cache) - lines if name.startswith("<_bitf")}

    def test_missing_official_sdk_is_named_in_the_log(
        self, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "bitfount", None)  # has the effect of not being installed
        source = "from bitfount import PyTorchBitfountModelv2 as B\nclass Net(B): ..."
        assert load_model_class(source) is None
        assert "ModuleNotFoundError" in caplog.text
        assert "install what provides 'bitfount'" in caplog.text

    def test_failed_load_can_succeed_later(self, tmp_path: Path) -> None:
        flag = tmp_path / "flag"
        source = f"open({str(flag)!r}).close()\n" + NET
        assert load_model_class(source) is None
        flag.touch()
        assert load_model_class(source) is not None

    def test_keyboard_interrupt_is_raised(self) -> None:
        modules = set(sys.modules)
        with pytest.raises(KeyboardInterrupt):
            load_model_class(NET + "raise KeyboardInterrupt")
        assert set(sys.modules) == modules

    def test_code_that_deletes_its_module_returns_none(self) -> None:
        source = "import sys\ndel sys.modules[__name__]\nraise ValueError\n"
        assert load_model_class(source) is None
