/* SPDX-License-Identifier: MIT */
/*
 * Memory that is not atomic: data races, lifetimes, and starting each execution alike.
 *
 * A cell per 4-byte word holds who wrote it last and who read it when, as entries
 * of C11's vector clock; an access that is not ordered after a conflicting one is a
 * data race, in whatever order the two were executed here.
 *
 * The heap: each thread allocates from an arena of its own, so that addresses do
 * not depend on the order of execution. Nothing is reused within an execution, and
 * freeing counts as a conflict with every access to the block.
 *
 * Each word of heap and stacks has its cell; those of globals live in a hash table.
 * A generation number empties them all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engine.h"

typedef struct {
    uintptr_t key;
    uint32_t generation;
    mc_loc_id loc;
    uint8_t wtid, wmask;
    uint8_t rmask;
    bool logged;
    int32_t wclock;
    int32_t rclock[MC_THREADS];
} cell;

#define CELLS (1u << 15)
#define MAX_BLOCKS 2048
#define GRANULE 64
#define MAX_UNDO 16384

typedef struct {
    uintptr_t start;
    size_t size;
    bool freed, marked;
    uint8_t tid;
    int32_t clock;
    int32_t last[MC_THREADS]; /* each thread's last access */
} block;

static cell cells[CELLS], *heap_cells, *stack_cells;
static uint32_t generation, cells_used;
char *mc_stacks, *mc_arena;
static uint16_t block_at[MC_THREADS * MC_ARENA / GRANULE];
static block blocks[MAX_BLOCKS];
static int n_blocks;
static struct {
    uint32_t *address, old;
} undo[MAX_UNDO];
static int n_undo;
static struct {
    uintptr_t from, to;
} ignored[8];
static int n_ignored;

extern char __start_mc_bss[] __attribute__((weak)), __stop_mc_bss[] __attribute__((weak));
extern char __start_mc_data[] __attribute__((weak)), __stop_mc_data[] __attribute__((weak));

void mc_shadow_init(void)
{
    int prot = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    mc_stacks = mmap(NULL, (size_t)MC_THREADS * MC_STACK, prot, flags, -1, 0);
    mc_arena = mmap(NULL, (size_t)MC_THREADS * MC_ARENA, prot, flags, -1, 0);
    size_t per_word = sizeof(cell) / 4;
    heap_cells = mmap(NULL, MC_THREADS * MC_ARENA * per_word, prot, flags, -1, 0);
    stack_cells = mmap(NULL, MC_THREADS * MC_STACK * per_word, prot, flags, -1, 0);
    if (mc_stacks == MAP_FAILED || mc_arena == MAP_FAILED || (void *)heap_cells == MAP_FAILED ||
        (void *)stack_cells == MAP_FAILED) {
        perror("model: mmap");
        exit(2);
    }
}

/* Thread-local memory: it has one address for all logical threads. */
void mc_shadow_ignore(const volatile void *address, size_t size)
{
    ignored[n_ignored].from = (uintptr_t)address;
    ignored[n_ignored++].to = (uintptr_t)address + size;
}

static bool in(uintptr_t a, const char *region, size_t size)
{
    return a - (uintptr_t)region < size;
}

static bool is_heap(uintptr_t a)
{
    return in(a, mc_arena, (size_t)MC_THREADS * MC_ARENA);
}

static bool is_stack(uintptr_t a)
{
    return in(a, mc_stacks, (size_t)MC_THREADS * MC_STACK);
}

static cell *fresh(cell *c, uintptr_t word)
{
    memset(c, 0, sizeof *c);
    c->key = word;
    c->generation = generation;
    return c;
}

static cell *global_cell(uintptr_t word)
{
    uint32_t i = (uint32_t)((word >> 2) * UINT64_C(0x9e3779b97f4a7c15) >> 40) & (CELLS - 1);
    for (;; i = (i + 1) & (CELLS - 1)) {
        cell *c = &cells[i];
        if (c->generation == generation && c->key == word)
            return c;
        if (c->generation != generation) {
            if (++cells_used > CELLS / 4 * 3)
                mc_fail("checker: too much memory touched");
            return fresh(c, word);
        }
    }
}

static cell *cell_of(uintptr_t word)
{
    cell *c;
    if (is_heap(word))
        c = &heap_cells[(word - (uintptr_t)mc_arena) >> 2];
    else if (is_stack(word))
        c = &stack_cells[(word - (uintptr_t)mc_stacks) >> 2];
    else
        return global_cell(word);
    return MC_LIKELY(c->generation == generation) ? c : fresh(c, word);
}

mc_loc_id *mc_loc_slot(uintptr_t address)
{
    return &cell_of(address & ~(uintptr_t)3)->loc;
}

/* ---- start and end ------------------------------------------------------------------ */

void mc_shadow_start(void)
{
    generation++;
    cells_used = 0;
    n_undo = 0;
    for (int t = 0; t < MC_THREADS; t++) {
        if (mc_threads[t].arena_used)
            memset(block_at + (size_t)t * (MC_ARENA / GRANULE), 0,
                   (mc_threads[t].arena_used / GRANULE + 1) * sizeof *block_at);
        mc_threads[t].arena_used = 0;
    }
    n_blocks = 1;
}

void mc_shadow_end(void)
{
    while (n_undo) {
        n_undo--;
        *undo[n_undo].address = undo[n_undo].old;
    }
}

static void log_word(cell *c)
{
    if (c->logged)
        return;
    c->logged = true;
    if (n_undo == MAX_UNDO)
        mc_fail("checker: too many globals written");
    undo[n_undo].address = (uint32_t *)c->key;
    undo[n_undo++].old = *(uint32_t *)c->key;
}

void mc_shadow_log(uintptr_t address, size_t size)
{
    if (is_heap(address) || is_stack(address))
        return;
    for (uintptr_t w = address & ~(uintptr_t)3; w < address + size; w += 4)
        log_word(cell_of(w));
}

/* ---- lifetimes -------------------------------------------------------------------------- */

static block *block_of(uintptr_t a)
{
    uint16_t b = block_at[(a - (uintptr_t)mc_arena) / GRANULE];
    return b ? &blocks[b] : NULL;
}

static void check_heap(uintptr_t a, size_t size, bool is_write)
{
    const char *what = is_write ? "write" : "read";
    block *b = block_of(a);
    if (MC_UNLIKELY(!b || a + size > b->start + b->size))
        mc_fail("out of bounds: %s of %zu bytes at %s", what, size, mc_describe(a));
    if (MC_UNLIKELY(b->freed))
        mc_fail("use after free: %s of %zu bytes at %s", what, size, mc_describe(a));
    if (MC_UNLIKELY(mc_me()->cur[b->tid] < b->clock))
        mc_fail("data race: %s of %s is not ordered after its allocation", what, mc_describe(a));
    b->last[mc.self] = mc_me()->cur[mc.self];
}

static void check_stack(uintptr_t a)
{
    int t = (int)((a - (uintptr_t)mc_stacks) / MC_STACK);
    if (t != mc.self && mc.concurrent && a < (uintptr_t)mc_threads[t].frame)
        mc_fail("use after return: %s touches a dead frame at %s", "a thread", mc_describe(a));
}

static bool check_lifetime(uintptr_t a, size_t size, bool is_write)
{
    if (is_heap(a)) {
        check_heap(a, size, is_write);
    } else if (is_stack(a)) {
        check_stack(a);
    } else {
        for (int i = 0; i < n_ignored; i++)
            if (a >= ignored[i].from && a < ignored[i].to)
                return false;
        if (is_write)
            mc_shadow_log(a, size);
    }
    return true;
}

/* ---- data races --------------------------------------------------------------------------- */

static _Noreturn void race(uintptr_t a, const char *now, const char *before, int tid)
{
    mc_fail("data race: %s of %s by thread %d, unordered with %s by thread %d", now, mc_describe(a),
            mc.self, before, tid);
}

static bool ordered(const int32_t *clocks)
{
    const int32_t *cur = mc_me()->cur;
    bool late = false;
    for (int q = 0; q < MC_THREADS; q++)
        late |= clocks[q] > cur[q];
    return !late;
}

static int culprit(const int32_t *clocks)
{
    int q = 0;
    while (clocks[q] <= mc_me()->cur[q])
        q++;
    return q;
}

static void check_word(uintptr_t word, uint8_t mask, bool is_write)
{
    cell *c = cell_of(word);
    const int32_t *cur = mc_me()->cur;
    const char *what = is_write ? "plain write" : "plain read";
    if (c->wclock > cur[c->wtid] && (c->wmask & mask))
        race(word, what, "plain write", c->wtid);
    if (c->loc && !mc_locs[c->loc].reset) {
        const mc_loc *l = &mc_locs[c->loc];
        if (!ordered(l->aw))
            race(word, what, "atomic write", culprit(l->aw));
        if (is_write && !ordered(l->ar))
            race(word, what, "atomic read", culprit(l->ar));
    }
    if (is_write) {
        if ((c->rmask & mask) && !ordered(c->rclock))
            race(word, what, "plain read", culprit(c->rclock));
        c->wtid = (uint8_t)mc.self;
        c->wclock = cur[mc.self];
        c->wmask = mask;
        if (c->loc)
            mc_location_written_plainly(c->loc);
    } else {
        c->rclock[mc.self] = cur[mc.self];
        c->rmask |= mask;
    }
}

void mc_plain_access(uintptr_t a, size_t size, bool is_write)
{
    if (!mc.in_execution || size == 0 || !check_lifetime(a, size, is_write))
        return;
    if (!mc.concurrent && !is_write)
        return;
    uintptr_t end = a + size;
    for (uintptr_t w = a & ~(uintptr_t)3; w < end; w += 4) {
        if (!mc.concurrent) {
            cell *c = cell_of(w);
            if (c->loc)
                mc_location_written_plainly(c->loc);
            continue;
        }
        unsigned from = w < a ? (unsigned)(a - w) : 0;
        unsigned to = end - w < 4 ? (unsigned)(end - w) : 4;
        check_word(w, (uint8_t)((0xfu >> (4 - to)) & (0xfu << from)), is_write);
    }
}

void mc_atomic_access(mc_loc *l, bool is_write)
{
    check_lifetime(l->address, l->size, is_write);
    if (!mc.concurrent)
        return;
    const char *what = is_write ? "atomic write" : "atomic read";
    const int32_t *cur = mc_me()->cur;
    for (uintptr_t w = l->address & ~(uintptr_t)3; w < l->address + l->size; w += 4) {
        cell *c = cell_of(w);
        if (c->wclock > cur[c->wtid])
            race(w, what, "plain write", c->wtid);
        if (is_write && !ordered(c->rclock))
            race(w, what, "plain read", culprit(c->rclock));
    }
    (is_write ? l->aw : l->ar)[mc.self] = cur[mc.self];
}

/* ---- heap ----------------------------------------------------------------------------------- */

void *mc_heap_alloc(size_t size, size_t align, bool zero)
{
    if (align < GRANULE)
        align = GRANULE;
    mc_thread *me = mc_me();
    uint32_t from = (uint32_t)((me->arena_used + align - 1) & ~(align - 1));
    if (from + size + GRANULE > MC_ARENA || n_blocks == MAX_BLOCKS)
        mc_fail("checker: out of memory (%zu bytes asked for)", size);
    char *p = mc_arena + (size_t)mc.self * MC_ARENA + from;
    block *b = &blocks[n_blocks];
    *b = (block){
        .start = (uintptr_t)p, .size = size, .tid = (uint8_t)mc.self, .clock = me->cur[mc.self]
    };
    size_t first = ((size_t)(p - mc_arena)) / GRANULE, count = (size + GRANULE - 1) / GRANULE;
    for (size_t i = 0; i < count + (count == 0); i++)
        block_at[first + i] = (uint16_t)n_blocks;
    n_blocks++;
    me->arena_used = (uint32_t)((from + size + 2 * GRANULE - 1) & ~(size_t)(GRANULE - 1));
    memset(p, zero ? 0 : 0xa5, size);
    return p;
}

void mc_heap_free(void *p, const void *pc)
{
    if (!p)
        return;
    uintptr_t a = (uintptr_t)p;
    block *b = is_heap(a) ? block_of(a) : NULL;
    MC_TRACE(pc, "free %s", mc_describe(a));
    if (!b || b->start != a)
        mc_fail("free of what was not allocated: %p", p);
    if (b->freed)
        mc_fail("double free of %s", mc_describe(a));
    if (!ordered(b->last))
        mc_fail("use after free: an access by thread %d is not ordered before free of %s",
                culprit(b->last), mc_describe(a));
    b->freed = true;
}

size_t mc_heap_size(void *p)
{
    block *b = is_heap((uintptr_t)p) ? block_of((uintptr_t)p) : NULL;
    return b ? b->size : 0;
}

static void mark(uintptr_t pointer)
{
    if (!is_heap(pointer))
        return;
    block *b = block_of(pointer);
    if (!b || b->marked || b->freed)
        return;
    b->marked = true;
    for (uintptr_t w = b->start; w + 8 <= b->start + b->size; w += 8)
        mark(*(uintptr_t *)w);
}

static bool is_scenario_variable(uintptr_t a)
{
    return (a >= (uintptr_t)__start_mc_bss && a < (uintptr_t)__stop_mc_bss) ||
           (a >= (uintptr_t)__start_mc_data && a < (uintptr_t)__stop_mc_data);
}

/* What the library's own globals still lead to is kept, not leaked. */
void mc_heap_check_leaks(void)
{
    for (int i = 0; i < n_undo; i++) {
        uintptr_t a = (uintptr_t)undo[i].address & ~(uintptr_t)7;
        if (!is_scenario_variable(a))
            mark(*(uintptr_t *)a);
    }
    for (int t = 0; t < mc.n_threads; t++)
        mark(mc_threads[t].tls[0]);
    for (int i = 1; i < n_blocks; i++)
        if (!blocks[i].freed && !blocks[i].marked)
            mc_fail("leak: %zu bytes allocated by thread %d (%s)", blocks[i].size, blocks[i].tid,
                    mc_describe(blocks[i].start));
}
