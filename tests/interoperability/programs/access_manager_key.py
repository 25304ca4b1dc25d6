# 5.3 and 13.0: print the size of the access manager's public key.
import os

from bitfount.hub.api import BitfountAM
from bitfount.hub.authentication_flow import BitfountSession
from bitfount.hub.authentication_handlers import APIKeysHandler

keys = os.environ["BITFOUNT_API_KEY_ID"], os.environ["BITFOUNT_API_KEY"]
session = BitfountSession(APIKeysHandler(*keys, os.environ["BITFOUNT_USERNAME"]))
am = BitfountAM(session, access_manager_url="http://localhost:3001")
print(am.access_manager_url, am.get_access_manager_key().key_size)
