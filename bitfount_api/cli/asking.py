"""What the documented methods do not tell: why there is no pod, and what is known of a model.

``get_pod()`` gives None whatever went wrong, as documented; an exit code has to tell a pod that is
not there from a Hub that cannot be reached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bitfount_api import BitfountHub, types
    from bitfount_api.identifiers import ModelIdentifier, PodIdentifier


def pod_details(hub: BitfountHub, pod: PodIdentifier, project: str | None) -> types.PodDetails:
    """What the Hub shows of a pod.

    Raises:
        RequestException: It cannot be had; the error says why.
    """
    from bitfount_api._flows import pods

    return hub._run(pods.retrieve(hub._remote, pod, project))


def model_details(
    hub: BitfountHub, model: ModelIdentifier, project: str | None
) -> types.ModelDetails | None:
    """What the Hub knows of a model; None, and a line in the log, if there is none.

    Raises:
        RequestException: The Hub refused, or could not be reached.
    """
    from bitfount_api._flows import models

    return hub._run(
        models.get_model_details(hub._remote, model.owner, model.name, version_of(model), project)
    )


def version_of(model: ModelIdentifier) -> int | None:
    """The version that is meant; None for the latest."""
    return model.version if isinstance(model.version, int) else None
