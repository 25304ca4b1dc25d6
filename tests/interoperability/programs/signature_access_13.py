# 13.0: sign a task, and check the access of its signer to a pod.
import os

from bitfount.encryption.encryption import _RSAEncryption
from bitfount.hub import APIKeysHandler, BitfountAM, BitfountHub, BitfountSession, PodPublicMetadata

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

private_key, public_key = _RSAEncryption.generate_key_pair()
schema = {"name": "signed", "features": [], "metadata": {"schema_version": "4"}}
hub.register_pod(PodPublicMetadata("signed", "Signed", "d", schema), public_key, public_key)
key_id = hub.register_user_public_key(public_key)
task = b"the task of a modeller"
signature = _RSAEncryption.sign_message(private_key, task)
assert _RSAEncryption.verify_signature(public_key, signature, task)
result = am.check_signature_based_access_request(
    task,
    signature,
    f"{session.username}/signed",
    PROTOCOL,
    session.username,
    public_key_id=str(key_id),
)
print(result["response_type"].name)
