"""A Dask cluster inside the sandbox: its processes are the session's, its network is loopback."""

import os
import resource
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distributed import Client

_MOST_WORKERS = 8
_SCRATCH = Path("/tmp/dask")  # noqa: S108 - the session's own, in memory


def client(workers: int | None = None) -> "Client":
    """Return the client of this process's cluster; start the cluster if there is none.

    Args:
        workers: how many processes; by default one for each core, eight at most.
    """
    from distributed import Client, LocalCluster, get_client

    with suppress(ValueError):
        return get_client()
    count = workers or min(len(os.sched_getaffinity(0)), _MOST_WORKERS)
    cluster = LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=count,
        threads_per_worker=1,
        memory_limit=memory() // (count + 1),  # the notebook itself has a share
        host="127.0.0.1",
        dashboard_address=None,
        local_directory=str(_SCRATCH),
    )
    return Client(cluster)  # type: ignore[no-untyped-call]


def memory() -> int:
    """Return the bytes of memory this session may use: its limit, or all the machine has."""
    limit, _ = resource.getrlimit(resource.RLIMIT_DATA)
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return physical if limit == resource.RLIM_INFINITY else min(limit, physical)
