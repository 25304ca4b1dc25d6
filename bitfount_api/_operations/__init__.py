"""The operations, written once as flows that sync and async clients share.

``_operations.pods`` and the like are imported on first use: a program that reads a pod does not
import the code that transfers weights.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bitfount_api._operations import clusters as clusters
    from bitfount_api._operations import compute as compute
    from bitfount_api._operations import ehr_keys as ehr_keys
    from bitfount_api._operations import heartbeats as heartbeats
    from bitfount_api._operations import models as models
    from bitfount_api._operations import monitoring as monitoring
    from bitfount_api._operations import pod_datasets as pod_datasets
    from bitfount_api._operations import pod_registration as pod_registration
    from bitfount_api._operations import pod_schemas as pod_schemas
    from bitfount_api._operations import pods as pods
    from bitfount_api._operations import projects as projects
    from bitfount_api._operations import public_keys as public_keys

# Type checkers must not see this function: to them, every name would exist.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        module = f"{__name__}.{name}"
        try:
            return importlib.import_module(module)
        except ModuleNotFoundError as error:
            if error.name != module:
                raise
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
