# 13.0: request a certificate for a compute instance, and download it.
import os

from bitfount.hub import APIKeysHandler, BitfountHub, BitfountSession
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

keys = os.environ["BITFOUNT_API_KEY_ID"], os.environ["BITFOUNT_API_KEY"]
hub = BitfountHub(
    BitfountSession(APIKeysHandler(*keys, os.environ["BITFOUNT_USERNAME"])),
    "http://localhost:3000",
)

compute = hub.register_compute("instance-2", None, "10.0.0.8")
key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, compute["domain"])])
domain = x509.SubjectAlternativeName([x509.DNSName(compute["domain"])])
csr = (
    x509.CertificateSigningRequestBuilder()
    .subject_name(name)
    .add_extension(domain, critical=False)
    .sign(key, hashes.SHA256())
)
pem = csr.public_bytes(serialization.Encoding.PEM).decode()
hub.request_compute_certificate(compute["computeId"], pem)
issued = hub.get_compute_certificate(compute["computeId"])
print(issued["status"], issued.get("certificatePem", "").splitlines()[:1])
