"""The steps of the demonstration. Each reports its user and action, and checks the result."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import attrs

from bitfount_api import (
    BitfountModel,
    BitfountSchema,
    ModelValidationError,
    NoModelCodeError,
    PodPublicMetadata,
    PodResponseType,
    generate_key_pair,
    hash_contents,
    hash_file_contents,
    load_public_key,
    public_keys_equal,
    sign,
)
from demo.users import MODEL_FILE, SCHEMA_FILE, Person, write_weights

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

    from bitfount_api import AsyncBitfountHub
    from bitfount_api.sandbox import Sandbox
    from demo.output import Output

POD = "retina-scans"
LIMIT = 4
RESOURCE_SERVER = "https://fhir.clinic.example/r4"


@attrs.define
class Tour:
    """The steps and their shared state.

    Args:
        sandbox: Running sandbox.
        output: Output of the steps.
        folder: Folder for temporary files.
        mebibytes: Size of the weights in MiB.
    """

    sandbox: Sandbox
    output: Output
    folder: Path
    mebibytes: int = 64
    custodian: Person = attrs.field(init=False)
    modeller: Person = attrs.field(init=False)
    colleague: Person = attrs.field(init=False)
    model_version: int = 0
    project_id: str = ""
    key_id: str = ""
    private_key: RSAPrivateKey = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.custodian = Person(self.sandbox, "clinic")
        self.modeller = Person(self.sandbox, "alice")
        self.colleague = Person(self.sandbox, "bob")

    @property
    def pod_identifier(self) -> str:
        """The pod's full name."""
        return f"{self.custodian.username}/{POD}"

    @property
    def model_id(self) -> str:
        """The model's full name."""
        return f"{self.modeller.username}/{MODEL_FILE.stem}:{self.model_version}"

    @property
    def protocol(self) -> dict[str, Any]:
        """The protocol that the modellers request to run on the pod."""
        model = {
            "class_name": "BitfountModelReference",
            "username": self.modeller.username,
            "model_ref": MODEL_FILE.stem,
            "model_version": self.model_version,
        }
        algorithm = {"class_name": "bitfount.ModelInference", "model": model}
        return {"class_name": "bitfount.ResultsOnly", "algorithm": algorithm}

    def walk(self) -> None:
        """Run all steps.

        Raises:
            UnexpectedError: If a check fails.
        """
        self.look_around()
        pod_key = self.register_pod()
        self.heartbeat(pod_key)
        self.publish_model()
        self.set_up_project()
        asyncio.run(self.download_model())
        self.refuse_corrupted_model()
        self.check_by_token()
        self.check_by_signature()
        self.run_to_the_limit()
        self.clinical_token()
        self.look_back()

    def look_around(self) -> None:
        """Show the running services."""
        with self.output.step("everybody", "A local Bitfount is up"):
            self.output.fact("Hub", self.sandbox.hub_url)
            self.output.fact("Access manager", self.sandbox.access_manager_url)
            self.output.fact("SMART on FHIR", self.sandbox.smart_on_fhir_url)
            self.output.fact("Object store", self.sandbox.storage_url)

    def register_pod(self) -> RSAPublicKey:
        """Register a pod with a real schema as the custodian, and read it back."""
        with self.output.step(self.custodian.username, "A data custodian registers a pod"):
            hub, access_manager = self.custodian.hub, self.custodian.access_manager
            schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
            _, public_key = generate_key_pair()
            hub.register_pod(
                PodPublicMetadata(POD, "Retina scans", schema["description"], schema, 3),
                public_key,
                access_manager.get_access_manager_key(),
            )
            details = hub.get_pod(self.pod_identifier)
            self.output.check("The Hub shows the pod", details is not None)
            assert details is not None
            for label in ("podIdentifier", "podDisplayName", "visibility", "isOnline"):
                self.output.fact(label, details.get(label))
            shown = hub.get_pod_key(self.pod_identifier) or ""
            same = public_keys_equal(load_public_key(shown), public_key)
            self.output.check("It has the key that was registered", same)
            stored = hub.get_pod_schema(self.pod_identifier)
            self.output.check("The schema reads back the same", stored.to_json() == schema)
            self._show_schema(stored)
        return public_key

    def _show_schema(self, schema: BitfountSchema) -> None:
        rows = [
            {"feature": row["featureName"], "kind": row["semanticType"], "type": row["dtype"]}
            for row in schema.to_json()["features"]
        ]
        self.output.fact(f"{schema.name}: {schema.number_of_records} records", rows)

    def heartbeat(self, pod_key: RSAPublicKey) -> None:
        """Send the pod's heartbeat, and a monitor update about a task."""
        with self.output.step(POD, "The pod sends a heartbeat and a monitor update"):
            hub = self.custodian.hub
            hub.do_pod_heartbeat([POD], pod_key)
            details = hub.get_pod(self.pod_identifier)
            self.output.check("The pod is online", details and details.get("isOnline"))
            hub.send_monitor_update(
                {
                    "taskId": "demo",
                    "senderId": self.pod_identifier,
                    "timestamp": dt.datetime.now(dt.UTC).isoformat(),
                    "privacy": "ALL_PARTICIPANTS",
                    "type": "TASK_STATUS_UPDATE",
                    "message": "waiting for modellers",
                }
            )
            updates = self.sandbox.state.monitor.updates("demo")
            self.output.check("The monitor has the update", len(updates) == 1)

    def publish_model(self) -> None:
        """Register a key, and publish a model and its weights, as the modeller."""
        with self.output.step(self.modeller.username, "A modeller publishes a model"):
            hub = self.modeller.hub
            self.private_key, public_key = generate_key_pair()
            self.key_id = str(hub.register_user_public_key(public_key))
            active = hub.check_public_key_registered_and_active(self.key_id)
            self.output.check("Their public key is registered and active", active is not None)
            answer = hub.send_model(MODEL_FILE)
            self.model_version = answer.get("version") or 0
            self.output.fact("Model", self.model_id)
            self.output.fact("Code hash", hash_file_contents(MODEL_FILE))
            weights = self.folder / "weights.pt"
            write_weights(weights, self.mebibytes)
            with self.output.progress("Weights up") as progress:
                hub.send_weights(MODEL_FILE.stem, self.model_version, weights, progress=progress)
            key = f"weights/{self.modeller.username}/{MODEL_FILE.stem}/{self.model_version}"
            self.output.check("The weights are stored", key in self.sandbox.objects)

    def set_up_project(self) -> None:
        """Create a project, and add people, a dataset and a model to it."""
        with self.output.step(
            self.modeller.username, "They create a project; the dataset joins it"
        ):
            self.project_id = self.modeller.hub.create_project("Glaucoma screening")
            # People are invited and limits set in the Hub's web interface; there is no API.
            self.sandbox.add_member(self.project_id, self.custodian.username, "DATA_CUSTODIAN")
            self.sandbox.add_member(self.project_id, self.colleague.username, "MODELLER")
            self.sandbox.add_model(self.project_id, self.model_id, limit=LIMIT)
            self.sandbox.set_visibility(self.pod_identifier, "private")
            self.custodian.hub.add_dataset_to_project_for_user(self.project_id, POD)
            names = [project.get("name") for project in self.colleague.hub.iter_projects()]
            self.output.check("A colleague sees the project", names == ["Glaucoma screening"])
            hidden = self.colleague.hub.get_pod(self.pod_identifier)
            self.output.check("They do not see the private pod by itself", hidden is None)
            shown = self.colleague.hub.get_pod(self.pod_identifier, project_id=self.project_id)
            self.output.check("Through the project they do", shown is not None)

    async def download_model(self) -> None:
        """Download code and weights concurrently, as a colleague."""
        who, title = self.colleague.username, "A colleague downloads code and weights"
        with self.output.step(who, title):
            async with self.colleague.new_session() as session:
                await self._download(self.colleague.async_hub(session))

    async def _download(self, hub: AsyncBitfountHub) -> None:
        owner, name, version = self.modeller.username, MODEL_FILE.stem, self.model_version
        code, weights = await asyncio.gather(
            hub.get_model_code(owner, name, version), hub.get_weights(owner, name, version)
        )
        self.output.check("Code and weights were downloaded", code and weights)
        assert code is not None
        assert weights is not None
        same = hash_contents(code.encode()) == hash_file_contents(MODEL_FILE)
        self.output.check("The code has the published hash", same)
        sent = (self.folder / "weights.pt").read_bytes()
        self.output.check("The weights are the same, byte for byte", weights == sent)
        self.output.fact("Weights", f"{len(weights):,} bytes")
        model = await hub.get_model(owner, name, version)
        loaded = model is not None and issubclass(model, BitfountModel)
        self.output.check(f"The checked code loads as the class {name}", loaded)

    def refuse_corrupted_model(self) -> None:
        """Change one byte of the stored code, and check that the code does not run."""
        with self.output.step("a bad disk", "One byte of the stored code changes"):
            key = f"models/{self.modeller.username}/{MODEL_FILE.stem}/{self.model_version}"
            self.sandbox.corrupt(key, offset=8)
            refusal = ""
            try:
                self.colleague.hub.get_model(self.modeller.username, MODEL_FILE.stem)
            except ModelValidationError as error:
                refusal = str(error)
            self.output.check("The download is refused", refusal)
            self.output.fact("Refusal", refusal)
            self.sandbox.corrupt(key, offset=8)
            model = self.colleague.hub.get_model(self.modeller.username, MODEL_FILE.stem)
            self.output.check("With the byte restored, it loads again", model is not None)

    def check_by_token(self) -> None:
        """Check access by token: the colleague's token is accepted, another user's is not."""
        with self.output.step(POD, "The pod checks access by token"):
            good = self._token_check(self.sandbox.token(self.colleague.username))
            self.output.check("The colleague's token is accepted", good == PodResponseType.ACCEPT)
            bad = self._token_check(self.sandbox.token(self.modeller.username))
            invalid = PodResponseType.INVALID_PROOF_OF_IDENTITY
            self.output.check("Another user's token is refused", bad == invalid)

    def _token_check(self, token: str) -> PodResponseType:
        result = self.custodian.access_manager.check_oidc_access_request(
            self.pod_identifier,
            self.protocol,
            self.colleague.username,
            token,
            project_id=self.project_id,
        )
        return result["response_type"]

    def check_by_signature(self) -> None:
        """Check access by signature: only the modeller's signature of the task is accepted."""
        with self.output.step(POD, "The pod checks access by signature"):
            task = json.dumps(self.protocol).encode()
            good = self._signature_check(task, sign(self.private_key, task))
            self.output.check(
                "The modeller's signature is accepted", good == PodResponseType.ACCEPT
            )
            forger, _ = generate_key_pair()
            forged = self._signature_check(task, sign(forger, task))
            invalid = PodResponseType.INVALID_PROOF_OF_IDENTITY
            self.output.check("A forged signature is refused", forged == invalid)
            changed = self._signature_check(task + b" ", sign(self.private_key, task))
            self.output.check("A task changed after signing is refused", changed == invalid)

    def _signature_check(self, task: bytes, signature: bytes) -> PodResponseType:
        result = self.custodian.access_manager.check_signature_based_access_request(
            task,
            signature,
            self.pod_identifier,
            self.protocol,
            self.modeller.username,
            project_id=self.project_id,
            public_key_id=self.key_id,
        )
        return result["response_type"]

    def run_to_the_limit(self) -> None:
        """Use the model until the project's limit is reached, as the colleague."""
        with self.output.step(self.colleague.username, "The colleague uses the model to the limit"):
            rows: list[dict[str, Any]] = []
            token = self.sandbox.token(self.colleague.username)
            decision = PodResponseType.ACCEPT
            while decision == PodResponseType.ACCEPT and len(rows) <= LIMIT:
                decision = self._token_check(token)
                usage = self.colleague.hub.get_usage_limits(self.project_id, self.model_id)
                assert isinstance(usage, dict)
                own_usage = usage["usage"][0]
                rows.append(
                    {
                        "decision": decision.value,
                        "used": own_usage["totalUsage"],
                        "limit": own_usage.get("limit"),
                    }
                )
            self.output.fact("Runs", rows)
            self.output.check(
                "At the limit, access is denied", decision == PodResponseType.NO_ACCESS
            )
            counted = rows[-1]["used"] == rows[-1]["limit"] == LIMIT
            self.output.check("The Hub has counted each use", counted)
            refusal = ""
            try:
                self.colleague.hub.get_model(
                    self.modeller.username, MODEL_FILE.stem, self.model_version, self.project_id
                )
            except NoModelCodeError as error:
                refusal = str(error)
            self.output.check("The Hub withholds the code too", refusal)
            self.output.fact("Refusal", refusal)

    def clinical_token(self) -> None:
        """Get a token for the clinic's system, as a clinician."""
        with self.output.step(self.custodian.username, "A clinician gets a SMART on FHIR token"):
            nextgen = {"enterpriseId": "1", "practiceId": "2"}
            self.sandbox.pair(self.custodian.username, RESOURCE_SERVER, nextgen=nextgen)
            fhir = self.custodian.smart_on_fhir(RESOURCE_SERVER)
            token = fhir.get_access_token()
            self.output.check("The service returned a token", token.token)
            self.output.check("It has the context of the clinic", token.context == nextgen)
            self.output.fact("Token", token)

    def look_back(self) -> None:
        """Show the stored objects and the next steps."""
        with self.output.step("everybody", "Stored objects and next steps"):
            store = self.sandbox.state.store
            rows: list[dict[str, Any]] = []
            for key in self.sandbox.objects:
                found = store.head(key)
                rows.append({"object": key, "bytes": f"{found.size:,}" if found else ""})
            self.output.fact("Objects", rows)
            self.output.check("Schema, code and weights are stored", len(rows) == 3)
            self.output.fact("Requests served", len(self.sandbox.requests))
            self.output.fact("Run a sandbox", "make sandbox")
            self.output.fact("Test your own code", "the fixture bitfount_sandbox, see README.md")

    def close(self) -> None:
        """Close the sessions of all users."""
        for person in (self.custodian, self.modeller, self.colleague):
            person.session.close()
