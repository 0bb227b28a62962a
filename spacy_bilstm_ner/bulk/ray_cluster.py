"""Run tasks on a Ray cluster."""

from collections.abc import Callable
from concurrent.futures import Future

from .shards import Shard
from .summary import Summary

Work = Callable[[Shard], Summary]


class RayCluster:
    """Run tasks on a Ray cluster. All its machines must have access to the same folders.

    address (str): The address of the cluster; "local" starts one on this machine; "auto" uses
        $RAY_ADDRESS or the cluster that runs on this machine.
    n_workers (int): The number of cores to use if the cluster is started here.
    """

    def __init__(self, work: Work, n_workers: int, address: str) -> None:
        import ray

        n_cores = n_workers if address == "local" else None
        ray.init(address, num_cpus=n_cores, include_dashboard=False, log_to_driver=False)
        # Two shards for each core, so that no core has to wait for its next shard
        self.n_slots = 2 * int(ray.cluster_resources()["CPU"])
        # If a worker or its machine dies, Ray starts the task again, once.
        self._task = ray.remote(num_cpus=1, max_retries=1)(lambda shard: work(shard))
        self.close = ray.shutdown

    def submit(self, shard: Shard) -> Future[Summary]:
        """Start a task."""
        return self._task.remote(shard).future()
