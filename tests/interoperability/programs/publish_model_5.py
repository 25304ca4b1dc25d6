# 5.3: publish a model that extends the SDK's base class, twice.
import os
import tempfile
from pathlib import Path

from bitfount.hub.api import BitfountHub
from bitfount.hub.authentication_flow import BitfountSession
from bitfount.hub.authentication_handlers import APIKeysHandler

CODE = """
from bitfount.models.bitfount_model import BitfountModel


class Retina5(BitfountModel):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)

    def initialise_model(self, data=None, *args, **kwargs):
        pass

    def deserialize(self, content, **kwargs):
        pass

    def serialize(self, filename):
        pass

    def fit(self, data, **kwargs):
        pass

    def predict(self, data=None, **kwargs):
        pass

    def evaluate(self, data=None, **kwargs):
        pass

    @staticmethod
    def _get_import_statements():
        return []
"""

keys = os.environ["BITFOUNT_API_KEY_ID"], os.environ["BITFOUNT_API_KEY"]
hub = BitfountHub(
    BitfountSession(APIKeysHandler(*keys, os.environ["BITFOUNT_USERNAME"])),
    "http://localhost:3000",
)

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "Retina5.py"
    path.write_text(CODE)
    first = hub.send_model(path)
    second = hub.send_model(model_code_path=path, private_model=False)
print(first["version"], first["alreadyExisted"], second["version"], second["alreadyExisted"])
