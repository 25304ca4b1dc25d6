# 5.3 and 13.0: authenticate with a handler of one's own.
import os

from bitfount.hub.api import BitfountHub
from bitfount.hub.authentication_flow import BitfountSession
from bitfount.hub.authentication_handlers import AuthenticationHandler


class VaultHandler(AuthenticationHandler):
    """Read the token from where this program keeps it."""

    def __init__(self, username):
        super().__init__(username)
        self._name = username
        self._headers = {}

    @property
    def username(self):
        return self._name

    @property
    def authenticated(self):
        return bool(self._headers)

    def authenticate(self):
        self._headers = {"authorization": "Bearer " + os.environ["MODELLER_ACCESS_TOKEN"]}

    @property
    def hub_request_headers(self):
        return dict(self._headers)

    @property
    def am_request_headers(self):
        return dict(self._headers)

    @property
    def message_service_request_metadata(self):
        return list(self._headers.items())


session = BitfountSession(VaultHandler(os.environ["BITFOUNT_USERNAME"]))
session.authenticate()
hub = BitfountHub(session, "http://localhost:3000")
print(session.username, hub.create_project("Vault"))
