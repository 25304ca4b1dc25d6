# 5.3: register a pod with keys and the key of the access manager from the SDK.
import os

from bitfount.data.schema import BitfountSchema
from bitfount.federated.encryption import _RSAEncryption
from bitfount.hub.api import BitfountAM, BitfountHub, PodPublicMetadata
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

handler = APIKeysHandler(
    api_key_id=os.environ["BITFOUNT_API_KEY_ID"],
    api_key=os.environ["BITFOUNT_API_KEY"],
    username=os.environ["BITFOUNT_USERNAME"],
)
session = BitfountSession(handler)
session.authenticate()
hub = BitfountHub(session=session, url="http://localhost:3000")
am = BitfountAM(session=session, access_manager_url="http://localhost:3001")

private_key, public_key = _RSAEncryption.generate_key_pair()
hub.register_pod(
    PodPublicMetadata(
        name="clinic",
        display_name="Clinic",
        description="Patients of a clinic",
        schema=schema.to_json(),
        number_of_records=schema.number_of_records,
    ),
    public_key,
    am.get_access_manager_key(),
)
print(hub.get_pod(f"{session.username}/clinic")["podDisplayName"])
