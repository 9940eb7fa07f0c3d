# SPDX-License-Identifier: MIT
"""What is measured: the scenarios with their parameters, and in which runs."""

from collections import namedtuple

# impls: None for every contender that can, else the only ones asked.
# sets: the runs that it belongs to besides the full one: "quick", "demo".
Measurement = namedtuple("Measurement", "scenario params impls sets")

# Elements of one measurement, as crossbeam's own suite has it; fewer where the
# slowest contender would need longer than the time for one run.
FULL_N = 5_000_000
THREADS = 4

OURS = ("runnel", "runnel-spsc", "runnel-fast")
# The two rings that ring_compare is about.
RINGS = ("runnel", "runnel-fast")
# The thread suite measures the default channel and the SPSC one.
SUITE = ("runnel", "runnel-spsc", "crossbeam", "ck_ring", "mutex_ring")


def measurement(scenario, cap, payload=8, batch=1, producers=1, consumers=1, impls=SUITE, sets=()):
    params = {"cap": cap, "payload": payload, "batch": batch, "producers": producers,
              "consumers": consumers}
    return Measurement(scenario, params, impls, frozenset(sets))


def sides(scenario):
    """Producers and consumers of a scenario of the thread suite."""
    return {"thread_spsc": (1, 1), "thread_mpsc": (THREADS, 1), "thread_mpmc": (THREADS, THREADS),
            "thread_select_rx": (THREADS, 1), "thread_select_both": (THREADS, THREADS)}[scenario]


def thread_suite():
    """crossbeam-channel's suite on our API, plus capacities 64 and 1024."""
    yield measurement("thread_seq", "N", sets=("quick", "demo"))
    yield measurement("thread_seq", "unbounded", sets=("quick",))
    for scenario in ("thread_spsc", "thread_mpsc", "thread_mpmc", "thread_select_rx",
                     "thread_select_both"):
        producers, consumers = sides(scenario)
        for cap in (0, 1, 64, 1024, "N", "unbounded"):
            sets = set()
            if cap in (0, 64, "unbounded"):
                sets.add("quick")
            if cap == 64 and scenario != "thread_mpsc" or cap == 0 and scenario == "thread_spsc":
                sets.add("demo")
            yield measurement(scenario, cap, producers=producers, consumers=consumers, sets=sets)
    for cap in (0, 1):
        yield measurement("thread_pingpong", cap, sets=("quick", "demo") if cap == 0 else ())


def payloads_and_batches():
    yield measurement("thread_seq", "N", payload=32)
    yield measurement("thread_seq", "N", payload=64)
    for scenario in ("thread_spsc", "thread_mpmc"):
        producers, consumers = sides(scenario)
        for cap in (64, 1024):
            for payload in (32, 64):
                yield measurement(scenario, cap, payload=payload, producers=producers,
                                  consumers=consumers)
            for batch in (8, 64):
                yield measurement(scenario, cap, batch=batch, producers=producers,
                                  consumers=consumers)


def oversubscribed():
    for cap in (1, 64, 1024):
        yield measurement("thread_mpmc", cap, producers=32, consumers=32,
                          sets=("quick",) if cap == 64 else ())


def rings():
    """The lock-free word ring against the two-phase ring."""
    for threads in (1, 2, 4, 16):
        for cap in (1, 64, 1024, 65536):
            yield measurement("ring_compare", cap, producers=threads, consumers=threads,
                              impls=RINGS, sets=("quick",) if cap == 64 else ())


def everything():
    yield from thread_suite()
    yield from payloads_and_batches()
    yield from oversubscribed()
    yield from rings()
