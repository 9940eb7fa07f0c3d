#!/bin/sh
# SPDX-License-Identifier: MIT
#
# check.sh INCLUDE_DIR: every public header, each alone and twice, in every
# language version that is promised, with every compiler there is.
set -u
include=$1
here=$(dirname "$0")
flags='-Wall -Wextra -Wpedantic -Werror -fsyntax-only'
log=$(mktemp)
trap 'rm -f "$log"' EXIT
done=0
bad=0

try() { # compiler language standard header
    printf '#include "%s"\n#include "%s"\nextern int something;\n' "$4" "$4" |
        "$1" $flags -I"$include" -x "$2" -std="$3" - >"$log" 2>&1
    judge $? "$1 -std=$3: $4"
}

judge() {
    done=$((done + 1))
    [ "$1" -eq 0 ] && return
    echo "$2"
    cat "$log"
    bad=$((bad + 1))
}

headers=$(cd "$include" && find . -name '*.h' | sed 's|^\./||' | sort)
for compiler in gcc clang; do
    command -v $compiler >/dev/null || { echo "there is no $compiler"; continue; }
    for header in $headers; do
        for standard in c11 c17 c2x gnu11; do
            try $compiler c $standard "$header"
        done
    done
    # The macros in use, not only defined.
    $compiler $flags -I"$include" -std=gnu11 "$here/use.c" >"$log" 2>&1
    judge $? "$compiler -std=gnu11: use.c"
done
for compiler in g++ clang++; do
    command -v $compiler >/dev/null || { echo "there is no $compiler"; continue; }
    for standard in c++11 c++14 c++17 c++20; do
        for header in $headers; do
            try $compiler c++ $standard "$header"
        done
        $compiler $flags -I"$include" -x c++ -std=$standard "$here/use.cc" >"$log" 2>&1
        judge $? "$compiler -std=$standard: use.cc"
    done
done
echo "$done compilations, $bad failed"
[ $bad -eq 0 ] && [ $done -ge 40 ]
