#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Keeps README.md and the examples alike: check.py README EXAMPLES_DIR BINARY...

Each program of README.md is, from its first preprocessor line on, the file of that
name in EXAMPLES_DIR; and each binary that was built from one prints what README.md
shows for it. (tests/readme compiles the blocks themselves, against an installation.)
"""
import os
import re
import subprocess
import sys

TIMEOUT_S = 120


def from_first_directive(text):
    found = re.search(r"^#", text, flags=re.M)
    return text[found.start():] if found else text


def programs(text):
    """name -> (source, output shown or None)"""
    found = {}
    for block in re.finditer(r"^```c\n// file: (\w+)\.c\n(.*?)^```$", text, flags=re.S | re.M):
        shown = re.search(r"^\$ \./%s\n(.*?)(?=^\$ |^```$)" % block.group(1), text[block.end():],
                          flags=re.S | re.M)
        found[block.group(1)] = (block.group(2), shown.group(1) if shown else None)
    return found


def main():
    readme, folder, binaries = sys.argv[1], sys.argv[2], sys.argv[3:]
    with open(readme, encoding="utf-8") as f:
        shown = programs(f.read())
    faults = [] if shown else [f"{readme} has no ```c block that begins with // file: NAME.c"]
    for name, (source, _) in shown.items():
        path = os.path.join(folder, name + ".c")
        if not os.path.exists(path):
            faults.append(f"{readme} shows {name}.c; there is no {path}")
            continue
        with open(path, encoding="utf-8") as f:
            if from_first_directive(f.read()) != from_first_directive(source):
                faults.append(f"{name}.c in {readme} is not {path}; copy one over the other")
    for binary in binaries:
        name = os.path.basename(binary)
        if name not in shown or shown[name][1] is None:
            faults.append(f"{readme} does not show what {name} prints")
            continue
        done = subprocess.run([binary], stdout=subprocess.PIPE, text=True, check=False,
                              timeout=TIMEOUT_S)
        if done.returncode != 0 or done.stdout != shown[name][1]:
            faults.append(f"{name} ended with status {done.returncode} and printed\n{done.stdout}"
                          f"where {readme} shows\n{shown[name][1]}")
    print("\n".join(faults) or f"{len(shown)} programs, {len(binaries)} run: alike")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
