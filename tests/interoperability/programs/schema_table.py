# 5.3 and 13.0: print a table of a schema's features, with their types and labels.
from bitfount.data.schema import BitfountSchema
from bitfount.data.types import CategoricalRecord

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

for semantic_type, records in schema.features.items():
    for name, record in records.items():
        labels = ""
        if isinstance(record, CategoricalRecord):
            labels = ", ".join(record.encoder.classes)
        print(f"{semantic_type:12} {name:8} {record.dtype_name:8} {labels}")
print("forced types:", schema.force_stypes)
print(schema.features["categorical"]["sex"].encoder.size)
