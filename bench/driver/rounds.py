# SPDX-License-Identifier: MIT
"""Runs the contenders of each measurement in turns, A B C, B C A, ..."""

from . import statistics
from .contenders import Failed
from .plan import FULL_N

# How many elements the calibration run has, by whether each may cost a wake-up.
CALIBRATION_N = {True: 3_000, False: 40_000}
FEWEST_N = 2_000
# A contender that takes this many times its calibrated time hangs.
PATIENCE = 60
LEAST_TIMEOUT_S = 60


def small(cap):
    return cap in (0, 1)


class Step:
    """A measurement with those who take part in it and the n they share."""

    def __init__(self, m):
        self.m = m
        self.contenders = []
        self.ns_estimate = {}  # impl -> ns/op of the calibration run
        self.n = FULL_N

    def seconds(self, rounds):
        return sum(ns * self.n * 1e-9 + 0.01 for ns in self.ns_estimate.values()) * rounds

    def timeout(self, impl):
        return max(LEAST_TIMEOUT_S, PATIENCE * self.ns_estimate[impl] * self.n * 1e-9)


class Runner:
    def __init__(self, contenders, progress):
        self.contenders = contenders
        self.progress = progress
        self.failures = []  # "impl: what"

    def failed(self, impl, m, error):
        self.failures.append("%s in %s %s: %s" % (impl, m.scenario, m.params, error))
        self.progress.note("FAILED: " + self.failures[-1])

    def calibrate(self, m, seconds_a_run, n=None):
        """Finds out who can, and the n with which nobody needs longer than
        seconds_a_run; or takes the n given."""
        step = Step(m)
        trial_n = n or CALIBRATION_N[small(m.params["cap"])]
        for contender in self.contenders:
            if contender.impl not in m.impls:
                continue
            try:
                fields = contender.run(m, trial_n, 60)
            except Failed as error:
                self.failed(contender.impl, m, error)
                continue
            if fields is not None:
                step.contenders.append(contender)
                step.ns_estimate[contender.impl] = fields["ns_per_op"]
        slowest = max(step.ns_estimate.values(), default=1.0)
        step.n = n or int(max(FEWEST_N, min(FULL_N, seconds_a_run * 1e9 / slowest)))
        return step

    def run(self, step, rounds):
        """All rounds of one measurement; a result for each contender."""
        samples = {c.impl: [] for c in step.contenders}
        last = {}
        alive = list(step.contenders)
        for turn in range(rounds):
            first = turn % len(alive) if alive else 0
            for contender in alive[first:] + alive[:first]:
                try:
                    fields = contender.run(step.m, step.n, step.timeout(contender.impl))
                    if fields is None:
                        raise Failed("it could this before, now it says that it cannot")
                except Failed as error:
                    self.failed(contender.impl, step.m, error)
                    alive = [c for c in alive if c is not contender]
                    continue
                samples[contender.impl].append(fields["ns_per_op"])
                last[contender.impl] = fields
                self.progress.show("%s %s %s" % (step.m.scenario, contender.impl,
                                                 " ".join("%s=%s" % p for p in
                                                          step.m.params.items())))
        return [statistics.result(step.m.scenario, step.m.params, c.impl, last[c.impl]["version"],
                                  last[c.impl]["ops"], samples[c.impl])
                for c in step.contenders if samples[c.impl]]
