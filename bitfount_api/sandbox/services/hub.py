"""The Hub, which shares its port with the authorization server."""

from __future__ import annotations

from bitfount_api.sandbox.services import (
    clusters,
    computes,
    jwks,
    models,
    monitor,
    oauth,
    pods,
    projects,
    public_keys,
    uploads,
)

# Longer paths come first, so that /api/projects/... does not match the route of a user's keys.
ROUTES = [
    *oauth.ROUTES,
    *pods.ROUTES,
    *models.ROUTES,
    *uploads.ROUTES,
    *projects.ROUTES,
    *computes.ROUTES,
    *clusters.ROUTES,
    *jwks.ROUTES,
    *monitor.ROUTES,
    *public_keys.ROUTES,
]
