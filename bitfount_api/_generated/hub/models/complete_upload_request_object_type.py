from enum import StrEnum


class CompleteUploadRequestObjectType(StrEnum):
    MODEL = "Model"
    SCHEMA = "Schema"

    def __str__(self) -> str:
        return str(self.value)
