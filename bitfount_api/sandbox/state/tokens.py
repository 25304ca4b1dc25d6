"""OAuth: device codes, access tokens, and refresh tokens that rotate (RFC 8628, RFC 9700)."""

from __future__ import annotations

import hashlib
import secrets
from collections import deque
from typing import TYPE_CHECKING, Any, Literal

import attrs
import jwt

if TYPE_CHECKING:
    from collections.abc import Callable

    from bitfount_api.sandbox.state.database import Database

USERNAME_CLAIM = "https://www.bitfount.com/username"
ISSUER = "https://sandbox.invalid/"

# No vowels, so that codes do not form words, and no letters that are easily confused.
_USER_CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"

MAX_WRONG_CODES = 10
"""The number of unknown user codes that may be entered within :data:`WRONG_CODES_SECONDS`."""
WRONG_CODES_SECONDS = 60


@attrs.frozen
class Lifetimes:
    """Lifetimes of codes, tokens and certificates, in seconds.

    Args:
        device_code: Time in which the user must enter the code.
        interval: Minimum time between two polls for the token.
        access_token: Time until an access token expires.
        certificate: Time until a compute instance's certificate expires.
        certificate_validation: Time until a requested certificate is issued.
    """

    device_code: float = 900
    interval: float = 5
    access_token: float = 86400
    certificate: float = 90 * 86400
    certificate_validation: float = 0


class Refused(Exception):
    """The authorization server rejects a request; ``error`` is the OAuth error code."""

    def __init__(self, error: str, description: str, status: int = 403) -> None:
        super().__init__(description)
        self.error = error
        self.status = status


class Tokens:
    """The codes and tokens that the authorization server has issued.

    Args:
        database: Database that stores them.
        clock: Function that returns the POSIX time in seconds.
        lifetimes: Lifetimes of codes and tokens.
    """

    def __init__(
        self, database: Database, clock: Callable[[], float], lifetimes: Lifetimes
    ) -> None:
        self._database = database
        self._clock = clock
        self.lifetimes = lifetimes
        self._wrong_codes: deque[float] = deque(maxlen=MAX_WRONG_CODES)
        database.execute(
            "INSERT OR IGNORE INTO secrets VALUES ('tokens', ?)", secrets.token_hex(32)
        )
        self._secret = database.scalar("SELECT value FROM secrets WHERE name = 'tokens'")

    # --- Device codes ----------------------------------------------------------------------------

    def begin(self, client_id: str, scope: str, audience: str) -> dict[str, Any]:
        """Issue a device code, and the code that the user enters."""
        code, device_code = _user_code(), secrets.token_urlsafe(32)
        self._database.execute(
            "INSERT INTO device_codes (device_code, user_code, client_id, scope, audience, "
            "expires_at, interval) VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(device_code, code, client_id, scope, audience),
            *(self._clock() + self.lifetimes.device_code, self.lifetimes.interval),
        )
        return {
            "device_code": device_code,
            "user_code": code,
            "expires_in": self.lifetimes.device_code,
            "interval": self.lifetimes.interval,
        }

    def code_state(self, user_code: str) -> Literal["pending", "expired", "used"] | None:
        """Return the state of a user code; None if there is no such code."""
        row = self._database.row(
            "SELECT * FROM device_codes WHERE user_code = ?", normalised(user_code)
        )
        if row is None:
            return None
        if row["state"] != "pending":
            return "used"
        return "pending" if self._clock() < row["expires_at"] else "expired"

    def may_enter_code(self) -> bool:
        """Whether a user code may be entered now: codes must not be guessed (RFC 8628, 5.1)."""
        full = len(self._wrong_codes) == MAX_WRONG_CODES
        # The clock may have been set back since.
        return not full or not 0 <= self._clock() - self._wrong_codes[0] < WRONG_CODES_SECONDS

    def count_wrong_code(self) -> None:
        """Count an unknown user code."""
        self._wrong_codes.append(self._clock())

    def forget_wrong_codes(self) -> None:
        """Allow codes to be entered again."""
        self._wrong_codes.clear()

    def decide(self, user_code: str, username: str | None) -> bool:
        """Approve a pending code as this user, or deny it (None); False if it is not pending."""
        with self._database.transaction():
            if self.code_state(user_code) != "pending":
                return False
            self._database.execute(
                "UPDATE device_codes SET state = ?, username = ? WHERE user_code = ?",
                *("denied" if username is None else "approved", username, normalised(user_code)),
            )
        return True

    def redeem(self, client_id: str, device_code: str) -> dict[str, Any]:
        """Return the tokens for a device code that the user has approved.

        Raises:
            Refused: If the code is invalid, expired, denied or still pending, or polled too often.
        """
        with self._database.transaction():
            row = self._database.row(
                "SELECT * FROM device_codes WHERE device_code = ?", device_code
            )
            if row is None or row["client_id"] != client_id or row["state"] == "redeemed":
                raise Refused("invalid_grant", "Invalid or expired device code.")
            if row["state"] == "denied":
                raise Refused("access_denied", "The user denied the request.")
            now, polled = self._clock(), row["polled_at"]
            if now >= row["expires_at"]:
                raise Refused("expired_token", "The device code has expired.")
            too_early = polled is not None and now - polled < row["interval"]
            if row["state"] == "pending":
                wait = row["interval"] + (5 if too_early else 0)
                self._database.execute(
                    "UPDATE device_codes SET polled_at = ?, interval = ? WHERE device_code = ?",
                    *(now, wait, device_code),
                )
        if row["state"] == "pending":
            if too_early:
                raise Refused("slow_down", "You are polling too fast.", 429)
            raise Refused("authorization_pending", "The user has not decided yet.")
        with self._database.transaction():
            self._database.execute(
                "UPDATE device_codes SET state = 'redeemed' WHERE device_code = ?", device_code
            )
            return self._grant(
                row["username"], client_id, row["scope"], row["audience"], secrets.token_hex(16)
            )

    # --- Refreshing ------------------------------------------------------------------------------

    def refresh(self, client_id: str, refresh_token: str) -> dict[str, Any]:
        """Return new tokens for a refresh token, and invalidate the refresh token.

        A second use suggests that the token was stolen, so its whole family is revoked.

        Raises:
            Refused: If the refresh token is not valid.
        """
        refusal = Refused("invalid_grant", "Unknown or invalid refresh token.")
        with self._database.transaction():
            row = self._database.row(
                "SELECT * FROM refresh_tokens WHERE hash = ?", _hash(refresh_token)
            )
            if row is None or row["client_id"] != client_id:
                raise refusal
            if row["state"] == "live":
                self._database.execute(
                    "UPDATE refresh_tokens SET state = 'used' WHERE hash = ?", row["hash"]
                )
                return self._grant(
                    row["username"], client_id, row["scope"], row["audience"], row["family"]
                )
            self.revoke(row["family"])
        raise refusal

    def revoke(self, family: str | None = None) -> None:
        """Revoke a family of refresh tokens, or all refresh tokens."""
        change = "UPDATE refresh_tokens SET state = 'revoked'"
        if family is None:
            self._database.execute(change)
        else:
            self._database.execute(f"{change} WHERE family = ?", family)

    @property
    def reuses(self) -> int:
        """Number of revoked families of refresh tokens."""
        count: int = self._database.scalar(
            "SELECT COUNT(DISTINCT family) FROM refresh_tokens WHERE state = 'revoked'"
        )
        return count

    # --- Tokens ----------------------------------------------------------------------------------

    def access_token(self, username: str, audience: str = "", scope: str = "") -> str:
        """Return an access token for a user."""
        now = self._clock()
        return self._signed(
            sub=subject(username),
            aud=audience,
            scope=scope,
            iat=int(now),
            exp=now + self.lifetimes.access_token,
            jti=secrets.token_hex(8),
            **{USERNAME_CLAIM: username},
        )

    def user_of(self, access_token: str) -> str | None:
        """Return the user an access token was issued to; None if it is not a valid token."""
        try:
            claims = jwt.decode(
                access_token,
                self._secret,
                algorithms=["HS256"],
                # Expiry is checked below against self._clock, which tests can replace.
                options={"verify_aud": False, "verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError:
            return None
        username = claims.get(USERNAME_CLAIM)
        if "scope" not in claims or self._clock() >= claims.get("exp", 0):
            return None
        return username if isinstance(username, str) else None

    def _grant(
        self, username: str, client_id: str, scope: str, audience: str, family: str
    ) -> dict[str, Any]:
        now = int(self._clock())
        answer = {
            "access_token": self.access_token(username, audience, scope),
            "scope": scope,
            "expires_in": self.lifetimes.access_token,
            "token_type": "Bearer",
        }
        if "openid" in scope.split():
            answer["id_token"] = self._signed(
                sub=subject(username),
                aud=client_id,
                iat=now,
                exp=now + 36000,
                nickname=username,
                **{USERNAME_CLAIM: username},
            )
        if "offline_access" in scope.split():
            answer["refresh_token"] = token = secrets.token_urlsafe(32)
            self._database.execute(
                "INSERT INTO refresh_tokens (hash, family, username, client_id, scope, audience) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                *(_hash(token), family, username, client_id, scope, audience),
            )
        return answer

    def _signed(self, **claims: Any) -> str:
        return jwt.encode({"iss": ISSUER, **claims}, self._secret, algorithm="HS256")


def subject(username: str) -> str:
    """Return the id of a user."""
    return f"sandbox|{username}"


def normalised(user_code: str) -> str:
    """Return a typed user code in the stored form; case, spaces and dashes do not matter."""
    letters = "".join(letter for letter in user_code.upper() if letter.isalnum())
    return f"{letters[:4]}-{letters[4:]}"


def _user_code() -> str:
    letters = "".join(secrets.choice(_USER_CODE_LETTERS) for _ in range(8))
    return normalised(letters)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
