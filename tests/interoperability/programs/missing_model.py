# 5.3 and 13.0: ask for models and weights that do not exist.
import logging
import os

from bitfount.hub import APIKeysHandler, BitfountHub, BitfountSession
from bitfount.hub.exceptions import NoModelCodeError

logging.getLogger("bitfount").setLevel(logging.CRITICAL)

keys = os.environ["BITFOUNT_API_KEY_ID"], os.environ["BITFOUNT_API_KEY"]
hub = BitfountHub(
    BitfountSession(APIKeysHandler(*keys, os.environ["BITFOUNT_USERNAME"])),
    "http://localhost:3000",
)

try:
    print(hub.get_model("nobody", "Nothing"))
except NoModelCodeError:
    print("no such model")
print(hub.get_weights("nobody", "Nothing", 1))
