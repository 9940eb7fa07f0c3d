# SPDX-License-Identifier: MIT
"""A progress line with the time left: in place on a terminal, elsewhere a line now
and then."""

import sys
import time

QUIET_S = 15  # between lines where there is no terminal


class Progress:
    def __init__(self, out=None):
        self.out = out = out or sys.stderr
        self.tty = out.isatty()
        self.left_s = 0.0  # estimated
        self.pace = 1.0  # measured over estimated so far
        self.done_s = self.done_estimate = 0.0
        self.shown = time.monotonic()

    def expect(self, seconds):
        self.left_s += seconds

    def settle(self, estimate_s, took_s):
        """A part that was expected to take estimate_s is over."""
        self.left_s = max(0.0, self.left_s - estimate_s)
        self.done_s += took_s
        self.done_estimate += estimate_s
        if self.done_estimate > 0:
            self.pace = self.done_s / self.done_estimate

    def show(self, what):
        now = time.monotonic()
        if not self.tty and now - self.shown < QUIET_S:
            return
        self.shown = now
        left = int(self.left_s * self.pace + 0.5)
        text = "%-90.90s %d:%02d left" % (what, left // 60, left % 60)
        self.out.write(("\r" if self.tty else "") + text + ("" if self.tty else "\n"))
        self.out.flush()

    def note(self, text):
        self.clear()
        self.out.write(text + "\n")
        self.out.flush()

    def clear(self):
        if self.tty:
            self.out.write("\r\x1b[K")
            self.out.flush()
