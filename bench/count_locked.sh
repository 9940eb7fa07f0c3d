#!/bin/sh
# SPDX-License-Identifier: MIT
# Counts the locked instructions of one uncontended rn_send + rn_recv pair, per kind
# of channel, by executing it one instruction at a time (count_locked/).
#     bench/count_locked.sh [BUILD-DIR]        default: build/release
set -eu
build=${1:-$(dirname "$0")/../build/release}
program=$build/bench/count_locked/count_locked
if [ ! -x "$program" ]; then
    echo "count_locked.sh: there is no $program; build it first:" >&2
    echo "    cmake --preset release && cmake --build build/release --target count_locked" >&2
    exit 1
fi
"$program"
echo
"$program" --option spsc
echo
"$program" --option fast
echo
"$program" --elem-size 32
echo
"$program" --elem-size 0
