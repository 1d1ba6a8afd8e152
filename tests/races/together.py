"""Several people act at the same instant, each in a thread of her own."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from threading import Barrier
from typing import TypeVar

Result = TypeVar("Result")
PATIENCE = 60  # seconds until a test that hangs says so
A_MOMENT = 0.3  # seconds in which an act gets as far as it can


def at_once(*acts: Callable[[], Result]) -> Sequence[Result | Exception]:
    """What came of each act, in their order: its result, or what it raised."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Result]) -> Result | Exception:
        start.wait(PATIENCE)
        try:
            return act()
        except Exception as error:  # noqa: BLE001 (the test looks at it)
            return error

    with ThreadPoolExecutor(len(acts)) as threads:
        return [each.result(PATIENCE) for each in [threads.submit(run, act) for act in acts]]


def begun(aside: Executor, act: Callable[[], Result]) -> Future[Result]:
    """The act has begun, and is done by now unless it waits for somebody."""
    future = aside.submit(act)
    wait([future], A_MOMENT)
    return future
