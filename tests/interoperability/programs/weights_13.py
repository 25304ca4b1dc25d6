# 13.0: send a model's weights, and download them again.
import os
import tempfile
from pathlib import Path

from bitfount.hub import APIKeysHandler, BitfountHub, BitfountSession

CODE = """
class Weighted:
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
    code, weights = Path(folder) / "Weighted.py", Path(folder) / "weights.pt"
    code.write_text(CODE)
    weights.write_bytes(bytes(range(256)) * 64)
    version = hub.send_model(code)["version"]
    hub.send_weights("Weighted", version, pretrained_file_path=weights)
stored = hub.get_weights(hub.username, "Weighted", version)
print(len(stored), "bytes", stored[:4])
