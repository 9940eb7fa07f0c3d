# SPDX-License-Identifier: MIT
"""Who is measured: each contender is a program that takes the options of
bench/common/bench.h and prints its one line. A new one is one entry below."""

import os
import shutil
import subprocess
import sys

BENCH = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

FETCH_TIMEOUT_S = 90  # for a machine that is not on the network
CANNOT = 3  # exit status: has no such scenario or parameters
RESERVED = ("scenario", "impl", "version", "ops", "wall_ns", "ns_per_op")


class Failed(Exception):
    """A contender crashed, hung, or printed something else than its line."""


class Contender:
    def __init__(self, impl, program):
        self.impl = impl
        self.program = program

    def run(self, m, n, timeout):
        """One measurement; None if this contender does not have it."""
        command = [self.program, "--impl", self.impl, "--scenario", m.scenario, "--n", str(n)]
        for key, value in m.params.items():
            command += ["--" + key, str(value)]
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  text=True, timeout=timeout, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            raise Failed("no end after %.0f s: %s" % (timeout, " ".join(command)))
        except OSError as error:
            raise Failed("%s: %s" % (self.program, error.strerror))
        if done.returncode == CANNOT:
            return None
        if done.returncode != 0:
            raise Failed("exit status %d: %s\n%s" % (done.returncode, " ".join(command),
                                                     done.stderr.strip()))
        return parse_line(done.stdout, m)


def parse_line(text, m):
    """The fields of a contender's line; refuses what does not answer the question."""
    lines = [line for line in text.splitlines() if line.startswith("bench ")]
    if len(lines) != 1:
        raise Failed("printed %d measurements, not one: %r" % (len(lines), text))
    fields = dict(word.split("=", 1) for word in lines[0].split()[1:])
    missing = [key for key in RESERVED if key not in fields]
    if missing:
        raise Failed("its line lacks %s: %s" % (", ".join(missing), lines[0]))
    answered = {key: fields[key] for key in m.params if key in fields}
    asked = {key: str(value) for key, value in m.params.items()}
    if fields["scenario"] != m.scenario or answered != asked:
        raise Failed("answered another question: " + lines[0])
    fields["ops"] = int(fields["ops"])
    fields["wall_ns"] = int(fields["wall_ns"])
    fields["ns_per_op"] = fields["wall_ns"] / fields["ops"]
    return fields


def build_crossbeam(build_dir):
    """Builds the peer in Rust; returns its program, or why there is none. A build
    that fails with its packages at hand is an error, not a reason."""
    cargo = shutil.which("cargo")
    if cargo is None:
        return None, "there is no cargo"
    manifest = os.path.join(BENCH, "peers", "crossbeam", "Cargo.toml")
    target = os.path.join(build_dir, "bench", "peers", "crossbeam")
    os.makedirs(target, exist_ok=True)
    log = os.path.join(target, "cargo.log")
    print("crossbeam: cargo build --release --locked (log: %s)" % log, file=sys.stderr)
    with open(log, "w") as out:
        def call(*args, timeout=None):
            try:
                return subprocess.call([cargo, *args, "--locked", "--manifest-path", manifest],
                                       stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                       timeout=timeout)
            except subprocess.TimeoutExpired:
                return -1
        if call("fetch", timeout=FETCH_TIMEOUT_S) != 0:
            return None, "cargo could not fetch its packages, see " + log
        if call("build", "--release", "--offline", "--target-dir", target) != 0:
            raise Failed("crossbeam does not build, see " + log)
    return os.path.join(target, "release", "crossbeam_suite"), None


def find(build_dir, wanted):
    """The contenders whose name wanted() accepts, and the skipped ones with the reason."""
    here, skipped = [], {}

    def add(impl, program, reason=None):
        if reason is None and not os.access(program, os.X_OK):
            reason = "there is no " + program
        if reason is None:
            here.append(Contender(impl, program))
        else:
            skipped[impl] = reason

    def built(*path):
        return os.path.join(build_dir, "bench", *path)

    for impl in ("runnel", "runnel-spsc", "runnel-fast"):
        if wanted(impl):
            add(impl, built("suite", "runnel_suite"))
    if wanted("crossbeam"):
        add("crossbeam", *build_crossbeam(build_dir))
    for impl in ("ck_ring", "mutex_ring"):
        if wanted(impl):
            add(impl, built("peers", impl + "_suite"))
    return here, skipped
