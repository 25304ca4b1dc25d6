"""Retry policy: which failed requests are retried, how often, and after which pauses."""

from __future__ import annotations

import datetime as dt
import email.utils
import math
import random
import time
from typing import Any

import attrs

from bitfount_api import config
from bitfount_api._internal.validation import optional_integer, quote, whole_number_field

RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
"""The statuses of temporary failures, which say nothing about the request itself."""


def _at_least_zero(_: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        raise ValueError(f"{attribute.name} must be a number of at least 0, not {quote(value)}")


@attrs.frozen
class RetryPolicy:
    """Retry failed requests with exponential backoff and full jitter.

    Which requests may be retried depends on the operation: a request that creates or counts
    something is not retried once the service may have seen it.

    Args:
        retries: The maximum number of retries; None for ``BITFOUNT_WEB_MAX_RETRIES``, or 3 if that
            is not set.
        backoff: The maximum of the first pause in seconds, doubled for each further pause; each
            pause is a random time up to its maximum.
        max_backoff: The maximum of every pause in seconds, also of those that a service requests
            (``Retry-After``).
        retry_not_found: Retry after a 404 as well, to read an object that was just written.
    """

    retries: int | None = attrs.field(
        default=None,
        converter=optional_integer,
        validator=attrs.validators.optional(whole_number_field(0)),
    )
    backoff: float = attrs.field(default=0.5, validator=_at_least_zero)
    max_backoff: float = attrs.field(default=30.0, validator=_at_least_zero)
    retry_not_found: bool = False

    def max_retries(self) -> int:
        """Return the maximum number of retries."""
        return config.max_retries() if self.retries is None else self.retries

    def should_retry(self, status: int) -> bool:
        """Whether a response with this status is a reason to retry."""
        return status in RETRIED_STATUSES or (status == 404 and self.retry_not_found)

    def pause(self, failures: int, retry_after: str | None = None) -> float:
        """Return the seconds to wait before the next attempt.

        Args:
            failures: The number of failures so far, from 1.
            retry_after: The service's ``Retry-After`` header: seconds, or an HTTP date.
        """
        requested = parse_retry_after(retry_after)
        if requested is not None:
            return min(requested, self.max_backoff)
        ceiling = min(self.max_backoff, self.backoff * 2.0 ** min(failures - 1, 30))
        return random.uniform(0, ceiling)  # noqa: S311 - spreads load, needs no secure randomness


def policy_or(retry: object, default: RetryPolicy) -> RetryPolicy:
    """Return the policy of an argument ``retry``, or the default if it is None.

    Raises:
        TypeError: The argument is another value, such as a number of retries.
    """
    if retry is None:
        return default
    if not isinstance(retry, RetryPolicy):
        raise TypeError(
            f"retry must be a RetryPolicy, such as RetryPolicy(retries=3), not {quote(retry)}"
        )
    return retry


def parse_retry_after(retry_after: str | None) -> float | None:
    """Return the seconds from now that a ``Retry-After`` header means; None if it is invalid."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    moment = parse_http_date(text)
    return None if moment is None else max(0.0, moment - time.time())


def parse_http_date(date: str | None) -> float | None:
    """Return the seconds since the epoch that an HTTP date means; None if it is invalid.

    A date without a zone, or with the zone ``-0000``, is in UTC.
    """
    try:
        moment = email.utils.parsedate_to_datetime(date or "")
        if moment.tzinfo is None:  # timestamp() would take it for local time
            moment = moment.replace(tzinfo=dt.UTC)
        return moment.timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
