# 13.0: publish a model without a base class, with a description.
import os
import tempfile
from pathlib import Path

from bitfount.hub.api import BitfountHub
from bitfount.hub.authentication_flow import BitfountSession
from bitfount.hub.authentication_handlers import APIKeysHandler

CODE = """
class Retina13:
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
    path = Path(folder) / "Retina13.py"
    path.write_text(CODE)
    answer = hub.send_model(path, private_model=True, model_description="Finds the fovea")
print(answer["success"], answer["version"])
