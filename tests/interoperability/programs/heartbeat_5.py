# 5.3: register a pod, report that it is online, and check that it is.
import os

from bitfount import APIKeysHandler, BitfountHub, BitfountSession, PodPublicMetadata
from cryptography.hazmat.primitives.asymmetric import rsa

keys = os.environ["BITFOUNT_API_KEY_ID"], os.environ["BITFOUNT_API_KEY"]
hub = BitfountHub(
    BitfountSession(APIKeysHandler(*keys, os.environ["BITFOUNT_USERNAME"])),
    "http://localhost:3000",
)

key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
schema = {"name": "beats", "features": [], "metadata": {"schema_version": "4"}}
hub.register_pod(PodPublicMetadata("beats", "Beats", "Hearts", schema), key, key)
hub.do_pod_heartbeat(pod_names=["beats"], pod_public_key=key)
assert hub.get_pod(f"{hub.username}/beats")["isOnline"]
print("online")
