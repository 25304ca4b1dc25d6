"""Creates the sessions and clients that the options and the environment configure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import attrs

from bitfount_api import config
from bitfount_api.cli.exit_codes import Exit, Failure
from bitfount_api.cli.output import Output
from bitfount_api.exceptions import AuthenticationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bitfount_api import BitfountAM, BitfountHub, BitfountSession, RetryPolicy, SMARTOnFHIR
    from bitfount_api.auth.handler import AuthenticationHandler
    from bitfount_api.auth.prompts import Prompt
    from bitfount_api.auth.token_store import Issuer, TokenFile


@attrs.define
class App:
    """The options of a command line, and the sessions and clients made from them.

    Args:
        output: Output of the command.
        hub_url: URL of the Hub; None for the environment's.
        access_manager_url: URL of the access manager; None for the environment's.
        smart_on_fhir_url: URL of SMART on FHIR; None for the environment's.
        username: User whose login to use; None for the user who logged in or owns the API keys.
        auth_domain: Authorization server to log in to; None for the environment's.
        ca: CAs to trust: ``system``, or the path of a bundle.
        timeout: Seconds to connect, and between two bytes.
    """

    output: Output = attrs.field(factory=Output)
    hub_url: str | None = None
    access_manager_url: str | None = None
    smart_on_fhir_url: str | None = None
    username: str | None = None
    auth_domain: str | None = None
    ca: str | None = None
    timeout: float | None = None
    _sessions: list[BitfountSession] = attrs.field(factory=list)

    # --- Services and credentials ----------------------------------------------------------------

    def service_urls(self) -> tuple[str, str, str]:
        """Return the base URLs of the Hub, the access manager and SMART on FHIR.

        Raises:
            ValueError: If a URL is not valid, or ``BITFOUNT_ENVIRONMENT`` names no environment.
        """
        return (
            _service_url(self.hub_url, config.hub_url),
            _service_url(self.access_manager_url, config.access_manager_url),
            _service_url(self.smart_on_fhir_url, config.smart_on_fhir_url),
        )

    def token_file(self) -> TokenFile:
        """Return the file in which the login is saved.

        Raises:
            ValueError: If the authorization server is not a valid host name or URL, or the login
                is to be stored with the package keyring, which is missing.
        """
        from bitfount_api.auth.token_files import token_file

        return token_file(*self._login())

    def all_token_files(self) -> list[TokenFile]:
        """Return the files in which the login may be saved, plain or encrypted.

        Raises:
            ValueError: As for :meth:`token_file`.
        """
        from bitfount_api.auth.token_files import all_token_files

        return all_token_files(*self._login())

    def login_authority(self) -> str:
        """Return the name of the authorization server, as token files have it.

        Raises:
            ValueError: If it is not a valid host name or URL.
        """
        from bitfount_api.auth.oauth import authorization_server

        return authorization_server(self.auth_domain)[0]

    def _login(self) -> tuple[Path, str | None, Issuer]:
        from bitfount_api.auth.token_store import Issuer

        client_id = config.environment().client_id
        issuer = Issuer(
            self.login_authority(), client_id, config.OAUTH_SCOPES, config.OAUTH_AUDIENCE
        )
        username = self.username or config.login_username()
        return config.storage_path(), username, issuer

    def login_handler(self, prompt: Prompt) -> AuthenticationHandler:
        """Return a handler for the browser login, even if other credentials are available."""
        from bitfount_api import DeviceCodeFlowHandler

        username = self.username or config.login_username()
        return DeviceCodeFlowHandler(auth_domain=self.auth_domain, username=username, prompt=prompt)

    def handler(self) -> AuthenticationHandler:
        """Return a handler for the environment's API keys, otherwise for the saved login.

        Raises:
            Failure: If the API keys have no username.
            AuthenticationError: If the environment holds incomplete API keys, or if there are
                neither API keys nor a saved login.
        """
        try:
            keys = config.api_keys()
        except ValueError as error:
            raise AuthenticationError(str(error)) from None
        if keys is None:
            if self.token_file().read() is None:
                _not_logged_in()
            return self.login_handler(lambda _: _not_logged_in())
        from bitfount_api import APIKeysHandler

        username = self.username or config.username()
        if username is None:
            raise Failure(
                "The username of the API keys in the environment is missing.",
                Exit.NOT_AUTHENTICATED,
                hint="Set BITFOUNT_USERNAME, or give --username.",
            )
        return APIKeysHandler(keys.api_key_id, keys.api_key, username)

    # --- Sessions and clients --------------------------------------------------------------------

    def session(
        self,
        handler: AuthenticationHandler | None = None,
        *,
        retry: RetryPolicy | None = None,
        timeout: float | None = None,
    ) -> BitfountSession:
        """Return a session that is closed when the command ends."""
        from bitfount_api import BitfountSession

        config.profile()  # an unknown one is an error, even if variables hold all settings
        session = BitfountSession(
            handler or self.handler(),
            verify=self.ca or True,
            timeout=timeout or self.timeout,
            retry=retry,
            user_agent_suffix="cli",
        )
        self._sessions.append(session)
        return session

    def hub(self, session: BitfountSession | None = None) -> BitfountHub:
        """Return a client for the Hub."""
        from bitfount_api import BitfountHub

        session = session or self.session()
        if self.hub_url is None:
            return BitfountHub.from_env(session)
        return BitfountHub(session, self.hub_url)

    def access_manager(self, session: BitfountSession | None = None) -> BitfountAM:
        """Return a client for the access manager."""
        from bitfount_api import BitfountAM

        return BitfountAM(session or self.session(), self.access_manager_url)

    def public_access_manager(self) -> BitfountAM:
        """Return a client for the access manager that sends no credentials."""
        from bitfount_api.auth.anonymous import AnonymousHandler

        return self.access_manager(self.session(AnonymousHandler()))

    def smart_on_fhir(self, resource_server_url: str | None) -> SMARTOnFHIR:
        """Return a client for SMART on FHIR."""
        from bitfount_api import SMARTOnFHIR

        return SMARTOnFHIR(self.session(), self.smart_on_fhir_url, resource_server_url)

    def close(self) -> None:
        """Close the sessions."""
        while self._sessions:
            self._sessions.pop().close()


def _service_url(given: str | None, default: Callable[[], str]) -> str:
    return config.service_url(default() if given is None else given)


def _not_logged_in() -> NoReturn:
    raise AuthenticationError("you are not logged in, or your login has expired.")
