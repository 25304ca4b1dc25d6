# 5.3 and 13.0: catch the errors of requests that the SDK raises.
import os

import requests
from bitfount.hub.api import BitfountHub
from bitfount.hub.authentication_flow import BitfountSession
from bitfount.hub.authentication_handlers import APIKeysHandler


def hub_with(key):
    key_id = os.environ["BITFOUNT_API_KEY_ID"]
    session = BitfountSession(APIKeysHandler(key_id, key, os.environ["BITFOUNT_USERNAME"]))
    return BitfountHub(session, "http://localhost:3000")


hub = hub_with(os.environ["BITFOUNT_API_KEY"])
try:
    hub.add_dataset_to_project_for_user("no-project", "nothing")
except requests.exceptions.HTTPError as error:
    print("refused:", type(error).__name__)
try:
    hub_with("wrong").create_project("Never")
except requests.HTTPError as error:
    print("refused:", type(error).__name__)
except requests.RequestException as error:
    print("failed:", type(error).__name__)
