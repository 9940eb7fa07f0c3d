# SPDX-License-Identifier: MIT
"""A scenario as an SVG bar chart: a group for each row of its table, a bar for each
contender, the quartiles as a whisker, on a logarithmic scale."""

import math
from xml.sax.saxutils import escape

from . import report

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 860, 190, 70, 56, 34
BAR, GAP = 13, 12
COLOURS = {"runnel": "#0b6e99", "runnel-spsc": "#4fa3c7", "runnel-fast": "#8ecae6",
           "crossbeam": "#d1495b", "ck_ring": "#edae49", "mutex_ring": "#8d99ae"}
OTHER_COLOUR = "#555555"


class Scale:
    """Nanoseconds to x, from a power of ten below the least to one above the most."""

    def __init__(self, values):
        self.low = math.floor(math.log10(min(values)))
        self.high = max(math.ceil(math.log10(max(values))), self.low + 1)

    def x(self, ns):
        share = (math.log10(ns) - self.low) / (self.high - self.low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def ticks(self):
        return [10.0**p for p in range(self.low, self.high + 1)]


def text(x, y, content, anchor="start", size=11, colour="#222222"):
    return '<text x="%.1f" y="%.1f" text-anchor="%s" font-size="%d" fill="%s">%s</text>' % (
        x, y, anchor, size, colour, escape(content))


def line(x1, y1, x2, y2, colour):
    return '<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s"/>' % (x1, y1, x2, y2, colour)


def bar(scale, y, impl, ns):
    end = scale.x(ns["median"])
    middle = y + BAR / 2
    return ['<rect x="%d" y="%.1f" width="%.1f" height="%d" fill="%s"/>' %
            (LEFT, y, end - LEFT, BAR - 2, COLOURS.get(impl, OTHER_COLOUR)),
            line(scale.x(ns["p25"]), middle - 1, scale.x(ns["p75"]), middle - 1, "#000000"),
            text(max(end, scale.x(ns["p75"])) + 4, y + BAR - 4, report.figure(ns["median"]))]


def legend(impls):
    out, x = [], LEFT
    for impl in impls:
        out.append('<rect x="%.1f" y="30" width="10" height="10" fill="%s"/>' %
                   (x, COLOURS.get(impl, OTHER_COLOUR)))
        out.append(text(x + 14, 39, impl))
        x += 14 + 7 * len(impl) + 16
    return out


def svg(name, results):
    """The chart of one scenario's results."""
    rows = report.by_row(results)
    impls = sorted({r["impl"] for r in results}, key=report.impl_order)
    scale = Scale([r["ns_per_op"][q] for r in results for q in ("p25", "p75")])
    body, y = [], TOP
    for params, of in rows:
        body.append(text(LEFT - 8, y + BAR * len(of) / 2 + 4, report.short(params), "end"))
        for impl in impls:
            if impl in of:
                body += bar(scale, y, impl, of[impl]["ns_per_op"])
                y += BAR
        y += GAP
    grid = []
    for ns in scale.ticks():
        grid.append(line(scale.x(ns), TOP - 6, scale.x(ns), y, "#dddddd"))
        grid.append(text(scale.x(ns), y + 14, "%g ns" % ns, "middle"))
    head = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
            'font-family="sans-serif">' % (WIDTH, y + BOTTOM),
            '<rect width="100%" height="100%" fill="#ffffff"/>',
            text(LEFT, 18, "%s: ns an operation (median, quartiles), less is better" % name,
                 size=13)]
    return "\n".join(head + legend(impls) + grid + body + ["</svg>"]) + "\n"
