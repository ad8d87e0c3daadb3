"""Fetches, builds and starts the servers that the integration tests talk to.

    python tests/integration/servers.py fetch [NAME ...]     get and build them (cached; pubsub, prism, flink, postgres)
    python tests/integration/servers.py start NAME [...]     start them, print their addresses, stop them at Ctrl-C

Everything comes through the ordinary package clients (go, pip, mvn), is kept under `~/.cache/newsbeam-servers`
(`NEWSBEAM_SERVERS_CACHE` names another place), and listens on loopback only. A test uses the classes: each is a context
manager that stops its own process and nothing else.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

BEAM_VERSION = "2.77.0"
FLINK_VERSION = "1.19.3"
"""The newest that a Beam job server can be had for everywhere (`deploy/flink/job-server.xml`)."""
HERE = Path(__file__).resolve().parent


class UnavailableError(RuntimeError):
    """A server that can't be had here; the message says why."""


def cache() -> Path:
    """Return the folder of what was fetched and built."""
    path = Path(os.environ.get("NEWSBEAM_SERVERS_CACHE", Path.home() / ".cache" / "newsbeam-servers"))
    (path / "bin").mkdir(parents=True, exist_ok=True)
    return path


@contextlib.contextmanager
def _building(name: str) -> Iterator[None]:
    """Let one process at a time build `name`."""
    with open(cache() / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(command: list[str], **options: object) -> None:
    if shutil.which(command[0]) is None:
        raise UnavailableError(f"{command[0]} is not installed")
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1200, **options)  # type: ignore[call-overload]
    if done.returncode:
        problems = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise UnavailableError(f"`{' '.join(command)}` failed: {' / '.join(problems[:3])}")


def free_port() -> int:
    """Return a loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(ready: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait until `ready()`.

    Raises:
      TimeoutError: it wasn't within `seconds`.
    """
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} was not ready within {seconds:.0f} s")
        time.sleep(0.1)


def listening(port: int) -> bool:
    """Tell whether something accepts connections on the loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Server:
    """A process of our own on a loopback port, which can be killed and started again."""

    name: str

    def __init__(self, port: int = 0) -> None:
        self.port = port or free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.folder = Path(tempfile.mkdtemp(prefix=f"newsbeam-{self.name}-"))
        os.chmod(self.folder, 0o755)
        self.log = self.folder / "log"

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        """Return the command line; fetches and builds what it needs."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """Return the environment it runs in."""
        return dict(os.environ)

    def start(self) -> None:
        """Start it and wait until it listens."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, env=self.environment(), start_new_session=True
            )
        process = self.process

        def ready() -> bool:
            if process.poll() is not None:
                raise UnavailableError(f"{self.name} ended with {process.returncode}: {self.log.read_text()[-500:]}")
            return listening(self.port)

        wait_until(ready, self.name, 300)

    def kill(self, with_signal: int = signal.SIGKILL) -> None:
        """End it, by default without a chance to tidy up, and wait for that."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, with_signal)
            self.process.wait(30)
            self.process = None

    def stop(self) -> None:
        """End it and remove its folder."""
        self.kill(signal.SIGTERM)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):  # type: ignore[no-untyped-def]
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.stop()


class PubSub(Server):
    """Google's in-memory Pub/Sub server (pstest), built from Go packages."""

    name = "pubsub"

    @staticmethod
    def fetch() -> Path:
        source, binary = HERE / "pstest", cache() / "bin" / "pstest"
        with _building("pstest"):
            if not binary.exists() or binary.stat().st_mtime < (source / "go.mod").stat().st_mtime:
                _run(["go", "build", "-o", str(binary), "."], cwd=source)
                os.utime(binary)
        return binary

    def command(self) -> list[str]:
        return [str(self.fetch()), f"-port={self.port}"]


class Prism(Server):
    """Beam's local portable runner."""

    name = "prism"

    @staticmethod
    def fetch() -> Path:
        binary = cache() / "bin" / "prism"
        with _building("prism"):
            if not binary.exists():
                package = f"github.com/apache/beam/sdks/v2/go/cmd/prism@v{BEAM_VERSION}"
                _run(["go", "install", package], env=os.environ | {"GOBIN": str(binary.parent)})
        return binary

    def command(self) -> list[str]:
        return [str(self.fetch()), f"--job_port={self.port}", "--serve_http=false", "--log_kind=text"]


class Postgres(Server):
    """PostgreSQL from the system, with a database of its own in a temporary folder; user and database `postgres`."""

    name = "postgres"

    @staticmethod
    def fetch() -> Path:
        found = shutil.which("initdb") or next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))), None)
        if found is None:
            raise UnavailableError("PostgreSQL is not installed (Debian: apt-get install postgresql)")
        return Path(found).resolve().parent

    def as_user(self, command: list[str]) -> list[str]:
        """Return the command to run as an ordinary user: PostgreSQL refuses to run as root."""
        return (
            ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
            if os.getuid() == 0
            else command
        )

    def command(self) -> list[str]:
        binaries, data = self.fetch(), self.folder / "data"
        if not data.exists():
            data.mkdir()
            if os.getuid() == 0:
                shutil.chown(data, "postgres", "postgres")
            _run(
                self.as_user(
                    [
                        str(binaries / "initdb"),
                        "-D",
                        str(data),
                        "-U",
                        "postgres",
                        "-A",
                        "trust",
                        "-E",
                        "UTF8",
                        "--no-sync",
                    ]
                )
            )
        settings = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=50"]
        return self.as_user([str(binaries / "postgres"), "-D", str(data), "-p", str(self.port), *settings])

    @property
    def dsn(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        import psycopg

        super().start()

        def answers() -> bool:
            try:
                psycopg.connect(self.dsn, connect_timeout=2).close()
            except psycopg.OperationalError:
                return False
            return True

        wait_until(answers, "PostgreSQL")

    def stop(self) -> None:
        """End it at once: its ordinary end would wait for the connections of clients."""
        self.kill(signal.SIGINT)
        super().stop()


class FlinkJobServer(Server):
    """Beam's job server for Flink, which takes pipelines and submits them to a cluster.

    It is made from Beam's released libraries (`deploy/flink/job-server.xml`), or `BEAM_FLINK_JOB_SERVER_JAR` names its
    released jar.

    Args:
      rest_port: REST port of the Flink cluster.
    """

    name = "flink-job-server"

    def __init__(self, rest_port: int, port: int = 0) -> None:
        super().__init__(port)
        self.rest_port = rest_port

    @staticmethod
    def fetch() -> Path:
        if named := os.environ.get("BEAM_FLINK_JOB_SERVER_JAR"):
            return Path(named)
        project = HERE.parents[1] / "deploy" / "flink" / "job-server.xml"
        folder = cache() / "flink-job-server"
        with _building("flink-job-server"):
            if not folder.exists() or folder.stat().st_mtime < project.stat().st_mtime:
                goal = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
                with tempfile.TemporaryDirectory(dir=cache()) as scratch:
                    jars = Path(scratch) / "jars"
                    maven = ["mvn", "--batch-mode", "--quiet", "--file", str(project), goal]
                    _run([*maven, "-DincludeScope=runtime", f"-DoutputDirectory={jars}"])
                    shutil.rmtree(folder, ignore_errors=True)
                    jars.rename(folder)
        return folder

    def command(self) -> list[str]:
        where = self.fetch()
        jars = ":".join(str(jar) for jar in sorted(where.glob("*.jar"))) if where.is_dir() else str(where)
        return [
            *["java", "-Xmx512m", "-cp", jars, "org.apache.beam.runners.flink.FlinkJobServerDriver"],
            *["--job-host=127.0.0.1", f"--job-port={self.port}", "--artifact-port=0", "--expansion-port=0"],
            *[f"--artifacts-dir={self.folder}", f"--flink-master=127.0.0.1:{self.rest_port}"],
        ]


class WorkerPool(Server):
    """Beam's Python worker pool, which the TaskManagers ask for SDK workers (`--environment_type=EXTERNAL`)."""

    name = "worker-pool"

    def command(self) -> list[str]:
        return [
            *[sys.executable, "-m", "apache_beam.runners.worker.worker_pool_main"],
            f"--service_port={self.port}",
        ]

    def environment(self) -> dict[str, str]:
        """Return it so that `python`, which the pool calls, is this one."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return os.environ | {"PATH": path, "PYTHONPATH": os.environ.get("PYTHONPATH", str(HERE.parents[1]))}

    def kill(self, with_signal: int = signal.SIGKILL) -> None:
        """End it and the workers it started."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, with_signal)
        super().kill(with_signal)


class Flink(Server):
    """A Flink cluster of one JobManager and two TaskManagers (2 slots each), started by Flink's own scripts.

    Its jars and scripts are on PyPI (`apache-flink-libraries`, `apache-flink`); they are unpacked together and never
    installed, since `apache-flink` pins an old apache-beam. `port` is the REST port.
    """

    name = "flink"
    task_managers = 2

    @staticmethod
    def fetch() -> Path:
        home = cache() / f"flink-{FLINK_VERSION}"
        with _building("flink"):
            if not home.exists():
                with tempfile.TemporaryDirectory(dir=cache()) as scratch:
                    _unpack_flink(Path(scratch))
                    (Path(scratch) / "flink").rename(home)
        return home

    def environment(self) -> dict[str, str]:
        return os.environ | {
            "FLINK_HOME": str(self.home),
            "FLINK_CONF_DIR": str(self.folder / "conf"),
            "FLINK_LOG_DIR": str(self.folder / "logs"),
            "FLINK_PID_DIR": str(self.folder),
        }

    def start(self) -> None:
        self.home = self.fetch()
        conf = self.folder / "conf"
        if not conf.exists():
            shutil.copytree(self.home / "conf", conf)
            (self.folder / "logs").mkdir()
            (conf / "workers").write_text("localhost\n")
            (conf / "masters").write_text(f"localhost:{self.port}\n")
            (conf / "config.yaml").write_text(self.settings())
        self._script("jobmanager.sh", "start")
        for _ in range(self.task_managers):
            self.start_task_manager()
        wait_until(self._complete, "the Flink cluster", 400)

    def _complete(self) -> bool:
        """Tell whether all TaskManagers have reported; one that has ended is started again.

        On a busy machine one may give up while it starts, and Flink leaves that to whatever watches its processes.
        """
        if len(self.task_manager_pids()) < self.task_managers:
            self.start_task_manager()
        return self.registered() == self.task_managers

    def start_task_manager(self) -> None:
        self._script("taskmanager.sh", "start")

    def settings(self) -> str:
        """Return the configuration: Flink's own, which has what Java 17 needs, and ours."""
        import yaml

        own = {
            "jobmanager.rpc.address": "localhost",
            "jobmanager.rpc.port": free_port(),
            "jobmanager.memory.process.size": "1024m",
            "taskmanager.memory.process.size": "1280m",
            "taskmanager.numberOfTaskSlots": 2,
            "taskmanager.load-balance.mode": "SLOTS",
            "rest.port": self.port,
            "pekko.startup-timeout": "120s",
            "pekko.ask.timeout": "60s",
            "execution.checkpointing.interval": "5s",
            "execution.checkpointing.unaligned.enabled": "false",
            "state.checkpoints.dir": f"file://{self.folder}/state/checkpoints",
            "state.savepoints.dir": f"file://{self.folder}/state/savepoints",
            "restart-strategy.type": "fixed-delay",
            "restart-strategy.fixed-delay.attempts": 100,
            "restart-strategy.fixed-delay.delay": "1s",
        }
        shipped = yaml.safe_load((self.home / "conf" / "config.yaml").read_text())
        return yaml.safe_dump(dict(_flat(shipped)) | own, width=100_000)

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Return what the JobManager's REST interface answers; a `body` is posted."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def registered(self) -> int:
        """Return the number of TaskManagers that have reported to the JobManager."""
        try:
            return int(self.ask("/overview")["taskmanagers"])
        except (urllib.error.URLError, OSError):
            return 0

    def running_job(self) -> str:
        """Return the id of the job that runs."""
        return next(job["id"] for job in self.ask("/jobs")["jobs"] if job["status"] == "RUNNING")

    def restored(self) -> int:
        """Return how many times the running job was restored from a checkpoint or savepoint; -1 while none runs."""
        try:
            return int(self.ask(f"/jobs/{self.running_job()}/checkpoints")["counts"]["restored"])
        except (StopIteration, OSError):
            return -1

    def cancel(self) -> None:
        """Cancel the running job."""
        url = f"http://127.0.0.1:{self.port}/jobs/{self.running_job()}?mode=cancel"
        urllib.request.urlopen(urllib.request.Request(url, method="PATCH"), timeout=30).close()

    def checkpoints(self) -> int:
        """Return how many checkpoints of the running job have been completed."""
        return int(self.ask(f"/jobs/{self.running_job()}/checkpoints")["counts"]["completed"])

    def cancel_with_savepoint(self) -> str:
        """Cancel the running job and return the path of the savepoint it leaves."""
        job = self.running_job()
        order = {"cancel-job": True, "target-directory": f"file://{self.folder}/state/savepoints"}
        trigger = self.ask(f"/jobs/{job}/savepoints", order)["request-id"]
        done: dict[str, Any] = {}

        def completed() -> bool:
            done.update(self.ask(f"/jobs/{job}/savepoints/{trigger}"))
            return bool(done["status"]["id"] == "COMPLETED")

        wait_until(completed, "the savepoint", 120)
        if "location" not in done["operation"]:
            raise RuntimeError(f"no savepoint: {str(done['operation'])[:500]}")
        return str(done["operation"]["location"])

    def task_manager_pids(self) -> list[int]:
        """Return the process ids of the TaskManagers that run."""
        return [pid for pid in self._pids("taskexecutor") if _runs(pid)]

    def _pids(self, role: str) -> list[int]:
        files = self.folder.glob(f"flink-*-{role}.pid")
        return [int(line) for file in files for line in file.read_text().split()]

    def _script(self, name: str, *arguments: str) -> None:
        command = [str(self.home / "bin" / name), *arguments]
        with open(self.log, "ab") as log:
            subprocess.run(command, env=self.environment(), stdout=log, stderr=log, check=True, timeout=300)

    def stop(self) -> None:
        for pid in self._pids("taskexecutor") + self._pids("standalonesession"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        shutil.rmtree(self.folder, ignore_errors=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _unpack_flink(scratch: Path) -> None:
    """Make `scratch`/flink a Flink distribution: jars from one package, scripts and settings from the other."""
    for package in ("apache-flink-libraries", "apache-flink"):
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(scratch)]
        _run([*pip, f"{package}=={FLINK_VERSION}"])
    with tarfile.open(next(scratch.glob("*.tar.gz"))) as archive:
        archive.extractall(scratch, filter="data")
    next(scratch.glob("*/deps")).rename(scratch / "flink")
    with zipfile.ZipFile(next(scratch.glob("*.whl"))) as wheel:
        wheel.extractall(
            scratch, [name for name in wheel.namelist() if name.startswith(("pyflink/bin/", "pyflink/conf/"))]
        )
    for folder in ("bin", "conf"):
        shutil.copytree(scratch / "pyflink" / folder, scratch / "flink" / folder, dirs_exist_ok=True)
    for script in (scratch / "flink" / "bin").glob("*.sh"):
        script.chmod(0o755)
    (scratch / "flink" / "bin" / "flink").chmod(0o755)


def _flat(tree: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


class Proxy:
    """A TCP proxy on loopback whose connections can be cut: a server that can't be reached, seen from its client."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = free_port()
        self.open = True
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def cut(self) -> None:
        """End all connections and take no new ones until `restore`."""
        self.open = False
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def restore(self) -> None:
        self.open = True

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                if not self.open:
                    raise ConnectionRefusedError
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            with self._lock:
                self._connections |= {client, server}
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._connections -= {source}
        source.close()


SERVERS: dict[str, type[Server]] = {kind.name: kind for kind in (PubSub, Prism, Postgres, Flink)}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("command", choices=["fetch", "start"])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SERVERS))
    options = parser.parse_args(arguments)
    names = options.names or list(SERVERS)
    if unknown := set(names) - set(SERVERS):
        parser.error(f"no such server: {', '.join(unknown)}")
    if options.command == "fetch":
        return max(_fetch(name) for name in names)
    with contextlib.ExitStack() as stack:
        for name in names:
            server = stack.enter_context(SERVERS[name]())
            print(name, getattr(server, "dsn", server.address), flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
    return 0


def _fetch(name: str) -> int:
    try:
        print(name, SERVERS[name].fetch())  # type: ignore[attr-defined]
        if name == "flink":
            print("flink job server", FlinkJobServer.fetch())
    except UnavailableError as reason:
        print(f"{name}: can't be had: {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
