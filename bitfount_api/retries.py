"""When, how often and after how long a request that failed is sent again."""

from __future__ import annotations

import email.utils
import math
import random
import time
from typing import Any

import attrs

from bitfount_api import config
from bitfount_api._validation import whole_number_field

RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
"""The statuses that say nothing about the request itself, only about the moment."""


def _at_least_zero(_: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        raise ValueError(f"{attribute.name} must be a number from 0, not {value!r}")


@attrs.frozen
class RetryPolicy:
    """How a failed request is repeated: with exponential backoff and full jitter.

    Which requests may be repeated at all is a property of the operation: what creates or counts
    something is not, once the service may have seen it.

    Args:
        retries: How often after the first time, at most; None for ``BITFOUNT_WEB_MAX_RETRIES``, or
            3 where that is not set.
        backoff: The first pause is a random time up to this many seconds, each further one up to
            twice the one before.
        longest_pause: No pause is longer than this many seconds, whatever a service asks for
            (``Retry-After``).
        retry_not_found: Repeat after a 404 as well, for reading what was written a moment ago.
    """

    retries: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(whole_number_field(0))
    )
    backoff: float = attrs.field(default=0.5, validator=_at_least_zero)
    longest_pause: float = attrs.field(default=30.0, validator=_at_least_zero)
    retry_not_found: bool = False

    def most_retries(self) -> int:
        """How often a request is repeated, at most."""
        return config.max_retries() if self.retries is None else self.retries

    def repeats(self, status: int) -> bool:
        """Whether an answer of this status is a reason to ask again."""
        return status in RETRIED_STATUSES or (status == 404 and self.retry_not_found)

    def pause(self, failures: int, retry_after: str | None = None) -> float:
        """Seconds to wait before the next time.

        Args:
            failures: How often it has failed so far, from 1.
            retry_after: The service's ``Retry-After`` header: seconds, or an HTTP date.
        """
        asked = seconds_of(retry_after)
        if asked is not None:
            return min(asked, self.longest_pause)
        ceiling = min(self.longest_pause, self.backoff * 2.0 ** min(failures - 1, 30))
        return random.uniform(0, ceiling)  # noqa: S311 - spreads load, guards nothing


def seconds_of(retry_after: str | None) -> float | None:
    """What a ``Retry-After`` header asks for, in seconds from now; None if it is none."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, moment.timestamp() - time.time())
