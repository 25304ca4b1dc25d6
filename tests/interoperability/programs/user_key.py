# 5.3 and 13.0: register a public key of the user, and check that it is active.
import os

from bitfount.hub.api import BitfountHub
from bitfount.hub.authentication_flow import BitfountSession
from bitfount.hub.authentication_handlers import APIKeysHandler
from cryptography.hazmat.primitives.asymmetric import rsa

keys = os.environ["BITFOUNT_API_KEY_ID"], os.environ["BITFOUNT_API_KEY"]
hub = BitfountHub(
    BitfountSession(APIKeysHandler(*keys, os.environ["BITFOUNT_USERNAME"])),
    "http://localhost:3000",
)

private_key = rsa.generate_private_key(public_exponent=65537, key_size=4096)
key_id = hub.register_user_public_key(private_key.public_key())
found = hub.check_public_key_registered_and_active(str(key_id))
print(found["id"] == str(key_id) or found["id"] == key_id, found["active"])
print(hub.check_public_key_registered_and_active("999999"))
