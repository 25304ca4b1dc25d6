# 5.3 and 13.0: create a project and link a dataset of the user to it.
import os

from bitfount.hub import APIKeysHandler, BitfountHub, BitfountSession, PodPublicMetadata
from cryptography.hazmat.primitives.asymmetric import rsa

keys = os.environ["BITFOUNT_API_KEY_ID"], os.environ["BITFOUNT_API_KEY"]
hub = BitfountHub(
    BitfountSession(APIKeysHandler(*keys, os.environ["BITFOUNT_USERNAME"])),
    "http://localhost:3000",
)

key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
schema = {"name": "eyes", "features": [], "metadata": {"schema_version": "4"}}
metadata = PodPublicMetadata("eyes", "Eyes", "Pictures of eyes", schema)
hub.register_pod(metadata, pod_public_key=key, access_manager_key=key)

project_id = hub.create_project("Retina study")
hub.add_dataset_to_project_for_user(project_id, "eyes")
pod = hub.get_pod(f"{hub.username}/eyes", project_id=project_id)
print(pod["podIdentifier"], "in", project_id)
