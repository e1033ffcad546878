"""The outbox does what was wanted at least once, loses nothing, and shares its work."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction

from authshield.errors import GatewayError
from authshield.models import OutboxTask
from authshield.record import outbox
from tests.recorded import NOW
from tests.together import together

pytestmark = pytest.mark.django_db


def later(seconds: float) -> datetime:
    """So many seconds after now."""
    return NOW + timedelta(seconds=seconds)


class Done(list[str]):
    """Collects the arguments of the tasks that were done; fails as often as it is told to."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__()
        self.errors = list(errors)

    def __call__(self, argument: str, now: datetime) -> None:
        """Do it, or fail."""
        del now
        if self.errors:
            raise self.errors.pop(0)
        self.append(argument)


def test_a_task_is_done_once() -> None:
    """Wanted twice before it is due, it is done once."""
    done = Done()
    outbox.enqueue("t", "1", NOW)
    outbox.enqueue("t", "1", NOW)
    assert [outbox.run_due(NOW, {"t": done}) for _ in range(2)] == [1, 0]
    assert done == ["1"]
    assert OutboxTask.objects.get().done_at == NOW


def test_a_task_shares_the_fate_of_its_cause() -> None:
    """Nothing is done for a cause that was rolled back."""
    with transaction.atomic():
        outbox.enqueue("t", "1", NOW)
        transaction.set_rollback(True)
    assert outbox.run_due(NOW, {"t": Done()}) == 0


def test_a_task_waits_until_it_is_due() -> None:
    """A delay is a date in the database, not a message that waits in a broker."""
    done = Done()
    outbox.enqueue("t", "1", NOW, delay_seconds=10)
    assert outbox.run_due(later(9), {"t": done}) == 0
    assert outbox.run_due(later(10), {"t": done}) == 1


def test_wanting_it_again_never_postpones_it() -> None:
    """A delay that comes later cannot push back what is due sooner; an earlier one pulls it forward."""
    outbox.enqueue("t", "1", NOW, delay_seconds=10)
    outbox.enqueue("t", "1", NOW, delay_seconds=60)
    assert OutboxTask.objects.get().due_at == later(10)
    outbox.enqueue("t", "1", NOW, delay_seconds=5)
    assert OutboxTask.objects.get().due_at == later(5)


def test_what_is_done_can_be_wanted_anew() -> None:
    """The same row is armed again, without its old error."""
    done = Done()
    outbox.enqueue("t", "1", NOW)
    outbox.run_due(NOW, {"t": done})
    outbox.enqueue("t", "1", later(1))
    outbox.run_due(later(1), {"t": done})
    assert done == ["1", "1"]
    assert OutboxTask.objects.count() == 1


def test_wanting_it_while_it_is_being_done_does_it_again() -> None:
    """A cause that comes in the middle of the work is not lost."""
    seen: list[str] = []

    def handler(argument: str, now: datetime) -> None:
        seen.append(argument)
        if len(seen) == 1:
            outbox.enqueue("t", argument, now)

    outbox.enqueue("t", "1", NOW)
    outbox.run_due(NOW, {"t": handler})
    assert OutboxTask.objects.get().done_at is None
    outbox.run_due(NOW, {"t": handler})
    assert seen == ["1", "1"]
    assert OutboxTask.objects.get().done_at == NOW


def test_a_failure_is_kept_and_tried_later_and_later() -> None:
    """1, 2, 4, 8 seconds; never given up, never more often than every ten minutes."""
    done = Done(*[ValueError("token=abc123 is wrong")] * 14)
    outbox.enqueue("t", "1", NOW)
    now, waits = NOW, []
    for _ in range(14):
        assert outbox.run_due(now, {"t": done}) == 1
        row = OutboxTask.objects.get()
        assert row.error == "ValueError: token=[removed] is wrong"
        waits.append((row.due_at - now).total_seconds())
        now = row.due_at
    assert waits[:5] == [1, 2, 4, 8, 16]
    assert waits[-1] == outbox.MAX_DELAY_SECONDS
    outbox.run_due(now, {"t": done})
    row = OutboxTask.objects.get()
    assert (row.done_at, row.error, row.attempts) == (now, "", 15)


@pytest.mark.parametrize(("is_permanent", "wait"), [(True, 600), (False, 1)])
def test_a_port_that_fails_for_good_is_asked_rarely(is_permanent: bool, wait: int) -> None:
    """Still not given up: somebody may mend the configuration."""
    outbox.enqueue("t", "1", NOW)
    outbox.run_due(NOW, {"t": Done(GatewayError("mail is off", permanent=is_permanent))})
    row = OutboxTask.objects.get()
    assert (row.due_at, row.error, row.done_at) == (later(wait), "mail is off", None)


def test_a_failure_does_not_stop_the_others() -> None:
    """Each task runs alone."""
    done = Done(RuntimeError("boom"))
    for number in range(3):
        outbox.enqueue("t", str(number), later(number))
    assert outbox.run_due(later(5), {"t": done}) == 3
    assert done == ["1", "2"]


def test_a_task_that_nobody_knows_waits_for_a_newer_worker() -> None:
    """A deployment in two steps loses nothing."""
    outbox.enqueue("newer", "1", NOW)
    outbox.run_due(NOW, {})
    assert "no handler for 'newer'" in OutboxTask.objects.get().error
    done = Done()
    outbox.run_due(later(600), {"newer": done})
    assert done == ["1"]


def test_slow_tasks_can_be_left_to_another_worker() -> None:
    """Containment does not wait for a mail server; a limit bounds a turn."""
    mails, steps = Done(), Done()
    for number in range(3):
        outbox.enqueue("mail", str(number), NOW)
        outbox.enqueue("step", str(number), NOW)
    handlers = {"mail": mails, "step": steps}
    outbox.run_due(NOW, handlers, skip={"mail"})
    assert (len(mails), len(steps)) == (0, 3)
    assert outbox.run_due(NOW, handlers, limit=2) == 2


def test_a_worker_that_died_leaves_its_task_to_another() -> None:
    """A claim is a lease: after a quarter of a minute somebody else takes over."""
    outbox.enqueue("t", "1", NOW)
    assert [row.argument for row in outbox._claim(NOW, 10, ())] == ["1"]
    done = Done()
    assert outbox.run_due(later(14), {"t": done}) == 0
    assert outbox.run_due(later(15), {"t": done}) == 1


def test_the_age_of_the_oldest_task_can_be_watched() -> None:
    """0 where nothing is overdue."""
    assert outbox.oldest_due_seconds(NOW) == 0
    outbox.enqueue("t", "1", NOW)
    assert outbox.oldest_due_seconds(later(30)) == 30


def test_a_row_that_another_worker_took_is_not_claimed() -> None:
    """Where the database has no row locks the conditional update decides."""
    outbox.enqueue("t", "1", NOW)
    stale = OutboxTask.objects.get()
    assert outbox._is_mine(OutboxTask.objects.get(), NOW)
    assert not outbox._is_mine(stale, NOW)


@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_time_do_each_task_once() -> None:
    """Four workers, forty tasks: forty times done."""
    done = Done()
    for number in range(40):
        outbox.enqueue("t", str(number), NOW)

    def work() -> None:
        while outbox.run_due(NOW, {"t": done}, limit=5) or outbox.oldest_due_seconds(NOW):
            pass

    assert together([work] * 4) == [None] * 4
    assert sorted(done, key=int) == [str(number) for number in range(40)]
    assert not OutboxTask.objects.filter(done_at=None).exists()
