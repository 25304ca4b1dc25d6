# 13.0: register a pod, archive it, and see that it is gone.
import os

from bitfount.hub import APIKeysHandler, BitfountHub, BitfountSession, PodPublicMetadata
from cryptography.hazmat.primitives.asymmetric import rsa

keys = os.environ["BITFOUNT_API_KEY_ID"], os.environ["BITFOUNT_API_KEY"]
hub = BitfountHub(
    BitfountSession(APIKeysHandler(*keys, os.environ["BITFOUNT_USERNAME"])),
    "http://localhost:3000",
)

key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
schema = {"name": "old", "features": [], "metadata": {"schema_version": "4"}}
hub.register_pod(PodPublicMetadata("old", "Old", "d", schema), key, key)
hub.archive_pod("old")
print(hub.get_pod(f"{hub.username}/old"))
