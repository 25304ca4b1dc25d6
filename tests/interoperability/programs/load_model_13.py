# 13.0: publish a model, load its class from the Hub, and use it.
import os
import tempfile
from pathlib import Path

from bitfount.hub.api import BitfountHub
from bitfount.hub.authentication_flow import BitfountSession
from bitfount.hub.authentication_handlers import APIKeysHandler

CODE = """
class Loaded:
    def __init__(self, **kwargs):
        self.weights = b""

    def initialise_model(self, data=None, *args, **kwargs):
        self.weights = b"new"

    def deserialize(self, content, **kwargs):
        self.weights = content
"""

keys = os.environ["BITFOUNT_API_KEY_ID"], os.environ["BITFOUNT_API_KEY"]
hub = BitfountHub(
    BitfountSession(APIKeysHandler(*keys, os.environ["BITFOUNT_USERNAME"])),
    "http://localhost:3000",
)

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "Loaded.py"
    path.write_text(CODE)
    version = hub.send_model(path)["version"]

model_class = hub.get_model(hub.username, "Loaded", model_version=version)
model = model_class()
model.initialise_model()
print(model_class.__name__, model.weights)
