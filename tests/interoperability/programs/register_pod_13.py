# 13.0: register a pod with the results of processing its files.
import os

from bitfount.data.schema import BitfountSchema
from bitfount.encryption.encryption import _RSAEncryption
from bitfount.hub.api import BitfountHub, FileProcessingMetadata, PodPublicMetadata
from bitfount.hub.authentication_flow import BitfountSession
from bitfount.hub.authentication_handlers import APIKeysHandler

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

files = FileProcessingMetadata(
    total_files_found=10,
    total_files_successfully_processed=8,
    total_files_skipped=2,
    skip_reasons={"not an image": 2},
)
_, public_key = _RSAEncryption.generate_key_pair()
metadata = PodPublicMetadata(
    "clinic13", "Clinic", "Patients", schema.to_json(), 8, file_processing_metadata=files
)
hub.register_pod(metadata, public_key, public_key)
print(hub.get_pod(pod_namespace=hub.username, pod_name="clinic13")["podName"])
