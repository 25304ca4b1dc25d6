from enum import StrEnum


class OIDCAccessRequestIdentityProvider(StrEnum):
    OIDC = "OIDC"

    def __str__(self) -> str:
        return str(self.value)
