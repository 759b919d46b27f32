"""Programs that run: their ports, and what /proc says of their processor time and memory."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 60
STOP_SECONDS = 10
TICKS = os.sysconf("SC_CLK_TCK")
CORES = len(os.sched_getaffinity(0))


class Failed(Exception):
    """A program that did not do what the benchmark needs, in words."""


def program(name):
    """Where a program is: on the path, or among those of tests/fetch.sh. None if it is not there."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    places = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", str(target / "clients/bin")])
    return shutil.which(name, path=places)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Process:
    """A program and its children. What it prints goes to a file in `folder`."""

    def __init__(self, folder, name, words, environment=None):
        self.log = Path(folder, f"{name}.log")
        self.name = name
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(word) for word in words],
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
            )
        self.pid = self._process.pid

    def wait_for(self, port, path="/", tls=False):
        """Returns when an answer below 500 comes from the port."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self._process.poll() is not None:
                break
            if self._answers(port, path, tls):
                return self
            time.sleep(0.005)
        self.stop()
        raise Failed(f"{self.name} did not start: {self.log.read_text(errors='replace')[-2000:]}")

    @staticmethod
    def _answers(port, path, tls):
        try:
            if tls:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return True
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", path)
            return connection.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False

    def processes(self):
        """The pids of the program and of all below it."""
        parents = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and (fields := _stat(entry.name)):
                parents.setdefault(int(fields[1]), []).append(int(entry.name))
        found, rest = [], [self.pid]
        while rest:
            found.append(rest.pop())
            rest += parents.get(found[-1], [])
        return found

    def processor_seconds(self):
        """Of user and kernel, of all processes."""
        fields = [_stat(pid) for pid in self.processes()]
        return sum(int(each[11]) + int(each[12]) for each in fields if each) / TICKS

    def forget_peak(self):
        """The peak of memory is counted from now."""
        for pid in self.processes():
            try:
                Path(f"/proc/{pid}/clear_refs").write_text("5")
            except OSError:
                pass

    def peak_bytes(self):
        return sum(_status(pid, "VmHWM") for pid in self.processes())

    def resident_bytes(self):
        return sum(_status(pid, "VmRSS") for pid in self.processes())

    def interrupt(self, seconds):
        """As ctrl-C does, for programs that write at their end what they have counted."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                self.stop()

    def kill(self):
        """As a loss of power ends it. The moments between which it died."""
        began = time.monotonic()
        self._process.kill()
        self._process.wait()
        return began, time.monotonic()

    def stop(self):
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()


def _stat(pid):
    """The fields of /proc/PID/stat from the state on; None if the process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _status(pid, name):
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
