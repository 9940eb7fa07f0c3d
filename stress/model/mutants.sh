#!/bin/sh
# SPDX-License-Identifier: MIT
# Is the checker awake? Weakens one memory order at a time in a copy of the library,
# and expects some scenario to fail. Needs the tools of `./dev model`.
#
#     stress/model/mutants.sh [--budget SECONDS]     for each mutant; default 60
set -eu

budget=60
[ "${1:-}" = --budget ] && budget=${2:-60}
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R "$source/CMakeLists.txt" "$source/CMakePresets.json" "$source/cmake" "$source/lib" "$work/"
mkdir -p "$work/stress"
cp -R "$source/stress/CMakeLists.txt" "$source/stress/model" "$work/stress/"
cmake -S "$work" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=clang \
    -DRN_BUILD_MODEL=ON -DRN_BUILD_TESTS=OFF -DRN_BUILD_BENCH=OFF -DRN_BUILD_STRESS=OFF \
    -DRN_BUILD_EXAMPLES=OFF -DRN_INSTALL=OFF >"$work/log" 2>&1 || { cat "$work/log"; exit 2; }

# Orders that the library has no use for, and mutants do.
cat >>"$work/lib/base/atomic.h" <<'EOF'
#undef rn_cas_relaxed
#define rn_cas_relaxed(a, expected, v) \
    __atomic_compare_exchange_n(&(a)->raw, (expected), (v), false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)
#undef rn_cas_acq_rel
#define rn_cas_acq_rel(a, expected, v) \
    __atomic_compare_exchange_n(&(a)->raw, (expected), (v), false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)
EOF

killed=0
survived=0

# mutant NAME FILE SED-EXPRESSION SCENARIOS
mutant() {
    cp "$work/lib/$2" "$work/saved"
    sed -i "$3" "$work/lib/$2"
    if cmp -s "$work/saved" "$work/lib/$2"; then
        echo "mutants: $1: the expression changes nothing in lib/$2; mend this script" >&2
        exit 2
    fi
    cmake --build "$work/build" --target model >"$work/log" 2>&1 || { cat "$work/log"; exit 2; }
    if "$work/build/stress/model/model" --scenario "$4" --budget "$budget" >"$work/log" 2>&1; then
        echo "SURVIVED  $1"
        survived=$((survived + 1))
    else
        echo "killed    $1: $(sed -n 's/^\([a-z0-9_]*: [a-z ]*\):.*/\1/p' "$work/log" | head -1)"
        killed=$((killed + 1))
    fi
    cp "$work/saved" "$work/lib/$2"
}

mutant "waiter flag: load relaxed" chan/channel.h \
    '/RN_WATCH_PARKED(!dir)/s/rn_load_seq_cst/rn_load_relaxed/' 'send1_*'
mutant "waiter flag: load acquire" chan/channel.h \
    '/RN_WATCH_PARKED(!dir)/s/rn_load_seq_cst/rn_load_acquire/' 'send1_*'
mutant "waiter flag: load relaxed in close" chan/life.c \
    '/RN_WATCH_BOTH/s/rn_load_seq_cst/rn_load_relaxed/' 'close_*'
mutant "waiter flag: store release" chan/match.c \
    '/RN_WATCH_PARKED(n->dir)/s/rn_store_seq_cst/rn_store_release/' 'send1_*'
mutant "close of the word ring: swap relaxed" ring/word_ring.c \
    '/RN_STAMP_CLOSED))/s/rn_cas_seq_cst/rn_cas_relaxed/' 'close_*'
mutant "pop of the word ring: stamp swap relaxed" ring/word_ring.h \
    '/&stamp, freed/s/rn_cas_seq_cst/rn_cas_relaxed/' '*_cap1'
mutant "pop of the word ring: stamp swap acq_rel" ring/word_ring.h \
    '/&stamp, freed/s/rn_cas_seq_cst/rn_cas_acq_rel/' '*_cap1'
mutant "word ring: the load that decides relaxed" ring/word_ring.c \
    '/\*stamp = rn_load_seq_cst/s/seq_cst/relaxed/' '*_cap[12]'
# Not here: the acquire of the word ring's hints. Stamps are seq_cst throughout, and the
# model takes the order of execution for S (README.md); so it cannot miss that acquire.
mutant "wide ring: stamp stored relaxed" ring/wide_ring.c \
    's/rn_store_release(&c->stamp/rn_store_relaxed(\&c->stamp/' '*_wide*'
mutant "wide ring: stamp loaded relaxed" ring/wide_ring.c \
    's/rn_load_acquire(&cell_of/rn_load_relaxed(\&cell_of/' '*_wide*'
mutant "wide ring: close acq_rel" ring/wide_ring.c \
    's/rn_fetch_or_seq_cst(&ring->tail, TAIL_CLOSED)/__atomic_fetch_or(\&ring->tail.raw, TAIL_CLOSED, __ATOMIC_ACQ_REL)/' \
    'close_*'
mutant "SPSC: tail stored relaxed" ring/spsc_ring.h \
    's/rn_store_release(&ring->tail/rn_store_relaxed(\&ring->tail/' '*_spsc*'
mutant "SPSC: no heavy fence" ring/any_ring.c \
    's/rn__membarrier()/(void)0/' '*_spsc*'
mutant "SPSC: no fence after the mark is cleared" chan/match.c \
    's/^        fence_for_delegation(c);.*/        (void)0;/' 'send2_recv2_spsc'
mutant "done: stored relaxed" wait/waiter.c \
    's/rn_store_release(&w->done/rn_store_relaxed(\&w->done/' 'send*'
mutant "done: loaded relaxed" wait/waiter.c \
    's/rn_load_acquire(&w->done/rn_load_relaxed(\&w->done/' 'send*'
mutant "parker: no signal" wait/waiter.c \
    's/rn__parker_signal(&agent->parker)/(void)agent/' 'send1_*'
mutant "lock: released relaxed" wait/lock.c \
    '/state, &s, 0)/s/rn_cas_weak_seq_cst/rn_cas_relaxed/' '*'
mutant "lock: sleepers are not woken" wait/lock.c \
    '/rn__futex_wake_one/s/rn__futex_wake_one(&lock->state)/(void)0/' '*'
mutant "matching: one pass only" chan/match.c \
    's/while (moved) {/if (moved) {/' '*'
mutant "agent: leaves relaxed" task/agent.h \
    '/rn_store_release(&a->inside/s/release/relaxed/' 'unref*'

echo "mutants: $killed killed, $survived survived"
[ "$survived" = 0 ]
