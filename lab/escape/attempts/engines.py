"""Family 8: a compute engine's own doors: dashboards, schedulers, proxies to ports."""

from lab.escape.attempt import Attempt, Channel, Code, Request

_DASK = "Dask documentation, 'Security'"
_PROXY = "jupyter-server-proxy documentation, 'Accessing Arbitrary Ports'"

_PATHS = (
    ("logs", "read the workers' logs on the dashboard", "proxy/{port}/info/logs/scheduler.html"),
    ("json", "read the dashboard's counts and task names", "proxy/{port}/json/counts.json"),
    ("metrics", "read the scheduler's metrics", "proxy/{port}/metrics"),
    ("absolute", "reach a port with its path kept", "proxy/absolute/{port}/x"),
    ("host", "reach another machine through the session", "proxy/127.0.0.1:{port}/x"),
    ("spark", "read an engine's event log by its page", "proxy/{port}/api/v1/applications"),
    ("upload", "serve rows from a port of the session", "proxy/{port}/rows.csv"),
)


def _engine(name: str, what: str, body: str) -> Attempt:
    return Attempt(f"engine-{name}", 8, what, _DASK, Code(body))


ATTEMPTS = (
    *(
        Attempt(
            f"engine-proxy-{name}",
            8,
            what,
            _PROXY,
            Request("GET", "{session}" + path.replace("{port}", "{http}"), finds="{canary}"),
        )
        for name, what, path in _PATHS
    ),
    Attempt(
        "engine-proxy-post",
        8,
        "post rows to a port through the session",
        _PROXY,
        Request("POST", "{session}proxy/{http}/collect", finds="{canary}", body={"rows": [1]}),
    ),
    Attempt(
        "engine-proxy-eventstream",
        8,
        "follow the scheduler's stream of events",
        _PROXY,
        Channel("{session}proxy/{http}/eventstream"),
    ),
    _engine(
        "scheduler",
        "connect to a scheduler of the host as its client",
        """
        from distributed import Client
        with Client(t["scheduler"], timeout=3, set_as_default=False) as client:
            return client.scheduler_info()["id"].startswith("Scheduler")
        """,
    ),
    _engine(
        "task",
        "have somebody else's scheduler keep rows under a task's name",
        """
        from distributed import Client
        with Client(t["scheduler"], timeout=3, set_as_default=False) as client:
            client.set_metadata(["row", "17"], "F, Leeds")
            return client.get_metadata(["row", "17"])
        """,
    ),
    _engine(
        "function",
        "run a function where somebody else's scheduler runs",
        """
        import os
        from distributed import Client
        with Client(t["scheduler"], timeout=3, set_as_default=False) as client:
            return client.run_on_scheduler(os.getpid) != os.getpid()
        """,
    ),
    _engine(
        "worker",
        "join somebody else's cluster as a worker",
        """
        import asyncio
        from distributed import Worker
        async def join():
            async with asyncio.timeout(3):
                async with Worker(t["scheduler"], nthreads=1, dashboard=False, local_directory=t["scratch"]):
                    return "joined"
        return asyncio.run(join())
        """,
    ),
    _engine(
        "dashboard",
        "fetch a dashboard of the host",
        """
        import urllib.request
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        address = f"http://127.0.0.1:{t['http']}/status"
        return t["canary"] in opener.open(address, timeout=3).read().decode()
        """,
    ),
)
