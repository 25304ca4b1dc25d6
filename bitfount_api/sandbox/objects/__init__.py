"""The object store of the sandbox: as much of S3 as presigned transfers and boto3 need."""
