# SPDX-License-Identifier: MIT
"""Results as tables: on the terminal, and in Markdown for RESULTS.md."""

import math

BASE = "runnel"  # ratios are to this one
ORDER = ("runnel", "runnel-spsc", "runnel-fast", "crossbeam", "ck_ring", "mutex_ring")
# Shown in every row; the others only where a table has more than one value of them.
MAIN_PARAM = "cap"


def figure(ns):
    return "%.0f" % ns if ns >= 1000 else "%.1f" % ns if ns >= 100 else "%.2f" % ns


def impl_order(impl):
    return ORDER.index(impl) if impl in ORDER else len(ORDER)


def cap_order(value):
    return value if isinstance(value, int) else {"N": 2**60}.get(value, 2**61)


def row_order(params):
    others = tuple(v for k, v in sorted(params.items()) if k != MAIN_PARAM)
    return (len(others), str(others) if not all(isinstance(v, int) for v in others) else "",
            tuple(v for v in others if isinstance(v, int)), cap_order(params.get(MAIN_PARAM, 0)))


def varying(results):
    """The parameters worth a column: cap, and what is not the same everywhere."""
    keys = []
    for r in results:
        keys += [k for k in r["params"] if k not in keys]
    return [k for k in keys if k == MAIN_PARAM or
            len({r["params"].get(k) for r in results}) > 1]


def by_row(results):
    """[(params, {impl: result})] in order."""
    rows = {}
    for r in results:
        rows.setdefault(tuple(sorted(r["params"].items(), key=str)), (r["params"], {}))[1][
            r["impl"]] = r
    return sorted(rows.values(), key=lambda row: row_order(row[0]))


def cell(result, base):
    """median (p25-p75) ns, and how many times as long as runnel it takes."""
    if result is None:
        return "-"
    ns = result["ns_per_op"]
    text = "%s (%s-%s)" % (figure(ns["median"]), figure(ns["p25"]), figure(ns["p75"]))
    if base is not None and base is not result:
        text += " %.2fx" % (ns["median"] / base["ns_per_op"]["median"])
    return text


def table(results):
    """(header, rows) of one scenario, all strings."""
    impls = sorted({r["impl"] for r in results}, key=impl_order)
    keys = varying(results)
    rows = [[str(params.get(k, "-")) for k in keys] +
            [cell(of.get(impl), of.get(BASE)) for impl in impls] for params, of in by_row(results)]
    return keys + impls, rows


def micro_table(results):
    """All micro_* scenarios in one table: they have one contender each."""
    rows = []
    for r in sorted(results, key=lambda r: (r["scenario"], row_order(r["params"]))):
        rows.append([r["scenario"][len("micro_"):], str(r["params"].get("cap", "-")),
                     str(r["params"].get("payload", "-")), cell(r, None)])
    return ["operation", "cap", "payload", "ns"], rows


def short(params):
    """cap=64, 8 bytes, no batch, 4 to 4: `cap 64, 4p4c`"""
    words = ["cap %s" % params.get("cap", "-")]
    if "producers" in params:
        words.append("%sp%sc" % (params["producers"], params["consumers"]))
    if params.get("payload", 8) != 8:
        words.append("%s bytes" % params["payload"])
    if params.get("batch", 1) != 1:
        words.append("batch %s" % params["batch"])
    return ", ".join(words)


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def speeds(results, peer="crossbeam", ours=(BASE, "runnel-spsc")):
    """How many times as fast as the peer ours are, wherever both were measured; the
    geometric mean of each column comes last. None if the peer was nowhere."""
    rows, columns = [], {impl: [] for impl in ours}
    for scenario in dict.fromkeys(r["scenario"] for r in results):
        for params, of in by_row([r for r in results if r["scenario"] == scenario]):
            if peer not in of:
                continue
            row = [scenario, short(params)]
            for impl in ours:
                ratio = None
                if impl in of:
                    ratio = of[peer]["ns_per_op"]["median"] / of[impl]["ns_per_op"]["median"]
                    columns[impl].append(ratio)
                row.append("-" if ratio is None else "%.2fx" % ratio)
            rows.append(row)
    if not rows:
        return None
    rows.append(["geometric mean", ""] + ["%.2fx" % geometric_mean(c) if c else "-"
                                          for c in columns.values()])
    return ["scenario", "parameters"] + ["speed of %s / %s" % (i, peer) for i in ours], rows


def groups(results):
    """[(name, header, rows)], a table for each scenario, one for all of micro."""
    out = []
    names = []
    for r in results:
        name = "micro" if r["scenario"].startswith("micro_") else r["scenario"]
        if name not in names:
            names.append(name)
    for name in names:
        if name == "micro":
            of = [r for r in results if r["scenario"].startswith("micro_")]
            out.append((name, *micro_table(of)))
        else:
            out.append((name, *table([r for r in results if r["scenario"] == name])))
    return out


def aligned(header, rows):
    widths = [max(len(line[i]) for line in [header] + rows) for i in range(len(header))]
    return ["  " + "  ".join(text.rjust(w) for text, w in zip(line, widths))
            for line in [header] + rows]


def terminal(results):
    lines = []
    for name, header, rows in groups(results):
        lines.append("\n%s, ns an operation: median (p25-p75), times as long as %s" % (name, BASE))
        lines += aligned(header, rows)
    against = speeds(results)
    if against is not None:
        lines += ["\nagainst crossbeam: 2.00x is twice as fast as it, 0.50x half"]
        lines += aligned(*against)
    return "\n".join(lines)


def markdown(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "|".join("--:" for _ in header) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)
