#!/bin/sh
# SPDX-License-Identifier: MIT
# wordcount's totals against wc, its errors, its end by Ctrl-C. Usage: test.sh WORDCOUNT
set -u
export LC_ALL=C

wordcount=$1
scratch=$(mktemp -d) || exit 1
trap 'chmod -R u+rwx "$scratch"; rm -rf "$scratch"' EXIT
failures=0

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# The two kinds of wc differ in what they take for a word; see wordcount --help.
words=
[ "$(printf '\201 x\n' | wc -w)" -eq 2 ] && words=--posix-words

same_as_wc() { # DIR [wordcount options]
    dir=$1
    shift
    expected="$(find "$dir" -type f -print0 | wc -lwc --files0-from=- | tail -n 1 |
        awk '{ print $1, $2, $3 }') in $(find "$dir" -type f -printf x | wc -c) files"
    got=$("$wordcount" $words "$@" "$dir" |
        awk 'NR == 1 { sums = $1 " " $2 " " $3 } NR == 2 { print sums, "in", $1, "files" }')
    if [ "$expected" = "$got" ]; then
        echo "$dir $*: $got, the same as wc"
    else
        fail "$dir $*: wc says $expected, wordcount says $got"
    fi
}

# Words that end, begin and hang over at the ends of 64 KiB blocks; odd bytes; no
# newline at the end; nothing at all; a name with a newline.
mkdir "$scratch/odd" "$scratch/odd/deep"
: > "$scratch/odd/empty"
printf 'no newline at the end' > "$scratch/odd/open"
printf 'a\vb\fc\rd\te  \201 \202x\203 \n\n\0 z\0z' > "$scratch/odd/bytes"
printf 'a name\n' > "$scratch/odd/deep/new
line"
for n in 65534 65535 65536 65537 131072; do
    head -c "$n" /dev/zero | tr '\0' x > "$scratch/odd/deep/$n"
    printf ' y' >> "$scratch/odd/deep/$n"
    { head -c "$n" /dev/zero | tr '\0' ' '; printf 'y'; } > "$scratch/odd/deep/blank$n"
    { head -c "$n" /dev/zero | tr '\0' x; printf '\201\201y'; } > "$scratch/odd/deep/other$n"
    { head -c "$n" /dev/zero | tr '\0' '\201'; printf 'y'; } > "$scratch/odd/deep/begin$n"
done
{ printf x; head -c 200000 /dev/zero | tr '\0' '\201'; printf y; } > "$scratch/odd/deep/inside"
ln -s ../odd "$scratch/odd/loop"
same_as_wc "$scratch/odd"
same_as_wc "$scratch/odd" --readers 1 --counters 1
same_as_wc "$scratch/odd" --readers 16 --counters 16
same_as_wc /usr/include
[ "$(printf ' \201 x' > "$scratch/w"; "$wordcount" --posix-words "$scratch/w" |
    awk 'NR == 1 { print $2 }')" = 2 ] || fail "--posix-words counts no word of odd bytes"

# Errors name the object, say what to do, and show in the exit status.
expect_error() { # STATUS TEXT ARGUMENTS...
    status=$1
    text=$2
    shift 2
    "$wordcount" "$@" > /dev/null 2> "$scratch/errors"
    got=$?
    [ $got -eq "$status" ] || fail "$*: exit status $got, not $status"
    grep -q -- "$text" "$scratch/errors" || fail "$*: no '$text' in: $(cat "$scratch/errors")"
}
expect_error 1 "$scratch/nowhere: No such file.*check the path" "$scratch/nowhere" "$scratch/odd"
expect_error 1 '/proc/self/mem: Input/output error' /proc/self/mem
expect_error 2 'readers 0.*--help' --readers 0
expect_error 2 'readers needs a number' --readers
expect_error 2 'unknown option --nonsense' --nonsense
if [ "$(id -u)" -ne 0 ]; then
    chmod 0 "$scratch/odd/open"
    expect_error 1 'odd/open: Permission denied.*a user who may read it' "$scratch/odd"
    chmod 600 "$scratch/odd/open"
fi
"$wordcount" --help | grep -q '^usage: wordcount' || fail "--help shows no usage"

# Ctrl-C, with more to do than could be done meanwhile.
again=
i=0
while [ $i -lt 3000 ]; do
    again="$again /usr/include"
    i=$((i + 1))
done
# A job in the background ignores SIGINT unless told otherwise.
# shellcheck disable=SC2086
env --default-signal=INT "$wordcount" $again > "$scratch/out" 2> /dev/null &
job=$!
# Its threads are there once the signals are blocked.
until [ "$(ls "/proc/$job/task" 2> /dev/null | wc -l)" -gt 2 ]; do
    kill -0 "$job" 2> /dev/null || break
done
kill -INT "$job"
wait "$job"
status=$?
[ $status -eq 130 ] || fail "after SIGINT: exit status $status, not 130"
grep -q 'total (partial: interrupted)' "$scratch/out" ||
    fail "after SIGINT: no partial totals in: $(cat "$scratch/out")"

# The progress line is for terminals only.
"$wordcount" "$scratch/odd" 2>&1 > /dev/null | grep -q . && fail "progress without a terminal"
if command -v script > /dev/null; then
    script -qec "$wordcount $scratch/odd" /dev/null < /dev/null | grep -q 'files/s, .*MB/s, ' ||
        fail "no progress on a terminal"
fi

[ $failures -eq 0 ] && echo "wordcount: all as expected"
[ $failures -eq 0 ]
