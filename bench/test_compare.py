#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The driver against contenders made up here: what it must not let pass."""

import contextlib
import io
import json
import os
import stat
import tempfile
import unittest
from unittest import mock
from xml.etree import ElementTree

import compare
import results_table
from driver import contenders, micro, plan, plot, report, rounds, statistics

# A contender that answers what it is asked; $NS is its time for one element.
GOOD = """
while [ $# -gt 0 ]; do eval "${1#--}=\\$2"; shift 2; done
echo "bench scenario=$scenario impl=$impl version=1 cap=$cap payload=$payload batch=$batch" \\
    "producers=$producers consumers=$consumers ops=$n wall_ns=$((n * NS)) ns_per_op=$NS"
"""

M = plan.measurement("thread_spsc", 64, impls=("runnel", "other"))


class Silent:
    """A progress line that nobody sees."""

    def __getattr__(self, _name):
        return lambda *args: None


class DriverTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def script(self, name, body, ns=10):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write("#!/bin/sh\nNS=%d\n%s" % (ns, body))
        os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
        return path

    def contender(self, impl, body=GOOD, ns=10):
        return contenders.Contender(impl, self.script(impl, body, ns))

    def measure(self, *here, n_rounds=3):
        runner = rounds.Runner(list(here), Silent())
        return runner.run(runner.calibrate(M, 0.001), n_rounds), runner.failures

    def build_dir(self, body=GOOD):
        self.script("bench/suite/runnel_suite", body)
        self.script("bench/peers/ck_ring_suite", GOOD, ns=20)
        return self.folder  # no mutex_ring, no crossbeam, no micro-benchmarks

    def compare(self, build_dir, *args):
        out, err = io.StringIO(), io.StringIO()
        path = os.path.join(self.folder, "out.json")
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), \
                mock.patch.object(contenders, "build_crossbeam", lambda _: (None, "no cargo")):
            status = compare.main(["--smoke", "--build-dir", build_dir, "--json", path, *args])
        with open(path) as f:
            return status, out.getvalue(), err.getvalue(), json.load(f)

    def test_every_contender_gets_its_median_over_all_rounds(self):
        results, failures = self.measure(self.contender("runnel"), self.contender("other", ns=30))
        self.assertEqual(failures, [])
        self.assertEqual([(r["impl"], r["rounds"], r["ns_per_op"]["median"]) for r in results],
                         [("runnel", 3, 10.0), ("other", 3, 30.0)])

    def test_contenders_take_turns_and_the_first_one_rotates(self):
        log = os.path.join(self.folder, "log")
        body = 'echo "$2" >> %s\n' % log + GOOD
        self.measure(self.contender("runnel", body), self.contender("other", body), n_rounds=2)
        with open(log) as f:
            turns = f.read().split()
        self.assertEqual(turns[2:], ["runnel", "other", "other", "runnel"])

    def test_a_contender_that_crashes_is_named_and_the_others_go_on(self):
        results, failures = self.measure(self.contender("runnel"),
                                         self.contender("other", "echo broken >&2; exit 1\n"))
        self.assertEqual([r["impl"] for r in results], ["runnel"])
        self.assertEqual(len(failures), 1)
        self.assertIn("other", failures[0])
        self.assertIn("broken", failures[0])

    def test_a_contender_that_hangs_is_killed(self):
        with self.assertRaisesRegex(contenders.Failed, "no end"):
            self.contender("other", "exec sleep 600\n").run(M, 100, 0.2)

    def test_a_contender_that_cannot_is_left_out_without_a_failure(self):
        results, failures = self.measure(self.contender("runnel"),
                                         self.contender("other", "exit 3\n"))
        self.assertEqual(([r["impl"] for r in results], failures), (["runnel"], []))

    def test_an_answer_to_another_question_is_refused(self):
        for wrong in ("cap=64/cap=1", "scenario=thread_spsc/scenario=thread_seq"):
            body = "{ %s } | sed s/%s/\n" % (GOOD, wrong)
            with self.assertRaisesRegex(contenders.Failed, "another question"):
                self.contender("other", body).run(M, 100, 10)

    def test_silence_is_refused(self):
        with self.assertRaisesRegex(contenders.Failed, "0 measurements"):
            self.contender("other", "exit 0\n").run(M, 100, 10)

    def test_a_missing_peer_is_skipped_by_name(self):
        status, out, _err, document = self.compare(self.build_dir(), "thread_spsc")
        self.assertEqual(status, 0)
        self.assertIn("skipped: mutex_ring", out)
        self.assertIn("mutex_ring", document["machine"]["skipped"])
        self.assertIn("ck_ring", {r["impl"] for r in document["results"]})

    def test_a_failure_fails_the_run(self):
        status, _out, err, _document = self.compare(self.build_dir("exit 1\n"), "thread_spsc")
        self.assertEqual(status, 1)
        self.assertIn("FAILED: runnel in thread_spsc", err)

    def test_a_missing_runnel_fails_the_run(self):
        status, _out, _err, _document = self.compare(self.folder, "thread_spsc")
        self.assertEqual(status, 1)

    def test_the_json_has_the_agreed_keys(self):
        _status, _out, _err, document = self.compare(self.build_dir(), "thread_spsc")
        self.assertEqual(set(document), {"machine", "commit", "results"})
        for r in document["results"]:
            self.assertEqual(set(r), {"scenario", "params", "impl", "version", "ops", "rounds",
                                      "ns_per_op"})
            self.assertEqual(set(r["ns_per_op"]), {"median", "p25", "p75"})


class FiguresTest(unittest.TestCase):
    def test_quartiles_interpolate(self):
        self.assertEqual(statistics.spread([4, 1, 3, 2]), {"median": 2.5, "p25": 1.75, "p75": 3.25})
        self.assertEqual(statistics.spread([7]), {"median": 7, "p25": 7, "p75": 7})

    def test_micro_takes_our_counters_and_not_the_framework_time(self):
        run = {"run_type": "iteration", "run_name": "pair/cap:64/payload:8/manual_time",
               "name": "x", "ops": 10.0, "wall_ns": 250.0, "real_time": 1.0}
        aggregate = dict(run, run_type="aggregate", wall_ns=9e9)
        [r] = micro.results({"context": {"runnel": "1"}, "benchmarks": [run, aggregate]})
        self.assertEqual((r["scenario"], r["params"], r["ns_per_op"]["median"]),
                         ("micro_pair", {"cap": 64, "payload": 8}, 25.0))

    def test_ratios_are_of_medians_to_runnel(self):
        results = [statistics.result("s", {"cap": 64}, impl, "1", 1, [ns])
                   for impl, ns in (("crossbeam", 30), ("runnel", 20))]
        [(name, header, [row])] = report.groups(results)
        self.assertEqual((name, header), ("s", ["cap", "runnel", "crossbeam"]))
        self.assertTrue(row[2].endswith(" 1.50x"), row)

    def test_speeds_are_the_peer_over_ours_with_their_geometric_mean(self):
        def both(cap, peer_ns):
            return [statistics.result("s", {"cap": cap}, impl, "1", 1, [ns])
                    for impl, ns in (("runnel", 10), ("crossbeam", peer_ns))]
        _header, rows = report.speeds(both(1, 20) + both(2, 80))
        self.assertEqual([row[2:] for row in rows],
                         [["2.00x", "-"], ["8.00x", "-"], ["4.00x", "-"]])

    def test_every_planned_measurement_is_unique(self):
        keys = [(m.scenario, tuple(m.params.items())) for m in plan.everything()]
        self.assertEqual(len(keys), len(set(keys)))

    def test_a_plot_is_well_formed_and_has_a_bar_for_each_contender(self):
        results = [statistics.result("s", {"cap": cap}, impl, "1", 1, [ns])
                   for cap in (1, "N") for impl, ns in (("runnel", 9), ("a<b", 5000.5))]
        tree = ElementTree.fromstring(plot.svg("s", results))
        bars = [e for e in tree.iter("{http://www.w3.org/2000/svg}rect")
                if e.get("height") == str(plot.BAR - 2)]
        self.assertEqual(len(bars), 4)

    def test_tables_are_written_between_their_markers_only(self):
        text = "a\n<!-- table:s -->\nold\n<!-- /table -->\nb <!-- table:t -->\n<!-- /table -->\n"
        got = results_table.fill(text, {"s": "| x |"})
        self.assertEqual(got, "a\n<!-- table:s -->\n\n| x |\n\n<!-- /table -->\n"
                              "b <!-- table:t -->\n<!-- /table -->\n")
        self.assertEqual(results_table.fill(got, {"s": "| x |"}), got)


if __name__ == "__main__":
    unittest.main()
