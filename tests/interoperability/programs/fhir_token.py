# 5.3 and 13.0: get a clinical access token, if the user is paired with a clinical system.
import os

from bitfount.hub.api import SMARTOnFHIR
from bitfount.hub.authentication_flow import BitfountSession
from bitfount.hub.authentication_handlers import APIKeysHandler
from bitfount.hub.exceptions import SMARTOnFHIRError

keys = os.environ["BITFOUNT_API_KEY_ID"], os.environ["BITFOUNT_API_KEY"]
session = BitfountSession(APIKeysHandler(*keys, os.environ["BITFOUNT_USERNAME"]))
fhir = SMARTOnFHIR(
    session=session,
    smart_on_fhir_url="http://localhost:3002",
    resource_server_url="https://clinic.example/fhir",
)
try:
    token = fhir.get_access_token()
except SMARTOnFHIRError as error:
    print("not paired:", type(error).__name__)
else:
    print(len(token.token) > 0, token.context)
