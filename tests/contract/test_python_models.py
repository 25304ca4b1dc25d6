"""What datamodel-code-generator makes of the specs by default can be imported and used.

``make generate`` calls it with many options, for the types in ``bitfount_api/_wire/``.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from contract import specs

GENERATOR = Path(sys.executable).with_name("datamodel-codegen")


def generated(name: str, folder: Path, *options: str) -> ModuleType:
    """Generate Python code from a spec, and import it."""
    source, output = specs.FOLDER / f"{name}.yaml", folder / f"generated_{name}.py"
    command = [str(GENERATOR), "--input", str(source), "--output", str(output), *options]
    subprocess.run(command, check=True, cwd=folder, capture_output=True)
    spec = importlib.util.spec_from_file_location(output.stem, output)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses and pydantic look up annotations
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[spec.name]
    return module


def schema_examples(name: str) -> Iterator[tuple[str, Any]]:
    """Yield the examples of bodies whose schema has a name, with that name."""
    spec = specs.load(name)
    for place in specs.operations(spec):
        bodies = (*specs.body_contents(spec, place), *specs.response_contents(spec, place))
        for content in bodies:
            if "$ref" in content.schema:
                for example in content.examples:
                    yield content.schema["$ref"].rpartition("/")[2], example


@pytest.mark.slow
@pytest.mark.parametrize("name", specs.NAMES)
def test_default_python_models_accept_the_examples(name: str, tmp_path: Path) -> None:
    models = generated(name, tmp_path)
    examples = list(schema_examples(name))
    assert len(examples) > 5
    for schema, example in examples:
        getattr(models, schema).model_validate(example)


@pytest.mark.slow
@pytest.mark.parametrize("name", specs.NAMES)
def test_dataclasses_can_be_imported(name: str, tmp_path: Path) -> None:
    models = generated(name, tmp_path, "--output-model-type", "dataclasses.dataclass")
    named = {schema for schema, example in schema_examples(name) if isinstance(example, dict)}
    assert named <= {each for each in vars(models) if dataclasses.is_dataclass(vars(models)[each])}
