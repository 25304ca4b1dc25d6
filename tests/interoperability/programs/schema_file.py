# 5.3 and 13.0: write a schema to a file, read it, and decode a label; needs no Hub.
import tempfile
from pathlib import Path

from bitfount.data import BitfountSchema

schema = BitfountSchema.load(
    {
        "name": "clinic",
        "features": [
            {"featureName": "age", "dtype": "Int64", "semanticType": "continuous"},
            {
                "featureName": "sex",
                "dtype": "string",
                "semanticType": "categorical",
                "encoder": {"classes": {"f": 0, "m": 1}},
            },
            {"featureName": "note", "dtype": "string", "semanticType": "text"},
        ],
        "metadata": {"schema_version": "4", "schema_type": "full", "force_stypes": None},
    }
)

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "clinic.yaml"
    schema.dump(file_path=path)
    read = BitfountSchema.load_from_file(path)

print(read.decode_categorical("sex", 1))
print(read.get_categorical_feature_size("sex"), read.get_categorical_feature_sizes())
try:
    read.decode_categorical("sex", 9)
except ValueError as error:
    print("no such label:", error)
print(BitfountSchema.loads(read.dumps()).name)
