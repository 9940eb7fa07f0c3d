#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the examples of a build, each introduced by a line: demo.sh BUILD_DIR [DIR]
# The chief one counts the words of all files below DIR (default: the system headers).
set -u

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
    echo "usage: examples/demo.sh BUILD_DIR [DIR]" >&2
    exit 2
fi
bin=$1/examples
tree=${2:-/usr/include}
if [ ! -x "$bin/wordcount" ]; then
    echo "demo: $bin/wordcount is not there; build first, with RN_BUILD_EXAMPLES=ON" >&2
    exit 2
fi
if [ ! -e "$tree" ]; then
    echo "demo: $tree does not exist; name a directory that does: ./dev demo DIR" >&2
    exit 2
fi
failed=

run() { # NAME ARGUMENTS... : what it shows is on standard input
    echo
    echo "== $1: $(cat)"
    name=$1
    shift
    "$bin/$name" "$@"
    status=$?
    [ $status -eq 0 ] && return
    echo "demo: $name ended with status $status" >&2
    [ $status -ge 128 ] && exit $status # Ctrl-C means all of it
    failed="$failed $name"
}

run hello <<END
a thread sends squares through a channel, main prints them
END
run answers <<END
what sends and receives answer on a full, a closed, a drained channel
END
run workers <<END
four threads share a channel of jobs; close ends them
END
run select <<END
an answer, a refusal, or the deadline: whichever comes first
END
run fanin <<END
three senders, one receiver; every sender's order is kept
END
run wordcount "$tree" <<END
a pipeline over all files below $tree: walk, read, count, add up (Ctrl-C stops it)
END

echo
if [ -n "$failed" ]; then
    echo "demo: FAILED:$failed"
    exit 1
fi
echo "demo: all examples ran; their sources are in examples/"
