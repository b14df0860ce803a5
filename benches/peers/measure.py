"""Runs one command: wall time, and peak memory of it and of what it started."""

import os
import re
import signal
import statistics
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path


class Failed(Exception):
    """A step that did not end well; the text says why."""


@dataclass
class Run:
    seconds: float
    megabytes: float
    output: str


class Limits:
    """What one step may take."""

    def __init__(self, seconds, gibibytes):
        self.seconds = seconds
        self.bytes = int(gibibytes * 2**30)

    def run(self, command, cwd=None, env=None, accept=(0,)):
        command = [str(part) for part in command]
        begin = time.perf_counter()
        # A session of its own, so that whatever it starts is stopped with it.
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        stopped = []
        watcher = threading.Thread(target=self._watch, args=(process.pid, begin, stopped), daemon=True)
        watcher.start()
        output = process.stdout.read().decode(errors="replace")
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        watcher.join()
        if stopped:
            raise Failed(stopped[0])
        if process.returncode not in accept:
            raise Failed(f"ended with {process.returncode}: {_reason(output)}")
        # Linux counts in KiB.
        return Run(seconds, usage.ru_maxrss * 1024 / 1e6, output)

    def median(self, command, runs, before=None, **options):
        """The run of median time. Steps of more than half a minute run once: they are long enough to be steady."""
        done = []
        while len(done) < runs and (not done or done[0].seconds < 30):
            if before:
                before()
            done.append(self.run(command, **options))
        seconds = statistics.median(run.seconds for run in done)
        return Run(seconds, max(run.megabytes for run in done), done[-1].output)

    def _watch(self, pid, begin, stopped):
        while Path(f"/proc/{pid}").exists():
            reason = None
            if time.perf_counter() - begin > self.seconds:
                reason = f"stopped after {self.seconds:.0f} s"
            elif self.bytes < _resident(pid):
                reason = f"stopped at {self.bytes / 2**30:.0f} GiB of memory"
            if reason:
                stopped.append(reason)
                os.killpg(pid, signal.SIGKILL)
                return
            if _is_zombie(pid):
                return
            time.sleep(0.05)


def _reason(output):
    """The line that names an error, else the last. Stack traces come after it, in one language, and before it in another."""
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["without a word"]
    named = [line for line in lines if re.search(r"error\b|panicked|memory", line, re.IGNORECASE)]
    return (named or lines[-1:])[0][:300].replace("|", "/")


def _resident(pid):
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _is_zombie(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (OSError, IndexError):
        return True
