# 5.3 and 13.0: show that code without a model, or a file of over 3 MiB, is refused.
import os
import tempfile
from pathlib import Path

from bitfount.hub.api import BitfountHub
from bitfount.hub.authentication_flow import BitfountSession
from bitfount.hub.authentication_handlers import APIKeysHandler
from bitfount.hub.exceptions import ModelTooLargeError, ModelUploadError

keys = os.environ["BITFOUNT_API_KEY_ID"], os.environ["BITFOUNT_API_KEY"]
hub = BitfountHub(
    BitfountSession(APIKeysHandler(*keys, os.environ["BITFOUNT_USERNAME"])),
    "http://localhost:3000",
)

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "Empty.py"
    path.write_text("x = 1")
    try:
        hub.send_model(path)
    except ModelUploadError as error:
        print("refused:", type(error).__name__)
    path.write_text("# " + "x" * 4 * 1024 * 1024)
    try:
        hub.send_model(path)
    except (ModelTooLargeError, ModelUploadError) as error:
        print("refused:", type(error).__name__)
