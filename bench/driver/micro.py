# SPDX-License-Identifier: MIT
"""The micro-benchmarks as results: Google Benchmark's own JSON, of which only our
raw counters ops and wall_ns are taken."""

import json
import os
import subprocess

from . import statistics
from .contenders import Failed


def program(build_dir):
    return os.path.join(build_dir, "bench", "micro", "runnel_micro")


def parse_name(name):
    """pair/cap:64/payload:8/manual_time -> micro_pair, {cap: 64, payload: 8}"""
    head, *rest = name.split("/")
    pairs = [part.split(":", 1) for part in rest if ":" in part and part[0].islower()]
    params = {key: int(value) if value.isdigit() else value for key, value in pairs
              if key in ("cap", "payload")}
    return "micro_" + head, params


def results(report):
    """From Google Benchmark's JSON document."""
    samples, ops, known = {}, {}, {}
    for run in report["benchmarks"]:
        if run.get("run_type") != "iteration":
            continue
        if run.get("error_occurred"):
            raise Failed("%s: %s" % (run["name"], run.get("error_message")))
        scenario, params = parse_name(run["run_name"])
        key = (scenario, tuple(params.items()))
        known[key] = (scenario, params)
        ops[key] = int(run["ops"])
        samples.setdefault(key, []).append(run["wall_ns"] / run["ops"])
    version = report["context"].get("runnel", "unknown")
    return [statistics.result(*known[key], "runnel", version, ops[key], samples[key])
            for key in samples]


def run(build_dir, rounds, min_time):
    command = [program(build_dir), "--benchmark_format=json",
               "--benchmark_min_time=%g" % min_time, "--benchmark_repetitions=%d" % rounds,
               "--benchmark_enable_random_interleaving=true"]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=120 + 60 * rounds * min_time * 5, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        raise Failed("no end: " + " ".join(command))
    if done.returncode != 0:
        raise Failed("exit status %d\n%s" % (done.returncode, done.stderr.strip()))
    return results(json.loads(done.stdout))
