# 5.3 and 13.0: register a pod, download its schema, and print its columns by type.
import os

from bitfount.data.schema import BitfountSchema
from bitfount.data.types import SemanticType
from bitfount.hub.api import BitfountHub, PodPublicMetadata
from bitfount.hub.authentication_flow import BitfountSession
from bitfount.hub.authentication_handlers import APIKeysHandler
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
metadata = PodPublicMetadata("columns", "Shown", "For this program", schema.to_json(), 3)
hub.register_pod(metadata, key, key)

stored = hub.get_pod_schema(f"{hub.username}/columns")
for semantic_type in SemanticType:
    print(semantic_type.value, stored.get_feature_names(semantic_type))
print(stored.get_num_continuous(), "continuous,", stored.get_num_categorical(), "categorical")
print(stored.hash == schema.hash, stored.schema_type)
