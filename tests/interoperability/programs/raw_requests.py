# 5.3 and 13.0: call the Hub's API with the session itself.
import os

from bitfount.hub.authentication_flow import BitfountSession
from bitfount.hub.authentication_handlers import APIKeysHandler

keys = os.environ["BITFOUNT_API_KEY_ID"], os.environ["BITFOUNT_API_KEY"]
session = BitfountSession(APIKeysHandler(*keys, os.environ["BITFOUNT_USERNAME"]))
response = session.get("http://localhost:3000/api/projects", params={"offset": 0}, timeout=10)
response.raise_for_status()
print(response.status_code, response.ok, sorted(response.json())[:1])
missing = session.get("http://localhost:3000/api/pods/nobody/nothing", timeout=10)
print(missing.status_code, missing.ok, missing.headers["content-type"].split(";")[0])
