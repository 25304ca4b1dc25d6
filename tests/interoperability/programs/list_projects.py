# 5.3 and 13.0: print all projects of the user, page by page.
import os

from bitfount.hub.api import BitfountHub
from bitfount.hub.authentication_flow import BitfountSession
from bitfount.hub.authentication_handlers import APIKeysHandler

handler = APIKeysHandler(
    api_key_id=os.environ["BITFOUNT_API_KEY_ID"],
    api_key=os.environ["BITFOUNT_API_KEY"],
    username=os.environ["BITFOUNT_USERNAME"],
)
session = BitfountSession(handler)
session.authenticate()
hub = BitfountHub(session=session, url="http://localhost:3000")

offset = 0
while True:
    page = hub.get_projects(offset=offset, limit=2)
    if page is None or not page["projects"]:
        break
    for project in page["projects"]:
        print(project["id"], project["name"])
    offset += len(page["projects"])
print(offset, "projects")
