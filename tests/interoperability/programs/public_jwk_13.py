# 13.0: publish a public key as JWK for an EHR, and print where it is served.
import base64
import os

from bitfount.hub import APIKeysHandler, BitfountHub, BitfountSession
from cryptography.hazmat.primitives.asymmetric import rsa


def base64url(number):
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


keys = os.environ["BITFOUNT_API_KEY_ID"], os.environ["BITFOUNT_API_KEY"]
hub = BitfountHub(
    BitfountSession(APIKeysHandler(*keys, os.environ["BITFOUNT_USERNAME"])),
    "http://localhost:3000",
)

numbers = rsa.generate_private_key(65537, 2048).public_key().public_numbers()
jwk = {
    "kty": "RSA",
    "kid": "key-1",
    "use": "sig",
    "alg": "RS384",
    "n": base64url(numbers.n),
    "e": base64url(numbers.e),
}
answer = hub.upload_public_jwk(jwk, issuer="https://clinic.example", client_id="client-1")
print(answer["jwksUriWellKnown"])
