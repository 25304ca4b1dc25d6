# 5.3 and 13.0: let the environment choose the URLs, and the API keys of the session.
import os

from bitfount.hub.helper import _create_access_manager, _create_bitfounthub

hub = _create_bitfounthub(username=os.environ["BITFOUNT_USERNAME"])
am = _create_access_manager(hub.session)
print(hub.username, hub.url, am.access_manager_url)
print(am.get_access_manager_key().key_size)
