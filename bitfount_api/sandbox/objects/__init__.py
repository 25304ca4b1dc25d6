"""The object store of the sandbox: as much of S3 as presigned transfers and boto3 need.

A request is looked at in ``app``, decoded in ``asking``, its signature checked in ``verifying`` (a
form's policy in ``policy``), and done in ``operations`` or ``posting``. Bodies come in through
``bodies``, objects go out through ``reading``. ``store`` keeps them: bytes in ``blobs``, what is
known of them in ``catalog``. ``signing`` makes presigned URLs and forms, and imports none of these.
"""
