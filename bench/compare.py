#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures runnel and its peers in one run, in turns, and prints what came out.

    bench/compare.py                        everything, about 20 minutes
    bench/compare.py --quick                the chief scenarios, under 3 minutes
    bench/compare.py thread_spsc 'micro_*'  some scenarios
    bench/compare.py --json bench/results/NAME.json

`./dev compare` builds what this needs and passes its options on. A peer that is
not there is skipped by name; one that fails is named and fails the run. The
JSON's schema: {"machine": {}, "commit": "", "results": [{"scenario", "params",
"impl", "version", "ops", "rounds", "ns_per_op": {"median", "p25", "p75"}}]}.
"""

import argparse
import fnmatch
import json
import os
import sys
import time

sys.dont_write_bytecode = True  # leave the checkout as it is

from driver import contenders, machine, micro, plan, report  # noqa: E402
from driver.progress import Progress  # noqa: E402
from driver.rounds import Runner  # noqa: E402

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="*", metavar="GLOB", help="scenarios (default: all)")
    parser.add_argument("--rounds", type=int, help="turns of each contender (default: 7)")
    parser.add_argument("--seconds-a-run", type=float, metavar="S",
                        help="a run has 5,000,000 elements, or as many as the slowest contender "
                        "moves in S seconds if that is fewer (default: 1.5)")
    parser.add_argument("--impl", default="*", metavar="GLOB", help="contenders (default: all)")
    parser.add_argument("--json", metavar="FILE", help="write the raw results there")
    parser.add_argument("--build-dir", default=os.path.join(SOURCE, "build", "release"))
    parser.add_argument("--list", action="store_true", help="print the plan and stop")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--quick", action="store_true", help="the chief scenarios, 3 rounds")
    kind.add_argument("--demo", action="store_true", help="a few scenarios of ours, 3 rounds")
    kind.add_argument("--smoke", action="store_true",
                      help="tiny counts: whether everything runs; the figures mean nothing")
    args = parser.parse_args(argv)
    args.set = "quick" if args.quick or args.smoke else "demo" if args.demo else None
    rounds, seconds = (1, 0.0) if args.smoke else (3, 0.12) if args.set else (7, 1.5)
    args.rounds = rounds if args.rounds is None else args.rounds
    args.seconds_a_run = seconds if args.seconds_a_run is None else args.seconds_a_run
    if args.rounds < 1 or args.seconds_a_run < 0:
        parser.error("--rounds and --seconds-a-run are positive")
    return args


def matches(scenario, args):
    return not args.scenarios or any(fnmatch.fnmatch(scenario, g) for g in args.scenarios)


def chosen(args):
    return [m for m in plan.everything()
            if matches(m.scenario, args) and (args.set is None or args.set in m.sets)]


def wants_micro(args):
    if args.demo or not fnmatch.fnmatch(report.BASE, args.impl):
        return False
    return not args.scenarios or any(g.startswith("micro") or g == "*" for g in args.scenarios)


def run_suite(runner, measurements, args):
    """Calibrates everything first, so that the time left is known; then measures."""
    steps = []
    for m in measurements:
        runner.progress.show("calibrating %s %s" % (m.scenario, m.params))
        step = runner.calibrate(m, args.seconds_a_run, n=600 if args.smoke else None)
        runner.progress.expect(step.seconds(args.rounds))
        steps.append(step)
    results = []
    for step in steps:
        begin = time.monotonic()
        results += runner.run(step, args.rounds)
        runner.progress.settle(step.seconds(args.rounds), time.monotonic() - begin)
    return results


def run_micro(runner, args):
    if not os.access(micro.program(args.build_dir), os.X_OK):
        return [], "there is no " + micro.program(args.build_dir)
    runner.progress.show("micro-benchmarks")
    min_time = 0.001 if args.smoke else 0.02 if args.set else 0.1
    try:
        results = micro.run(args.build_dir, args.rounds, min_time)
    except contenders.Failed as error:
        runner.failures.append("micro: %s" % error)
        return [], None
    return [r for r in results if matches(r["scenario"], args)], None


def main(argv):
    args = parse(argv)
    measurements = chosen(args)
    if args.list:
        for m in measurements:
            print(m.scenario, " ".join("%s=%s" % p for p in m.params.items()))
        return 0
    if not measurements and not wants_micro(args):
        print("compare: no scenario matches; --list prints them", file=sys.stderr)
        return 2

    def wanted(impl):
        return fnmatch.fnmatch(impl, args.impl) and (not args.demo or impl in plan.OURS)

    try:
        here, skipped = contenders.find(args.build_dir, wanted)
    except contenders.Failed as error:
        print("compare: " + str(error), file=sys.stderr)
        return 1
    about = machine.describe(args.build_dir, skipped)
    runner = Runner(here, Progress())
    results = run_suite(runner, measurements, args)
    if wants_micro(args):
        more, reason = run_micro(runner, args)
        results += more
        if reason is not None:
            skipped["micro"] = reason
    runner.progress.clear()
    print_all(results, about, skipped)
    if args.json:
        write_json(args.json, {"machine": about, "commit": machine.commit(SOURCE),
                               "results": results})
    for failure in runner.failures:
        print("compare: FAILED: " + failure, file=sys.stderr)
    if any(impl in plan.OURS for impl in skipped):
        print("compare: runnel itself is not built; see --build-dir", file=sys.stderr)
        return 1
    return 1 if runner.failures else 0


def print_all(results, about, skipped):
    print("%s, %d CPUs, Linux %s, %s, %s" % (about["cpu"], about["cpus"], about["kernel"],
                                             about["compiler"], about["build_type"]))
    print(report.terminal(results))
    for name, reason in skipped.items():
        print("skipped: %s: %s" % (name, reason))


def write_json(path, document):
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path + ".part", "w") as f:
        json.dump(document, f, indent=1)
        f.write("\n")
    os.replace(path + ".part", path)
    print("\nraw results: " + path)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
