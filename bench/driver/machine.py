# SPDX-License-Identifier: MIT
"""What a figure has to be read with: machine, kernel, compilers, commit."""

import datetime
import os
import platform
import re
import shutil
import subprocess


def first_line(command):
    """The first line that a command prints, or None."""
    if shutil.which(command[0]) is None:
        return None
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          stdin=subprocess.DEVNULL)
    lines = done.stdout.splitlines()
    return lines[0] if done.returncode == 0 and lines else None


def search(path, pattern):
    try:
        with open(path, errors="replace") as f:
            found = re.search(pattern, f.read(), re.MULTILINE)
    except OSError:
        return None
    return found.group(1).strip() if found else None


def describe(build_dir, skipped):
    cache = os.path.join(build_dir, "CMakeCache.txt")
    compiler = search(cache, r"^CMAKE_C_COMPILER:\w+=(.*)$") or "cc"
    return {
        "cpu": search("/proc/cpuinfo", r"^model name\s*:\s*(.*)$") or platform.machine(),
        "cpus": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "os": search("/etc/os-release", r'^PRETTY_NAME="?([^"\n]*)') or platform.system(),
        "libc": " ".join(platform.libc_ver()),
        "compiler": first_line([compiler, "--version"]) or compiler,
        "build_type": search(cache, r"^CMAKE_BUILD_TYPE:\w+=(.*)$") or "unknown",
        "rustc": first_line(["rustc", "--version"]) or "none",
        "load_at_start": round(os.getloadavg()[0], 2),
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "skipped": skipped,
    }


def commit(source_dir):
    head = first_line(["git", "-C", source_dir, "rev-parse", "HEAD"])
    if head is None:
        return "unknown"
    changed = first_line(["git", "-C", source_dir, "status", "--porcelain"])
    return head + ("-dirty" if changed else "")
