"""Run one command and write its seconds, peak memory and exit code to a file.

Started as `python -I -S launch.py RESULT STDIN STDOUT STDERR COMMAND...`. It is a small process
of its own because Linux counts what the parent held at the fork as the child's peak memory.
"""

import os
import sys
import time


def main(result: str, stdin: str, stdout: str, stderr: str, *command: str) -> None:
    """Run a command with its three streams from and to files."""
    writing = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    streams = [
        (os.POSIX_SPAWN_OPEN, 0, stdin, os.O_RDONLY, 0o644),
        (os.POSIX_SPAWN_OPEN, 1, stdout, writing, 0o644),
        (os.POSIX_SPAWN_OPEN, 2, stderr, writing, 0o644),
    ]
    start = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=streams)
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - start
    code = os.waitstatus_to_exitcode(status)
    processor = usage.ru_utime + usage.ru_stime
    with open(result, "w", encoding="ascii") as file:  # noqa: PTH123 - no pathlib: it takes memory
        file.write(f"{seconds} {processor} {usage.ru_maxrss} {code}")


if __name__ == "__main__":
    main(*sys.argv[1:])
