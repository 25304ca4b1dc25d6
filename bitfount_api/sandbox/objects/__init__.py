"""The sandbox's object store: the subset of S3 that presigned transfers and boto3 need.

``app`` receives a request and ``request`` decodes it; ``signature`` verifies its signature
(``policy`` checks a form's policy), and ``operations`` or ``post_object`` executes it. ``payload``
receives request bodies, ``get_object`` sends objects. ``store`` stores objects: their bytes in
``blobs``, their metadata in ``catalog``. ``signing`` creates presigned URLs and forms, and imports
no other module of this package.
"""
