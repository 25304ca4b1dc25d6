# 13.0: use access tokens of another service, the first of them got when it is needed.
import os
from datetime import datetime, timedelta, timezone

from bitfount.hub import BitfountHub, BitfountSession, JWTHandler


def get_token():
    expires = datetime.now(timezone.utc) + timedelta(hours=1)
    return os.environ["MODELLER_ACCESS_TOKEN"], expires


handler = JWTHandler(
    jwt=None, expires=None, get_token=get_token, username=os.environ["BITFOUNT_USERNAME"]
)
session = BitfountSession(authentication_handler=handler)
session.authenticate()
hub = BitfountHub(session, "http://localhost:3000")
print(type(hub.get_projects(0, 5)["projects"]).__name__, session.authenticated)
