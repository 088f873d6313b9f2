"""How often a key may ask, in any minute."""

import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from pipelines.jobs.service.web.errors import TooMany


class Rates:
    """Requests a minute for each key, of this process: several instances each allow as many."""

    def __init__(self, per_minute: int) -> None:
        self._item = RateLimitItemPerMinute(per_minute)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def count(self, name: str) -> None:
        """Count a request. Raises TooMany, with the seconds to wait, where there were too many."""
        if not self._limiter.hit(self._item, name):
            left = self._limiter.get_window_stats(self._item, name).reset_time - time.time()
            raise TooMany(
                f"the key '{name}' may ask {self._item.amount:,} times a minute.", seconds=max(1, math.ceil(left))
            )
