"""Annotate parts on the cores of this machine or on a Ray cluster."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future

from ..errors import UserError
from ..system.workers import Workers, as_done
from .parts import Part
from .summary import Summary

# After this many failures in a row, the run stops, because the cause is probably not in the parts.
MAX_FAILURES = 20

Work = Callable[[Part], Summary]


class Ray:
    """Run tasks on a Ray cluster. All its machines must have access to the same folders.

    address (str): The address of the cluster; "local" starts one on this machine; "auto" uses
        $RAY_ADDRESS or the cluster that runs on this machine.
    n_workers (int): The number of cores to use if the cluster is started here.
    """

    def __init__(self, work: Work, n_workers: int, address: str) -> None:
        import ray

        n_cores = n_workers if address == "local" else None
        ray.init(address, num_cpus=n_cores, include_dashboard=False, log_to_driver=False)
        # Two parts for each core, so that no core has to wait for its next part
        self.n_slots = 2 * int(ray.cluster_resources()["CPU"])
        self._task = ray.remote(num_cpus=1, max_retries=0)(lambda part: work(part))
        self.close = ray.shutdown

    def submit(self, part: Part) -> Future[Summary]:
        """Start a task."""
        return self._task.remote(part).future()


def annotate_parts(
    parts: Iterator[Part], engine: Workers[Part, Summary] | Ray
) -> Iterator[tuple[Part, Summary | str]]:
    """Annotate all parts. Those that fail are tried again at the end, one at a time.

    YIELDS (tuple[Part, Summary | str]): A part with its summary, or the error if it failed twice.
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
                f"{n_failures} failures in a row. The last one: {error}. If memory is short, use "
                "fewer --workers"
            )
        failed.append(part)
    for part, future in as_done(iter(failed), engine.submit, 1):
        error = future.exception()
        yield part, str(error) if error else future.result()
