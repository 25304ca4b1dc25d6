"""What ``doctor`` looks at. Each check gives findings, with what to do about each."""
