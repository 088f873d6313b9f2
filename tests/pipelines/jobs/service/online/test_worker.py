"""What waits is done in one pass, everybody gets their own answer, and errors go to those who asked."""

import threading
from collections.abc import Sequence

import pytest

from pipelines.jobs.service.online.worker import Job, Worker
from pipelines.jobs.service.refusals import Unavailable


def test_all_that_waits_is_one_pass_and_everybody_gets_their_own_answer() -> None:
    passes, first, go = list[int](), threading.Event(), threading.Event()

    def work(jobs: Sequence[Job[int]]) -> None:
        passes.append(len(jobs))
        first.set()
        go.wait(10)
        for job in jobs:
            job.answer.set_result(2 * job.asked)

    worker, found = Worker("test", work, most=6), dict[int, int]()

    def ask(number: int) -> None:
        found[number] = worker.ask(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(14)]
    threads[0].start()
    assert first.wait(10)
    for one in threads[1:]:
        one.start()
    while worker.waiting < 13:
        pass
    go.set()
    for one in threads:
        one.join(10)
    worker.close()
    assert found == {number: 2 * number for number in range(14)}
    assert passes[0] == 1
    assert max(passes) == 6
    assert not worker.lives


def test_what_the_work_raises_is_raised_by_those_of_its_pass_and_the_next_pass_goes_on() -> None:
    def work(jobs: Sequence[Job[int]]) -> None:
        for job in jobs:
            if job.asked < 0:
                raise ValueError(str(job.asked))
            job.answer.set_result(job.asked)

    worker = Worker("test", work, most=1)
    with pytest.raises(ValueError, match="-1"):
        worker.ask(-1)
    assert worker.ask(3) == 3
    worker.close()


def test_what_was_asked_before_the_end_is_answered_and_nothing_after() -> None:
    worker = Worker("test", lambda jobs: [job.answer.set_result(job.asked) for job in jobs], most=4)
    assert worker.ask(1) == 1
    worker.close()
    with pytest.raises(Unavailable, match="ended"):
        worker.ask(2)
