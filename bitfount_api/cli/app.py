"""The one place that makes sessions and clients, as the options and the environment say."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import attrs

from bitfount_api import config
from bitfount_api.cli.exit_codes import Exit, Failure
from bitfount_api.cli.output import Output
from bitfount_api.exceptions import AuthenticationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bitfount_api import BitfountAM, BitfountHub, BitfountSession, RetryPolicy, SMARTOnFHIR
    from bitfount_api.auth.handler import AuthenticationHandler
    from bitfount_api.auth.prompts import Prompt
    from bitfount_api.auth.token_store import TokenFile


@attrs.define
class App:
    """What a command works with.

    Args:
        output: How it speaks.
        hub_url: The Hub; None for the environment's. Likewise the others.
        username: Whose login to use; None for whoever logged in, or has the API keys.
        auth_domain: The OAuth authority to log in to.
        ca: Whose certificates to trust: ``system``, or the path of a bundle.
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

    # --- Where and who ---------------------------------------------------------------------------

    def service_urls(self) -> tuple[str, str, str]:
        """Return the base URLs of the Hub, the access manager and SMART on FHIR.

        Raises:
            ValueError: A URL is not valid, or ``BITFOUNT_ENVIRONMENT`` names no environment.
        """
        return (
            _service_url(self.hub_url, lambda: config.environment().hub_url),
            _service_url(self.access_manager_url, lambda: config.environment().access_manager_url),
            _service_url(self.smart_on_fhir_url, config.smart_on_fhir_url),
        )

    def token_file(self) -> TokenFile:
        """Where the login is kept.

        Raises:
            ValueError: The OAuth authority's name is none.
        """
        from bitfount_api.auth.oauth import parse_auth_domain
        from bitfount_api.auth.token_store import Issuer, TokenFile

        environment = config.environment()
        name, _ = parse_auth_domain(self.auth_domain or environment.auth_domain)
        issuer = Issuer(name, environment.client_id, config.OAUTH_SCOPES, config.OAUTH_AUDIENCE)
        return TokenFile(config.storage_path(), self.username, issuer)

    def login_handler(self, prompt: Prompt) -> AuthenticationHandler:
        """A login with a browser, however else one could authenticate."""
        from bitfount_api import DeviceCodeFlowHandler

        return DeviceCodeFlowHandler(
            auth_domain=self.auth_domain, username=self.username, prompt=prompt
        )

    def handler(self) -> AuthenticationHandler:
        """API keys where the environment holds them, else the login that was saved.

        Raises:
            Failure: There is neither.
            AuthenticationError: The environment holds half of what API keys need.
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
                "The API keys in the environment do not say whose they are. "
                "Set BITFOUNT_USERNAME, or give --username.",
                Exit.NOT_AUTHENTICATED,
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
        """A session; it is closed when the command ends."""
        from bitfount_api import BitfountSession

        session = BitfountSession(
            handler or self.handler(),
            verify=self.ca or True,
            timeout=timeout or self.timeout,
            retry=retry,
            user_agent_suffix="cli",
        )
        self._sessions.append(session)
        return session

    def hub(self) -> BitfountHub:
        """The Hub."""
        from bitfount_api import BitfountHub

        if self.hub_url is None:
            return BitfountHub.from_env(self.session())
        return BitfountHub(self.session(), self.hub_url)

    def access_manager(self, session: BitfountSession | None = None) -> BitfountAM:
        """The access manager."""
        from bitfount_api import BitfountAM

        return BitfountAM(session or self.session(), self.access_manager_url)

    def public_access_manager(self) -> BitfountAM:
        """The access manager, for what needs no credentials."""
        from bitfount_api.auth.anonymous import AnonymousHandler

        return self.access_manager(self.session(AnonymousHandler()))

    def smart_on_fhir(self, resource_server_url: str | None) -> SMARTOnFHIR:
        """SMART on FHIR."""
        from bitfount_api import SMARTOnFHIR

        return SMARTOnFHIR(self.session(), self.smart_on_fhir_url, resource_server_url)

    def close(self) -> None:
        """Close the connections."""
        while self._sessions:
            self._sessions.pop().close()


def _service_url(given: str | None, default: Callable[[], str]) -> str:
    return config.service_url(default() if given is None else given)


def _not_logged_in() -> NoReturn:
    raise AuthenticationError("you are not logged in, or your login has ended.")
