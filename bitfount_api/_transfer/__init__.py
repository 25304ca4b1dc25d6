"""Objects on their way: what is uploaded is read from, and what is downloaded is written to."""
