"""What cluster.sh runs: the servers of tests/integration/servers.py, with their addresses as options for newsbeam."""

from __future__ import annotations

import contextlib
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "integration"))

from servers import Flink, FlinkJobServer, WorkerPool


def main() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.ExitStack() as stack:
        flink = stack.enter_context(Flink())
        pool = stack.enter_context(WorkerPool())
        jobs = stack.enter_context(FlinkJobServer(flink.port))
        print(f"Flink's dashboard: http://{flink.address}/", file=sys.stderr)
        print(f"checkpoints and savepoints: {flink.folder}/state", file=sys.stderr)
        print(
            f"--runner=PortableRunner --job_endpoint={jobs.address} --parallelism=2 --checkpointing_interval=10000 "
            f"--environment_type=EXTERNAL --environment_config={pool.address}",
            flush=True,
        )
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main()
