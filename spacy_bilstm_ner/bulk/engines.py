"""Have the work done for all parts, by processes of this machine or a Ray cluster. Knows nothing of the work."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future

from ..errors import UserError
from ..system.workers import Workers, as_done
from .parts import Counts, Part

MAX_FAILURES = 20  # with no success between them: then it is not the parts' fault

Work = Callable[[Part], Counts]


class Ray:
    """Tasks of Ray Core on the cluster of an address, or of $RAY_ADDRESS, or else on one of `n_workers` cores on this
    machine. All machines of the cluster must see the same folders."""

    def __init__(self, work: Work, n_workers: int, address: str) -> None:
        import ray

        address = address or os.environ.get("RAY_ADDRESS", "")
        n_cores = None if address else n_workers
        ray.init(address or "local", num_cpus=n_cores, include_dashboard=False, log_to_driver=False)
        self.n_slots = 2 * int(
            ray.cluster_resources()["CPU"]
        )  # so that no core has to wait for its next part
        self._task, self.close = (
            ray.remote(num_cpus=1, max_retries=0)(lambda part: work(part)),
            ray.shutdown,
        )

    def submit(self, part: Part) -> Future[Counts]:
        return self._task.remote(part).future()


def each_part(
    parts: Iterator[Part], engine: Workers[Part, Counts] | Ray
) -> Iterator[tuple[Part, Counts | str]]:
    """Have the work done for all parts. What fails or loses its worker is tried again after the others, at last alone.

    YIELDS (tuple[Part, Counts | str]): A part, and what it had; or, as a string, why it was given up.
    RAISES UserError: The pipeline cannot be loaded, or nothing succeeds any more.
    """
    failed: list[tuple[Part, str]] = []
    n_failures = 0
    for n_slots in (engine.n_slots, engine.n_slots, 1):
        is_first, failed = not failed, []
        for part, future in as_done(parts, engine.submit, n_slots):
            error = future.exception()
            if isinstance(error, UserError):
                raise error
            n_failures = n_failures + 1 if error else 0
            if n_failures == MAX_FAILURES and is_first:
                raise UserError(
                    f"{n_failures} failures in a row, the last: {error}. Fewer --workers need less memory"
                )
            if error:
                failed.append((part, str(error)))
            else:
                yield part, future.result()
        parts = iter([part for part, _ in failed])
    yield from failed
