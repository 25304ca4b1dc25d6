"""What operations are made of, without network I/O: effects, retries, responses, redaction."""
