"""The sandbox's object store: the subset of S3 that presigned transfers and boto3 need.

``app`` receives a request and ``asking`` decodes it; ``verifying`` checks its signature (``policy``
checks a form's policy), and ``operations`` or ``posting`` executes it. ``bodies`` receives request
bodies, ``reading`` sends objects. ``store`` keeps objects: their bytes in ``blobs``, their metadata
in ``catalog``. ``signing`` makes presigned URLs and forms, and imports none of these modules.
"""
