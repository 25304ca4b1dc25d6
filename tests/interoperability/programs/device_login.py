# 5.3 and 13.0: prepare a login in the browser, and print where its token is kept.
from bitfount.hub.authentication_flow import BitfountSession
from bitfount.hub.authentication_handlers import DeviceCodeFlowHandler

handler = DeviceCodeFlowHandler(username="alice")
session = BitfountSession(authentication_handler=handler)
# session.authenticate() would print the page and the code for the login.
print(handler.token_file.name, session.authentication_handler is handler)
