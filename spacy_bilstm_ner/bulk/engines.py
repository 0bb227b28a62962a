"""Annotate parts on the cores of this machine or on a Ray cluster."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future

from ..errors import UserError
from ..system.workers import Workers, as_done
from .parts import Part
from .summary import Summary

# Failures without a success in between. The parts are then not the reason.
MAX_FAILURES = 20

Work = Callable[[Part], Summary]


class Ray:
    """Tasks on a Ray cluster. All its machines must see the same folders.

    address (str): The address of the cluster; "local" starts one on this machine; "auto" uses
        $RAY_ADDRESS or the cluster that runs on this machine.
    n_workers (int): The number of cores of a cluster that is started.
    """

    def __init__(self, work: Work, n_workers: int, address: str) -> None:
        import ray

        n_cores = n_workers if address == "local" else None
        ray.init(address, num_cpus=n_cores, include_dashboard=False, log_to_driver=False)
        # Each core then has its next part ready.
        self.n_slots = 2 * int(ray.cluster_resources()["CPU"])
        self._task = ray.remote(num_cpus=1, max_retries=0)(lambda part: work(part))
        self.close = ray.shutdown

    def submit(self, part: Part) -> Future[Summary]:
        """Start a task."""
        return self._task.remote(part).future()


def each_part(
    parts: Iterator[Part], engine: Workers[Part, Summary] | Ray
) -> Iterator[tuple[Part, Summary | str]]:
    """Annotate all parts. A part that fails is tried once more, after the others and alone.

    YIELDS (tuple[Part, Summary | str]): A part, and what was done or why it was given up.
    RAISES UserError: If the pipeline cannot be loaded, or every part fails.
    """
    failed: list[Part] = []
    n_failures = 0
    for part, future in as_done(parts, engine.submit, engine.n_slots):
        error = future.exception()
        if error is None:
            n_failures = 0
            yield part, future.result()
            continue
        n_failures += 1
        if isinstance(error, UserError):
            raise error
        if n_failures == MAX_FAILURES:
            raise UserError(
                f"{n_failures} failures in a row. The last one: {error}. "
                "Fewer --workers need less memory"
            )
        failed.append(part)
    for part, future in as_done(iter(failed), engine.submit, 1):
        error = future.exception()
        yield part, str(error) if error else future.result()
