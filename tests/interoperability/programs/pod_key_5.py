# 5.3: download a pod's public key, and compare it with the one that was registered.
import os

from bitfount.federated.encryption import _RSAEncryption
from bitfount.hub import APIKeysHandler, BitfountHub, BitfountSession, PodPublicMetadata

keys = os.environ["BITFOUNT_API_KEY_ID"], os.environ["BITFOUNT_API_KEY"]
hub = BitfountHub(
    BitfountSession(APIKeysHandler(*keys, os.environ["BITFOUNT_USERNAME"])),
    "http://localhost:3000",
)

_, public_key = _RSAEncryption.generate_key_pair()
schema = {"name": "keyed", "features": [], "metadata": {"schema_version": "4"}}
hub.register_pod(PodPublicMetadata("keyed", "Keyed", "d", schema), public_key, public_key)
text = hub.get_pod_key(f"{hub.username}/keyed")
loaded = _RSAEncryption.load_public_key(text.encode())
print(_RSAEncryption.public_keys_equal(loaded, public_key))
