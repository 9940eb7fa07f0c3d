#!/bin/sh
# SPDX-License-Identifier: MIT
#
# check.sh COMPILER INCLUDE_DIR: compiles cases.c once for each case in it, with no
# flags but those that only compile. Default flags, since a check that needs
# -Werror protects nobody who does not know of it.
set -u
compiler=$1
include=$2
cases=$(dirname "$0")/cases.c
log=$(mktemp)
trap 'rm -f "$log"' EXIT
good=0
bad=0

command -v "$compiler" >/dev/null || { echo "SKIPPED: there is no $compiler"; exit 77; }

# What is not about types must not be what stops the compiler.
is_about_types() {
    grep -Eq 'static.assert|incompatible|no pointer to|does not fit|subscripted value|incomplete|invalid use|indirection requires|invalid type argument' "$log" &&
        ! grep -Eq 'implicit declaration|undeclared|No such file' "$log"
}

for name in $(sed -n 's/^#ifdef \(PASS_[a-z_]*\|FAIL_[a-z_]*\)$/\1/p' "$cases"); do
    if "$compiler" -I"$include" -fsyntax-only -D"$name" "$cases" >"$log" 2>&1; then
        result=PASS
    else
        result=FAIL
    fi
    if [ "${name%%_*}" != "$result" ]; then
        echo "$compiler: $name did not $(echo "${name%%_*}" | tr '[:upper:]' '[:lower:]')"
        cat "$log"
        bad=$((bad + 1))
    elif [ $result = FAIL ] && ! is_about_types; then
        echo "$compiler: $name failed for another reason"
        cat "$log"
        bad=$((bad + 1))
    else
        good=$((good + 1))
    fi
done
echo "$compiler: $good cases as expected, $bad not"
[ $bad -eq 0 ] && [ $good -ge 60 ]
