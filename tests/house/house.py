#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The rules of the house (lib/README.md, CONTRIBUTING.md), each a check that can fail.

    house.py CHECK [--root DIR] [--library librunnel.so]
    house.py selftest [--root DIR]     plants a breach of each rule in a copy

A check prints every breach as file:line: what, and what to do; status 1 if any.
"""
import argparse
import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile

# From the bottom up: a room may include those before it, itself, and the public headers.
ROOMS = ["base", "os", "ring", "task", "wait", "chan", "time", "sync", "map", "look"]
MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 70
USUAL_FUNCTION_LINES = 30
SOURCE_ENDINGS = (".c", ".h", ".S", ".cc", ".cpp", ".hpp", ".rs", ".py", ".sh", ".cmake", ".map",
                  ".in", ".go")
SOURCE_NAMES = ("CMakeLists.txt", "dev", "run", ".clang-format", ".gitignore", "Cargo.toml")
SKIPPED_FOLDERS = {".git", "build", "target", "__pycache__", "results"}
TAG = re.compile(r"\[([A-Z]{1,3}[0-9]{1,2})\]")


class Breaches:
    def __init__(self):
        self.lines = []

    def add(self, path, line, text):
        self.lines.append(f"{path}:{line}: {text}")


def walk(root, below="."):
    for folder, folders, files in os.walk(os.path.join(root, below)):
        folders[:] = sorted(f for f in folders if f not in SKIPPED_FOLDERS
                            and not f.startswith("_"))
        for name in sorted(files):
            yield os.path.relpath(os.path.join(folder, name), root)


def tracked(root):
    """What git tracks or would track; in a copy without git, or without git itself, all
    there is."""
    if os.path.exists(os.path.join(root, ".git")) and shutil.which("git"):
        listed = subprocess.run(
            ["git", "-c", "safe.directory=*", "-C", root, "ls-files", "-co", "--exclude-standard"],
            capture_output=True, text=True, check=False)
        if listed.returncode == 0:
            return [p for p in listed.stdout.split("\n") if os.path.isfile(os.path.join(root, p))]
    return list(walk(root))


def is_source(path):
    return path.endswith(SOURCE_ENDINGS) or os.path.basename(path) in SOURCE_NAMES


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as f:
        return f.read()


def c_files(root, below="lib"):
    return [p for p in walk(root, below) if p.endswith((".c", ".h"))]


def without_comments(text):
    """Blanks comments and strings, keeping line numbers."""
    def blank(match):
        piece = match.group(0)
        if piece.startswith("/"):
            return re.sub(r"[^\n]", " ", piece)
        return piece[0] + " " * (len(piece) - 2) + piece[-1] if "\n" not in piece else piece
    return re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", blank, text,
                  flags=re.S)


def room_of(path):
    parts = path.split("/")
    return parts[1] if len(parts) > 2 else None


def includes(root, _, out):
    """Includes point only downward in the table of rooms."""
    for path in c_files(root):
        room = room_of(path)
        if room == "include" or path == "lib/include/runnel.h":
            below, own = [], None
        elif room in ROOMS:
            below, own = ROOMS[:ROOMS.index(room)], room
        else:
            out.add(path, 1, f"'{room}' is no room: add it to ROOMS in tests/house/house.py")
            continue
        for number, line in enumerate(read(root, path).split("\n"), 1):
            found = re.match(r'\s*#\s*include\s*([<"])([^">]+)[">]', line)
            if not found:
                continue
            target = found.group(2)
            if found.group(1) == "<":
                if target.startswith("ck_") and own != "os":
                    out.add(path, number, f"<{target}>: Concurrency Kit stays inside lib/os")
                continue
            if target == "runnel.h" or target.startswith("runnel/"):
                continue
            to = target.split("/")[0]
            if "/" not in target:
                out.add(path, number, f'"{target}": name the room: "{own}/{target}"')
            elif own is None:
                out.add(path, number, f'"{target}": a public header includes public ones only')
            elif to != own and to not in below:
                out.add(path, number, f'"{target}": {to} is not below {own}, which may include '
                        f"{', '.join(below) or 'nothing'}")


def opening_comment_end(text):
    """Line number at which the comments that open a file end (there stands its table)."""
    match = re.match(r"(\s*/\*.*?\*/)+", text, flags=re.S)
    return text[:match.end()].count("\n") + 1 if match else 0


def tags(root, _, out):
    """Every ordering tag has a row in a file's opening table and stands at two sites or more."""
    rows, sites = {}, {}
    for path in c_files(root):
        text = read(root, path)
        end = opening_comment_end(text)
        for number, line in enumerate(text.split("\n"), 1):
            for tag in TAG.findall(line):
                (rows if number <= end else sites).setdefault(tag, []).append((path, number))
    for tag in sorted(set(rows) | set(sites)):
        where = sites.get(tag, [])
        if tag not in rows:
            out.add(*where[0], f"[{tag}] is in no file's opening table: say there what it pairs")
        if len(where) < 2:
            out.add(*(where or rows[tag])[0], f"[{tag}] stands at {len(where)} site(s) outside the "
                    "opening table; a pairing has two ends: tag both")
    print(f"{len(rows)} tags, {sum(map(len, sites.values()))} sites")


def atomics(root, _, out):
    """Atomics are touched by the named wrappers of lib/base alone; inline assembly too."""
    raw = re.compile(r"\b(__atomic_\w+|__sync_\w+|atomic_\w+_explicit|_Atomic|stdatomic|"
                     r"ck_pr_(?!stall)\w+|__asm__|asm)\b")
    for path in c_files(root):
        if room_of(path) == "base":
            continue
        for number, line in enumerate(without_comments(read(root, path)).split("\n"), 1):
            found = raw.search(line)
            if found:
                out.add(path, number, f"{found.group(1)}: use a named wrapper of lib/base")


def spdx(root, _, out):
    """Each source file names its licence in its first line (second after a #! line)."""
    for path in tracked(root):
        if not is_source(path):
            continue
        head = read(root, path).split("\n")[:2]
        line = head[1] if head[0].startswith("#!") and len(head) > 1 else head[0]
        if "SPDX-License-Identifier: MIT" not in line:
            out.add(path, 1, "no SPDX-License-Identifier: MIT here")


def lengths(root, _, out):
    """No file is longer than one reads in a sitting."""
    for path in tracked(root):
        if is_source(path):
            count = read(root, path).count("\n")
            if count > MAX_FILE_LINES:
                out.add(path, count, f"{count} lines, {MAX_FILE_LINES} at most: split it by subject")


def paths(root, _, out):
    """Nothing names a place of one machine, or a registry's host."""
    places = re.compile(r"(?<![\w.$}/-])/(work|root|home)/\w" r"|/tmp/bash_" r"|\bdeb\.debian\b"
                        r"|\bcrates\.io\b|\bproxy\.golang\b|\bpypi\.org\b|\bgithub\.com\b")
    for path in tracked(root):
        if path.endswith("Cargo.lock") or path == "tests/house/house.py":
            continue # the lock file's format demands the registry's name; and this line
        if not (is_source(path) or path.endswith((".md", ".json", ".txt", ".svg"))):
            continue
        for number, line in enumerate(read(root, path).split("\n"), 1):
            found = places.search(line)
            if found:
                out.add(path, number, f"'{found.group(0)}' belongs to one machine or host")


def functions_in(text):
    """(name, first line, lines) of each function: a brace in column one opens its body."""
    lines = without_comments(text).split("\n")
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line.startswith("}") and start is not None:
            head, name = start - 1, "?"
            while head > 0 and lines[head - 1].strip() and not lines[head - 1].startswith("#"):
                found = re.match(r"^\w.*?\b(\w+)\(", lines[head - 1])
                if found:
                    name = found.group(1)
                    break
                head -= 1
            yield name, start, number - start + 1
            start = None


def functions(root, _, out):
    """No function of lib/ is longer than 70 lines; most have 30 at most."""
    total, long = 0, []
    for path in c_files(root):
        for name, line, count in functions_in(read(root, path)):
            total += 1
            if count > USUAL_FUNCTION_LINES:
                long.append((count, f"{path}:{line}: {name}: {count} lines"))
            if count > MAX_FUNCTION_LINES:
                out.add(path, line, f"{name} has {count} lines, {MAX_FUNCTION_LINES} at most")
    print(f"{total} functions, {len(long)} longer than {USUAL_FUNCTION_LINES} lines")
    for _, text in sorted(long, reverse=True):
        print("  " + text)


def listed(root, _, out):
    """Every source of lib/ is in lib/CMakeLists.txt, and what that lists is there."""
    text = re.sub(r"#[^\n]*", "", read(root, "lib/CMakeLists.txt"))
    named = set(re.findall(r"[\w/]+\.(?:c|S)\b", text))
    there = {os.path.relpath(p, "lib") for p in walk(root, "lib") if p.endswith((".c", ".S"))}
    for path in sorted(there - named):
        out.add(f"lib/{path}", 1, "is not listed in lib/CMakeLists.txt")
    for path in sorted(named - there):
        out.add("lib/CMakeLists.txt", 1, f"lists {path}, which is not there")


def symbols(root, library, out):
    """What the headers declare, what the map lists and what the library exports is the same."""
    declared = set()
    for path in c_files(root, "lib/include"):
        text = re.sub(r"^\s*#.*$", "", without_comments(read(root, path)), flags=re.M)
        declared |= set(re.findall(r"\bRN_API\b[^;]*?\b(rn_\w+)\s*\(", text))
    mapped = set(re.findall(r"^\s*(rn_\w+);", read(root, "lib/runnel.map"), flags=re.M))
    for name in sorted(declared - mapped):
        out.add("lib/runnel.map", 1, f"{name} is declared RN_API and not listed here")
    for name in sorted(mapped - declared):
        out.add("lib/runnel.map", 1, f"{name} is listed and no header declares it RN_API")
    if not library:
        return
    lines = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True,
                           check=True).stdout.split("\n")
    kinds = {f[2].split("@")[0]: f[1] for f in map(str.split, lines) if len(f) == 3}
    exported = {name for name, kind in kinds.items() if kind != "A"}
    for name in sorted(mapped - exported):
        out.add(library, 0, f"does not export {name}")
    for name in sorted(exported - mapped):
        out.add(library, 0, f"exports {name}, which the map does not list")
    print(f"{len(declared)} declared, {len(mapped)} mapped, {len(exported)} exported")


CHECKS = {f.__name__: f for f in (includes, tags, atomics, spdx, lengths, paths, functions, listed,
                                  symbols)}

# Each check, and a file that breaks its rule in a healthy copy of the tree.
PLANTED = {
    "includes": ("lib/ring/planted.c", '/* x */\n#include "chan/chan.h"\n'),
    "tags": ("lib/ring/planted.c", "/* [ZZ9] here */\n/* [ZZ9] one end alone */\n"),
    "atomics": ("lib/ring/planted.c", "int f(int *p) { return __atomic_load_n(p, 0); }\n"),
    "spdx": ("lib/ring/planted.c", "int x;\n"),
    "lengths": ("lib/ring/planted.c", "int x;\n" * (MAX_FILE_LINES + 1)),
    "paths": ("lib/planted.md", "see " + "/ro" + "ot/notes\n"),
    "functions": ("lib/ring/planted.c",
                  "int f(void)\n{\n" + "    ;\n" * MAX_FUNCTION_LINES + "}\n"),
    "listed": ("lib/ring/planted.c", "int x;\n"),
    "symbols": ("lib/include/runnel/planted.h", "RN_API int rn_planted(void);\n"),
}


def selftest(root, _, out):
    """Every check fails when its rule is broken."""
    for name, check in CHECKS.items():
        with tempfile.TemporaryDirectory() as copy:
            shutil.copytree(os.path.join(root, "lib"), os.path.join(copy, "lib"))
            before, after = Breaches(), Breaches()
            path, text = PLANTED[name]
            with contextlib.redirect_stdout(io.StringIO()):
                check(copy, None, before)
                with open(os.path.join(copy, path), "w", encoding="utf-8") as f:
                    f.write(text)
                check(copy, None, after)
        caught = [line for line in after.lines if line not in before.lines]
        if not caught:
            out.add("tests/house/house.py", 1, f"{name} did not notice {path}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("check", choices=[*CHECKS, "selftest"])
    parser.add_argument("--root", default=os.path.join(os.path.dirname(__file__), "..", ".."))
    parser.add_argument("--library")
    options = parser.parse_args()
    check = selftest if options.check == "selftest" else CHECKS[options.check]
    out = Breaches()
    check(os.path.abspath(options.root), options.library, out)
    print("\n".join(out.lines))
    print(f"{options.check}: {check.__doc__} {len(out.lines) or 'No'} breach(es).")
    return 1 if out.lines else 0


if __name__ == "__main__":
    sys.exit(main())
