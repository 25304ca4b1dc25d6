# 5.3 and 13.0: check a modeller's access to a pod with the modeller's token.
import os

from bitfount.hub import APIKeysHandler, BitfountAM, BitfountHub, BitfountSession, PodPublicMetadata
from cryptography.hazmat.primitives.asymmetric import rsa

PROTOCOL = {
    "class_name": "bitfount.ModelInference",
    "algorithm": {"class_name": "bitfount.ModelInference"},
}

handler = APIKeysHandler(
    api_key_id=os.environ["BITFOUNT_API_KEY_ID"],
    api_key=os.environ["BITFOUNT_API_KEY"],
    username=os.environ["BITFOUNT_USERNAME"],
)
session = BitfountSession(handler)
session.authenticate()
hub = BitfountHub(session=session, url="http://localhost:3000")
am = BitfountAM(session, "http://localhost:3001")

key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
schema = {"name": "checked", "features": [], "metadata": {"schema_version": "4"}}
hub.register_pod(PodPublicMetadata("checked", "Checked", "d", schema), key, key)
result = am.check_oidc_access_request(
    pod_identifier=f"{session.username}/checked",
    serialized_protocol=PROTOCOL,
    modeller_name=session.username,
    modeller_access_token=os.environ["MODELLER_ACCESS_TOKEN"],
)
print(result["response_type"].name, result["limits"])
