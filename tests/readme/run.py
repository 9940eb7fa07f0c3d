#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does what a reader of README.md does: saves, compiles, runs; compares what is shown.

    run.py README SCRATCH_DIR BUILD_DIR
    run.py --selftest SCRATCH_DIR BUILD_DIR

A ```c block is a whole program; its first line names it: // file: NAME.c
A ```console block shows commands after "$ " and below each exactly what it prints; a
line of three dots stands for any lines. cc lines and programs that were compiled
are run against a scratch install. Other commands, and those of ```sh blocks, are not
run; but they must be of a kind we know, and the ./dev commands and RN_ options
that they name must exist. Every program must be compiled, and run, by some block.
"""
import os
import re
import shutil
import subprocess
import sys

NOT_RUN = ("./dev ", "git ", "sudo ", "apt-get ", "cmake ", "cd ", "python3 bench/", "sh stress/",
           "build/")
TIMEOUT_S = 60
TREE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def blocks(text):
    """(language, line number, body) of every fenced block."""
    for found in re.finditer(r"^```(\w*)[^\n]*\n(.*?)^```\s*$", text, flags=re.S | re.M):
        yield found.group(1), text[:found.start()].count("\n") + 1, found.group(2)


def commands(body):
    """(command, expected output) of a console block."""
    command, output = None, []
    for line in body.split("\n"):
        if line.startswith("$ "):
            if command is not None:
                yield command, output
            command, output = line[2:], []
        elif command is not None:
            if command.endswith("\\"):
                command = command[:-1] + line.lstrip()
            else:
                output.append(line)
    if command is not None:
        yield command, output


def matches(expected, actual):
    """Line by line; '...' stands for any number of lines."""
    if not expected:
        return not actual
    if expected[0].strip() == "...":
        return any(matches(expected[1:], actual[i:]) for i in range(len(actual) + 1))
    return bool(actual) and expected[0] == actual[0] and matches(expected[1:], actual[1:])


class Reader:
    def __init__(self, scratch, build):
        self.folder = os.path.join(scratch, "programs")
        self.prefix = os.path.join(scratch, "prefix")
        shutil.rmtree(scratch, ignore_errors=True)
        os.makedirs(self.folder)
        subprocess.run(["cmake", "--install", build, "--prefix", self.prefix], check=True,
                       stdout=subprocess.DEVNULL)
        self.reset()

    def reset(self):
        self.written, self.compiled, self.ran, self.faults = {}, set(), set(), []

    def environment(self):
        libraries = ":".join(d for d, _, files in os.walk(self.prefix) if "librunnel.so" in files)
        return dict(os.environ, C_INCLUDE_PATH=os.path.join(self.prefix, "include"),
                    LIBRARY_PATH=libraries, LD_LIBRARY_PATH=libraries,
                    PKG_CONFIG_PATH=os.path.join(libraries, "pkgconfig"))

    def fault(self, line, text):
        self.faults.append(f"line {line}: {text}")

    def program(self, line, body):
        found = re.match(r"(?://|/\*) file: (\w+\.c)\b", body)
        if not found:
            self.fault(line, "this block does not begin with // file: NAME.c")
            return
        name = found.group(1)
        if name in self.written and self.written[name][1] != body:
            self.fault(line, f"{name} stands here a second time, with other contents")
        self.written[name] = (line, body)
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as f:
            f.write(body)

    def command(self, line, command, expected):
        word = command.split()[0]
        compiles = word in ("cc", "gcc", "clang")
        if not compiles and word[2:] not in self.compiled:
            self.not_run(line, command)
            return
        try:
            done = subprocess.run(["sh", "-c", command], cwd=self.folder, timeout=TIMEOUT_S,
                                  env=self.environment(), text=True, check=False,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
        except subprocess.TimeoutExpired:
            self.fault(line, f"'{command}' did not end in {TIMEOUT_S} s")
            return
        expected = "\n".join(expected).strip("\n").split("\n")
        actual = done.stdout.strip("\n").split("\n")
        if done.returncode != 0 and compiles:
            self.fault(line, f"'{command}' has status {done.returncode}:\n{done.stdout}")
        elif not matches(expected, actual):
            self.fault(line, f"'{command}' prints\n{done.stdout}and not\n" + "\n".join(expected))
        elif compiles:
            self.compiled |= {name[:-2] for name in self.written if name in command.split()}
        else:
            self.ran.add(word[2:])

    def not_run(self, line, command):
        if not (command + " ").startswith(NOT_RUN):
            self.fault(line, f"'{command}': neither a cc line nor a program compiled above")
        with open(os.path.join(TREE, "CMakeLists.txt"), encoding="utf-8") as f:
            options = f.read()
        for option in re.findall(r"-D(RN_\w+)", command):
            if f"({option} " not in options:
                self.fault(line, f"'{command}': there is no option {option}")
        found = re.match(r"\./dev ([\w-]+)", command)
        if found:
            with open(os.path.join(TREE, "dev"), encoding="utf-8") as f:
                if f"dev_{found.group(1).replace('-', '_')}()" not in f.read():
                    self.fault(line, f"'{command}': there is no such command")

    def read(self, text):
        self.reset()
        for language, line, body in blocks(text):
            if language == "c":
                self.program(line, body)
            elif language == "console":
                for command, expected in commands(body):
                    self.command(line, command, expected)
            elif language == "sh":
                for command in filter(None, re.sub(r"\\\n\s*|#[^\n]*", "", body).split("\n")):
                    self.not_run(line, command.strip())
        for name, (line, _) in self.written.items():
            if name[:-2] not in self.compiled:
                self.fault(line, f"no console block compiles {name}")
            elif name[:-2] not in self.ran:
                self.fault(line, f"no console block runs {name[:-2]}")
        return self.faults


GOOD = """```c
// file: hello.c
#include <runnel.h>
#include <stdio.h>
int main(void) { printf("%s\\n", rn_now() > 0 ? "hello" : "?"); return 0; }
```
```console
$ cc hello.c -o hello -lrunnel
$ ./hello
hello
```
"""


def selftest(reader):
    """What is right passes; each kind of mistake is noticed."""
    bad = {
        "other output": GOOD.replace("\nhello\n", "\nhallo\n"),
        "no output shown": GOOD.replace("\nhello\n", "\n"),
        "does not compile": GOOD.replace("rn_now()", "rn_new()"),
        "never compiled": GOOD.replace("$ cc hello.c -o hello -lrunnel\n", ""),
        "never run": GOOD.replace("$ ./hello\nhello\n", ""),
        "no name": GOOD.replace("// file: hello.c", "//"),
        "unknown command": GOOD.replace("$ ./hello", "$ ./hallo"),
        "no such dev command": GOOD + "```sh\n./dev tset\n```\n",
        "no such option": GOOD + "```sh\ncmake -DRN_BUILD_TETSS=OFF\n```\n",
    }
    faults = reader.read(GOOD)
    return faults + [f"not noticed: {name}" for name, text in bad.items() if not reader.read(text)]


def main():
    readme, scratch, build = sys.argv[1:]
    reader = Reader(scratch, build)
    if readme == "--selftest":
        faults = selftest(reader)
    else:
        with open(readme, encoding="utf-8") as f:
            faults = reader.read(f.read())
        print(f"{len(reader.written)} programs, {len(reader.compiled)} compiled, "
              f"{len(reader.ran)} run")
        if not reader.written:
            faults.append("there is no program in it")
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
