"""The pod that the benchmarks request, as large as the Hub's, with keys and a description."""

from __future__ import annotations

IDENTIFIER = "bob/scans"

POD = {
    "podIdentifier": IDENTIFIER,
    "podName": "scans",
    "podDisplayName": "Retina scans",
    "podPublicKey": "ssh-rsa " + "A" * 716,
    "accessManagerPublicKey": "ssh-rsa " + "B" * 716,
    "description": "Optical coherence tomography, with notes. " * 8,
    "schemaStorageKey": "schemas/bob/scans",
    "isOnline": True,
    "providerUserName": "bob",
    "visibility": "public",
    "schemaDownloadUrl": "https://storage.example/schemas/bob/scans?X-Amz-Signature=" + "c" * 600,
}
