# 5.3 and 13.0: catch the SDK's own errors: a schema too large, and a wrong identifier.
import os

from bitfount.exceptions import BitfountError
from bitfount.hub.api import BitfountHub, PodPublicMetadata
from bitfount.hub.authentication_flow import BitfountSession
from bitfount.hub.authentication_handlers import APIKeysHandler
from bitfount.hub.exceptions import SchemaUploadError
from cryptography.hazmat.primitives.asymmetric import rsa

keys = os.environ["BITFOUNT_API_KEY_ID"], os.environ["BITFOUNT_API_KEY"]
hub = BitfountHub(
    BitfountSession(APIKeysHandler(*keys, os.environ["BITFOUNT_USERNAME"])),
    "http://localhost:3000",
)

key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
large = {"name": "x" * 11 * 1024 * 1024, "features": []}
try:
    hub.register_pod(PodPublicMetadata("large", "Large", "d", large), key, key)
except SchemaUploadError as error:
    print("not registered:", isinstance(error, BitfountError))
print(hub.get_pod(f"{hub.username}/nothing"))
