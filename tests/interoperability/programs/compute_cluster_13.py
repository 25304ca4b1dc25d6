# 13.0: create a compute cluster with datasets, and read their list.
import os

from bitfount.hub import APIKeysHandler, BitfountHub, BitfountSession, PodPublicMetadata
from cryptography.hazmat.primitives.asymmetric import rsa

keys = os.environ["BITFOUNT_API_KEY_ID"], os.environ["BITFOUNT_API_KEY"]
session = BitfountSession(APIKeysHandler(*keys, os.environ["BITFOUNT_USERNAME"]))
hub = BitfountHub(session, "http://localhost:3000")
key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
for name in ("north", "south"):
    schema = {"name": name, "features": [], "metadata": {"schema_version": "4"}}
    hub.register_pod(PodPublicMetadata(name, name.title(), "d", schema), key, key)

cluster_id = hub.create_compute_cluster("Ward", dataset_names=["north"])
hub.link_datasets_to_compute_cluster(cluster_id, ["south"])
print(hub.compute_cluster_exists(cluster_id), hub.compute_cluster_exists("nothing"))

cluster_hub = BitfountHub(session, "http://localhost:3000", cluster_id=cluster_id)
print(sorted(dataset["identifier"] for dataset in cluster_hub.get_pod_dataset_list()))
print(len(cluster_hub.get_pod_datasets_configurations()))
