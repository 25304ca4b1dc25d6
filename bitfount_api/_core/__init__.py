"""Building blocks of operations, without network I/O: effects, retries, responses, redaction."""
