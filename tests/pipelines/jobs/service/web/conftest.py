"""A service that the tests of a module share."""

from collections.abc import Iterator

import pytest

from tests.pipelines.jobs.service.web.running import Running, running


@pytest.fixture(scope="module")
def service() -> Iterator[Running]:
    with running() as found:
        yield found
