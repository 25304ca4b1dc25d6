# 13.0: print the name of a project, and None for one that does not exist.
import os

import bitfount
from bitfount.hub.types import PRODUCTION_HUB_URL

keys = os.environ["BITFOUNT_API_KEY_ID"], os.environ["BITFOUNT_API_KEY"]
handler = bitfount.APIKeysHandler(*keys, os.environ["BITFOUNT_USERNAME"])
hub = bitfount.BitfountHub(bitfount.BitfountSession(handler), url="http://localhost:3000")
assert hub.url != PRODUCTION_HUB_URL
print(hub.get_project_name(hub.create_project("Named")))
print(hub.get_project_name("nothing"))
