from enum import StrEnum


class SignatureAccessRequestIdentityProvider(StrEnum):
    SIGNATURE = "SIGNATURE"

    def __str__(self) -> str:
        return str(self.value)
