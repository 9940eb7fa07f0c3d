#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs every stress program of a build for some seconds each, one after the other,
# and ends with one line that says how it went.
set -u

programs="mpmc tokens close_storm select_storm unref_storm deadline_storm rendezvous_storm"

usage() {
    cat <<END
usage: stress/run.sh BUILD_DIR [--seconds S] [--seed N] [--threads T]
  BUILD_DIR     where cmake built the project, for example build/release
  --seconds S   for each program (default 60)
  --seed N      for all of them (default: from the clock; printed)
  --threads T   at most so many at a time (default 8)
END
}

if [ $# -eq 0 ]; then
    usage >&2
    exit 2
fi
case $1 in
-h | --help) usage; exit 0 ;;
esac
dir=$1/stress
shift
seconds=60
seed=$(date +%s)
threads=8
while [ $# -gt 0 ]; do
    if [ $# -lt 2 ]; then
        echo "stress/run.sh: $1 needs a value; see --help" >&2
        exit 2
    fi
    case $1 in
    --seconds) seconds=$2 ;;
    --seed) seed=$2 ;;
    --threads) threads=$2 ;;
    *)
        echo "stress/run.sh: unknown option $1; see --help" >&2
        exit 2
        ;;
    esac
    shift 2
done
for p in $programs; do
    if [ ! -x "$dir/$p" ]; then
        echo "stress/run.sh: $dir/$p is not there; build first, with RN_BUILD_STRESS=ON" >&2
        exit 2
    fi
done

ok=0
failed=
for p in $programs; do
    if "$dir/$p" --seconds "$seconds" --seed "$seed" --threads "$threads"; then
        ok=$((ok + 1))
    else
        failed="$failed $p"
    fi
done
if [ -n "$failed" ]; then
    echo "stress: FAILED:$failed (seed $seed, $seconds s each; $ok others ok)"
    exit 1
fi
echo "stress: ok ($ok programs, $seconds s each, seed $seed)"
