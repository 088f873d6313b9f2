"""What time it is for a spec that is served."""

import time
from datetime import datetime, timedelta

from pipelines.outreach.operations import clock


class Clock:
    """The company's clocks, to the microsecond; where a beginning is said they show it now, and go on from there."""

    def __init__(self, time_zone: str, *, begins: datetime | None = None) -> None:
        self._zone, self._begins, self._started = time_zone, begins, time.monotonic()

    def now(self) -> datetime:
        """The present, without its zone."""
        if self._begins is None:
            return clock.exactly(self._zone)
        return self._begins + timedelta(seconds=time.monotonic() - self._started)
