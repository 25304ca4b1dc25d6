# 5.3 and 13.0: save the schema of a pod as YAML, and read the file again.
import os
import tempfile
from pathlib import Path

from bitfount.data.schema import BitfountSchema
from bitfount.hub import (
    APIKeysHandler,
    BitfountHub,
    BitfountSession,
    PodPublicMetadata,
    get_pod_schema,
)
from cryptography.hazmat.primitives.asymmetric import rsa

schema = BitfountSchema.load(
    {
        "name": "clinic",
        "features": [
            {"featureName": "age", "dtype": "Int64", "semanticType": "continuous"},
            {
                "featureName": "sex",
                "dtype": "string",
                "semanticType": "categorical",
                "encoder": {"classes": {"f": 0, "m": 1}},
            },
            {"featureName": "note", "dtype": "string", "semanticType": "text"},
        ],
        "metadata": {"schema_version": "4", "schema_type": "full", "force_stypes": None},
    }
)

keys = os.environ["BITFOUNT_API_KEY_ID"], os.environ["BITFOUNT_API_KEY"]
hub = BitfountHub(
    BitfountSession(APIKeysHandler(*keys, os.environ["BITFOUNT_USERNAME"])),
    "http://localhost:3000",
)
key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
metadata = PodPublicMetadata("saved", "Shown", "For this program", schema.to_json(), 3)
hub.register_pod(metadata, key, key)

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "schema.yaml"
    stored = get_pod_schema(f"{hub.username}/saved", save_file_path=path, hub=hub)
    again = BitfountSchema.load_from_file(path)
print(again.name, again.get_feature_names() == stored.get_feature_names())
