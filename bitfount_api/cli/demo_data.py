"""Data of ``sandbox --demo``: a pod, a model with weights, a project and a pairing.

The data is created with the clients, as a user would create it.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bitfount_api.schemas import (
    BitfountSchema,
    CategoricalFeature,
    ContinuousFeature,
    Feature,
    ImageFeature,
    TextFeature,
)

if TYPE_CHECKING:
    from bitfount_api import BitfountHub
    from bitfount_api.sandbox import Sandbox

OWNER: Final = "alice"
MEMBER: Final = "bob"
POD: Final = "retina-scans"
MODEL: Final = "RetinaClassifier"
PROJECT: Final = "Retina screening"
CLINICAL_SYSTEM: Final = "https://ehr.example.org/fhir"

_WEIGHTS_BYTES: Final = 8 * 1024 * 1024

_CODE: Final = f'''"""Classifies two kinds of retina scans."""

from bitfount_api import BitfountModel


class {MODEL}(BitfountModel):
    """A model for demonstrations; it has learnt nothing."""

    def __init__(self, classes: int = 2) -> None:
        self.classes = classes
'''


def fill(sandbox: Sandbox) -> list[str]:
    """Add the demonstration data to a sandbox, unless it is already there.

    Returns:
        Example command lines for ``alice``, without the program's name.
    """
    from bitfount_api import APIKeysHandler, BitfountHub, BitfountSession

    user = sandbox.user(OWNER)
    handler = APIKeysHandler(user.api_key_id, user.api_key, user.username)
    with BitfountSession(handler, allow_insecure=True) as session:  # the sandbox has no TLS
        hub = BitfountHub(session, sandbox.hub_url)
        if all(project.get("name") != PROJECT for project in hub.iter_projects()):
            _fill(sandbox, hub)
    return [
        f"pods show {OWNER}/{POD}",
        f"pods schema {OWNER}/{POD}",
        "projects list",
        f"models pull {OWNER}/{MODEL}",
        f"weights pull {OWNER}/{MODEL}:1",
        "fhir token",
    ]


def _fill(sandbox: Sandbox, hub: BitfountHub) -> None:
    from bitfount_api import BitfountAM, PodPublicMetadata, generate_key_pair

    key = generate_key_pair(2048).public_key
    document = _schema()
    hub.register_pod(
        PodPublicMetadata(
            name=POD,
            display_name="Retina scans",
            description="Retina scans with a doctor's findings; synthetic data.",
            schema=document.to_json(),
            number_of_records=document.number_of_records,
        ),
        key,
        BitfountAM(hub.session, sandbox.access_manager_url).get_access_manager_key(),
    )
    with tempfile.TemporaryDirectory() as folder:
        code, weights = Path(folder, f"{MODEL}.py"), Path(folder, "weights.bin")
        code.write_text(_CODE, encoding="utf-8")
        weights.write_bytes(os.urandom(_WEIGHTS_BYTES))
        hub.send_model(code, model_description="A model for demonstrations.")
        hub.send_weights(MODEL, 1, weights)
    sandbox.set_visibility(f"{OWNER}/{POD}", "public")
    sandbox.pair(OWNER, CLINICAL_SYSTEM, nextgen={"practiceId": "demo"})
    # The project is created last: its presence means that the data is complete.
    project = hub.create_project(PROJECT)
    hub.add_dataset_to_project_for_user(project, POD)
    sandbox.add_member(project, MEMBER)
    sandbox.add_model(project, f"{OWNER}/{MODEL}:1", limit=100)


def _schema() -> BitfountSchema:
    features: list[Feature] = [
        ImageFeature(name="scan", dtype="object", description="The image."),
        ContinuousFeature(name="age", dtype="int64", description="Age of the patient in years."),
        CategoricalFeature(
            name="finding",
            dtype="object",
            description="Finding of the doctor.",
            encoder={"classes": {"healthy": 0, "retinopathy": 1}},
        ),
        TextFeature(name="note", dtype="object", description="Note of the doctor."),
    ]
    return BitfountSchema(
        name="Retina scans",
        description="Synthetic data.",
        number_of_records=1200,
        features=features,
    )
