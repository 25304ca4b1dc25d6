# 5.3: use access tokens of another service, which are got again when they expire.
import os
from datetime import datetime, timedelta, timezone

from bitfount.hub.api import BitfountHub
from bitfount.hub.authentication_flow import BitfountSession
from bitfount.hub.authentication_handlers import ExternallyManagedJWTHandler


def get_token():
    expires = datetime.now(timezone.utc) + timedelta(hours=1)
    return os.environ["MODELLER_ACCESS_TOKEN"], expires


jwt, expires = get_token()
handler = ExternallyManagedJWTHandler(jwt, expires, get_token, os.environ["BITFOUNT_USERNAME"])
session = BitfountSession(authentication_handler=handler)
hub = BitfountHub(session, "http://localhost:3000")
print(type(hub.get_projects()["projects"]).__name__, session.username)
