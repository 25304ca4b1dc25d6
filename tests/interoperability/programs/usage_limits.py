# 5.3 and 13.0: print the limits of a new project's models.
import os

from bitfount.hub import APIKeysHandler, BitfountHub, BitfountSession

keys = os.environ["BITFOUNT_API_KEY_ID"], os.environ["BITFOUNT_API_KEY"]
hub = BitfountHub(
    BitfountSession(APIKeysHandler(*keys, os.environ["BITFOUNT_USERNAME"])),
    "http://localhost:3000",
)

project_id = hub.create_project("Limits")
limits = hub.get_usage_limits(project_id)
print(type(limits).__name__, len(limits))
