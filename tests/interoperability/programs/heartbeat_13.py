# 13.0: register a compute instance and send its heartbeat.
import os

from bitfount import APIKeysHandler, BitfountHub, BitfountSession, PodPublicMetadata
from cryptography.hazmat.primitives.asymmetric import rsa

keys = os.environ["BITFOUNT_API_KEY_ID"], os.environ["BITFOUNT_API_KEY"]
hub = BitfountHub(
    BitfountSession(APIKeysHandler(*keys, os.environ["BITFOUNT_USERNAME"])),
    "http://localhost:3000",
)

key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
schema = {"name": "ward", "features": [], "metadata": {"schema_version": "4"}}
hub.register_pod(PodPublicMetadata("ward", "Ward", "Patients of a ward", schema), key, key)

registered = hub.register_compute("instance-1", None, "10.0.0.7")
print(registered["computeId"], registered["domain"])
answer = hub.do_pod_heartbeat(
    instance_id="instance-1",
    cluster_id=None,
    is_busy=False,
    is_ehr_configured=False,
    is_ehr_connected=False,
    private_ip_address="10.0.0.7",
    datasource_health=[{"name": "ward", "status": "healthy"}],
)
print(answer)
