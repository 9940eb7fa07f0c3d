#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the tables of RESULTS.md, and the plots in bench/results/, from the raw
data in bench/results/*.json.

    bench/results_table.py            rewrites RESULTS.md in place, and the plots
    bench/results_table.py --check    exits with 1 if that would change anything

A table stands between `<!-- table:NAME -->` and `<!-- /table -->`, NAME being a scenario,
`micro`, `machine` or `against_crossbeam`. Where two files hold the same measurement
of the same contender the one that is later by name counts; a table whose measurements
come from several runs says so, since ratios only hold within one run.
"""

import glob
import json
import os
import re
import sys

sys.dont_write_bytecode = True  # leave the checkout as it is

from driver import plot, report  # noqa: E402

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RESULTS = os.path.join(SOURCE, "RESULTS.md")
FOLDER = os.path.join(SOURCE, "bench", "results")
MARKED = re.compile(r"(<!-- table:(\S+) -->\n).*?(<!-- /table -->)", re.DOTALL)


def read(paths):
    """([result with the name of its file], [(file name, machine, commit)])"""
    latest, runs = {}, []
    for path in sorted(paths):
        with open(path) as f:
            document = json.load(f)
        name = os.path.basename(path)
        runs.append((name, document["machine"], document["commit"]))
        for r in document["results"]:
            key = (r["scenario"], tuple(sorted(r["params"].items(), key=str)), r["impl"])
            latest[key] = dict(r, file=name)
    return list(latest.values()), runs


def machine_table(runs):
    rows = []
    for name, about, commit in runs:
        skipped = "; ".join("%s (%s)" % s for s in about.get("skipped", {}).items()) or "nothing"
        rows.append([name, "%s, %d CPUs" % (about["cpu"], about["cpus"]), about["kernel"],
                     about["compiler"], about.get("rustc", "-"), about.get("date", "-"),
                     commit[:12] + ("-dirty" if commit.endswith("-dirty") else ""), skipped])
    return report.markdown(["run", "machine", "kernel", "compiler", "rustc", "date", "commit",
                            "skipped"], rows)


def source_line(results):
    files = sorted({r["file"] for r in results})
    versions = sorted({(r["impl"], r["version"]) for r in results}, key=lambda v: v[0])
    rounds = sorted({r["rounds"] for r in results})
    return "ns an operation: median (p25-p75) of %s rounds, times as long as %s. %s. Run%s: %s." % (
        "-".join(str(n) for n in (rounds[0], rounds[-1]) if n) if len(rounds) > 1 else rounds[0],
        report.BASE, ", ".join("%s %s" % v for v in versions), "s" if len(files) > 1 else "",
        ", ".join(files))


def of_group(results, name):
    return [r for r in results if (r["scenario"] == name or
                                   name == "micro" and r["scenario"].startswith("micro_"))]


def tables(results, runs):
    """{name: Markdown}; each but micro's begins with its plot."""
    out = {"machine": machine_table(runs)} if runs else {}
    for name, header, rows in report.groups(results):
        image = "" if name == "micro" else "![%s](bench/results/%s.svg)\n\n" % (name, name)
        out[name] = (image + report.markdown(header, rows) + "\n\n" +
                     source_line(of_group(results, name)))
    against = report.speeds(results)
    if against is not None:
        out["against_crossbeam"] = report.markdown(*against)
    return out


def plots(results):
    """{path: SVG}"""
    return {os.path.join(FOLDER, name + ".svg"): plot.svg(name, of_group(results, name))
            for name, _header, _rows in report.groups(results) if name != "micro"}


def fill(text, by_name):
    """The text with each table that there is data for; the others stay as they are."""
    def replace(found):
        if found.group(2) not in by_name:
            return found.group(0)
        return found.group(1) + "\n" + by_name[found.group(2)] + "\n\n" + found.group(3)
    return MARKED.sub(replace, text)


def main(argv):
    if argv not in ([], ["--check"]):
        print(__doc__)
        return 0 if argv == ["--help"] else 2
    results, runs = read(glob.glob(os.path.join(FOLDER, "*.json")))
    with open(RESULTS) as f:
        new = {RESULTS: fill(f.read(), tables(results, runs)), **plots(results)}
    stale = [path for path, text in new.items() if text != content(path)]
    if argv == ["--check"]:
        for path in stale:
            print("%s differs from bench/results/*.json; run bench/results_table.py" %
                  os.path.relpath(path, SOURCE))
        return int(bool(stale))
    for path in stale:
        with open(path, "w") as f:
            f.write(new[path])
    print("%d runs read; %d files rewritten" % (len(runs), len(stale)))
    return 0


def content(path):
    try:
        with open(path) as f:
            return f.read()
    except FileNotFoundError:
        return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
