/* SPDX-License-Identifier: MIT */
/*
 * The tracee: for each step k a fresh channel, filled as the case demands, with its
 * waiters asleep; the victim's operation, frozen at step k by the tracer; the probes;
 * then the victim goes on, everything has to come to an end, and the books to agree.
 *
 * The victim's record is put into the same state before each round, so that step k is
 * the same instruction whenever the operation takes the same way.
 */
#include "tracee.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "chan/channel.h"

/* Only a hang gets there. */
#define END_NS (30000 * MILLISECOND)

/* A victim that took another way than planned did not come to its step: again. */
enum { ATTEMPTS = 4, WARM_UP_ROUNDS = 6 };

/* The victim's deadline, if it has one: late enough for it to get to any step, and
 * doubled with each attempt. */
#define DEADLINE_NS (4 * MILLISECOND)
#define FIRST_DEADLINE_NS (100 * MILLISECOND)

void fail(world *w, const char *format, ...)
{
    outcome *o = &w->board->outcome;
    if (o->failed)
        return; /* the first one says it */
    va_list args;
    va_start(args, format);
    vsnprintf(o->why, sizeof o->why, format, args);
    va_end(args);
    o->failed = true;
}

/* Something does not come to an end: nobody left to clean up. */
static _Noreturn void give_up(world *w, const char *what)
{
    fail(w, "%s does not come to an end after step %llu", what, (unsigned long long)w->board->want);
    _exit(1);
}

bool is_spsc(const world *w)
{
    return w->scenario->kind->options & RN_CHAN_SPSC;
}

/* ---- the books --------------------------------------------------------------------------- */

element new_element(world *w)
{
    uint64_t id = rn_fetch_add_relaxed(&w->next_id, 1);
    if (id >= MAX_IDS)
        abort();
    return (element){ .id = id, .inverse = ~id, .square = id * id };
}

void note_sent(world *w, const element *e)
{
    rn_fetch_add_relaxed(&w->sent, 1);
    if (w->scenario->kind->elem_size)
        rn_fetch_add_relaxed(&w->sent_id[e->id], 1);
}

void note_got(world *w, const element *e)
{
    size_t size = w->scenario->kind->elem_size;
    rn_fetch_add_relaxed(&w->got, 1);
    if (size == 0)
        return;
    bool whole = size == 8 || (e->inverse == ~e->id && e->square == e->id * e->id);
    if (e->id >= MAX_IDS || !whole)
        rn_store_relaxed(&w->torn, 1);
    else
        rn_fetch_add_relaxed(&w->got_id[e->id], 1);
}

static void open_books(world *w)
{
    rn_store_relaxed(&w->next_id, 0);
    rn_store_relaxed(&w->sent, 0);
    rn_store_relaxed(&w->got, 0);
    rn_store_relaxed(&w->torn, 0);
    memset(w->sent_id, 0, sizeof w->sent_id);
    memset(w->got_id, 0, sizeof w->got_id);
}

static void audit(world *w)
{
    unsigned long long at = w->board->want; /* the first run is not frozen: a huge number */
    unsigned long long sent = rn_load_relaxed(&w->sent), got = rn_load_relaxed(&w->got);
    if (rn_load_relaxed(&w->torn))
        fail(w, "frozen at step %llu, an element came out that nobody sent", at);
    if (sent != got)
        fail(w, "frozen at step %llu, %llu elements were sent and %llu received", at, sent, got);
    for (int id = 0; id < MAX_IDS; id++) {
        unsigned in = rn_load_relaxed(&w->sent_id[id]), out = rn_load_relaxed(&w->got_id[id]);
        if (in != out)
            fail(w, "frozen at step %llu, element %d was sent %u times and received %u times", at,
                 id, in, out);
    }
}

/* ---- the threads --------------------------------------------------------------------------- */

static void *worker_main(void *arg)
{
    worker *me = arg;
    for (;;) {
        sem_take(&me->go);
        if (me->world->quit)
            return NULL;
        me->work(me);
        sem_post(&me->done);
    }
}

static void hire(world *w, worker *k, void (*work)(worker *), int index)
{
    k->world = w;
    k->work = work;
    k->index = index;
    sem_init(&k->go, 0, 0);
    sem_init(&k->done, 0, 0);
    if (pthread_create(&k->thread, NULL, worker_main, k) != 0)
        abort();
}

static void dismiss(worker *k)
{
    sem_post(&k->go);
    pthread_join(k->thread, NULL);
}

static void do_wait(worker *k)
{
    world *w = k->world;
    element e = new_element(w);
    if (w->scenario->parked == SENDERS) {
        if (rn_send(w->task.chan, &e) == 0)
            note_sent(w, &e);
    } else if (rn_recv(w->task.chan, &e) == 0) {
        note_got(w, &e);
    }
}

__attribute__((noinline)) void operation_over(void)
{
    __asm__ volatile("" ::: "memory");
}

/* No credit for pauses, always the same dice: one way through spins and shuffles. */
static void same_as_ever(void)
{
    rn__agent_tls->spin_credit = 0;
    rn__agent_tls->rng = UINT64_C(0x2545f4914f6cdd1d);
}

static void do_operation(worker *k)
{
    world *w = k->world;
    same_as_ever();
    __asm__ volatile("int3" ::: "memory"); /* the tracer takes over */
    w->result = w->scenario->op->run(&w->task);
    operation_over();
}

/* The victim says who it is, once, and has its record made. */
static void do_introduction(worker *k)
{
    world *w = k->world;
    (void)rn_len(w->task.side);
    w->victims_record = rn__agent_tls;
    w->board->victim = (pid_t)syscall(SYS_gettid);
    sem_post(&w->board->ready);
    sem_take(&w->board->seized);
    k->work = do_operation;
}

/* ---- one round ------------------------------------------------------------------------------ */

static size_t elements_at_start(const world *w)
{
    size_t cap = w->scenario->kind->cap;
    switch (w->scenario->op->fill[w->scenario->parked]) {
    case ROOM:
        return cap > 1 ? 1 : 0;
    case SOME:
        return cap > 0 ? 1 : 0;
    case FULL:
        return cap;
    default:
        return 0;
    }
}

static void put(world *w)
{
    element e = new_element(w);
    if (rn_try_send(w->task.chan, &e) == 0)
        note_sent(w, &e);
}

static void drain(world *w)
{
    element e;
    while (rn_try_recv(w->task.chan, &e) == 0)
        note_got(w, &e);
}

static void fill_channel(world *w)
{
    size_t stay = elements_at_start(w);
    for (size_t i = stay; i < w->scenario->kind->before; i++) {
        put(w);
        drain(w);
    }
    for (size_t i = 0; i < stay; i++)
        put(w);
}

/* Asleep in the kernel: the bit that ck_ec keeps for whoever wakes. */
static bool is_asleep(const rn_agent *a)
{
    return __atomic_load_n(&a->parker.word, __ATOMIC_RELAXED) >> 31;
}

static int waiters_asleep(world *w)
{
    rn_chan *c = w->task.chan;
    const rn_link *list = &c->waiting[w->scenario->parked == SENDERS ? RN_DIR_SEND : RN_DIR_RECV];
    rn_wakes wakes = { NULL, NULL };
    int n = 0;
    rn_lock_acquire(&c->lock);
    for (rn_link *l = list->next; l != list; l = l->next)
        n += is_asleep(RN_CONTAINER_OF(l, rn_node, link)->waiter->agent);
    rn_chan_unlock(c, &wakes);
    rn_wakes_run(&wakes, NULL);
    return n;
}

static void park_waiters(world *w)
{
    for (int i = 0; i < w->n_waiters; i++)
        sem_post(&w->waiters[i].go);
    rn_time end = rn_in(END_NS);
    for (; w->n_waiters && waiters_asleep(w) < w->n_waiters; usleep(20))
        if (rn_now() > end)
            give_up(w, "parking");
}

static void set_up(world *w, uint64_t k, int attempt)
{
    const kind *of = w->scenario->kind;
    open_books(w);
    w->task.chan = rn_chan_new_with(of->elem_size, of->cap, of->options);
    if (!w->task.chan)
        abort();
    fill_channel(w);
    park_waiters(w);
    w->task.parked = w->scenario->parked;
    w->task.elem = new_element(w);
    w->task.deadline_ns = rn_in((k == NO_STEP ? FIRST_DEADLINE_NS : DEADLINE_NS) << attempt);
    w->board->want = k;
}

static void note_victims_element(world *w)
{
    if (w->result != 0)
        return;
    if (role_of(w->scenario) == SENDER)
        note_sent(w, &w->task.elem);
    else
        note_got(w, &w->task.elem);
}

/* Closing belongs to the sender: a parked SPSC sender has to be gone first. */
static void end_waiters(world *w)
{
    rn_time end = rn_in(END_NS);
    for (int i = 0; i < w->n_waiters; i++) {
        if (is_spsc(w) && w->scenario->parked == SENDERS) {
            while (!sem_take_within(&w->waiters[i].done, MILLISECOND)) {
                drain(w);
                if (rn_now() > end)
                    give_up(w, "a parked thread");
            }
            continue;
        }
        rn_close(w->task.chan);
        if (!sem_take_within(&w->waiters[i].done, END_NS))
            give_up(w, "a parked thread");
    }
    rn_close(w->task.chan);
}

static void note_stuck(world *w, unsigned stuck)
{
    outcome *o = &w->board->outcome;
    uint64_t k = w->board->want;
    for (int p = 0; p < PROBES; p++) {
        if (!(stuck & BIT(p)))
            continue;
        tally *t = &o->stuck[p];
        t->first = t->steps++ ? t->first : k;
        t->last = k;
    }
}

static void wind_up(world *w, unsigned stuck)
{
    sem_post(&w->board->release);
    if (!sem_take_within(&w->victim.done, END_NS))
        give_up(w, "the victim");
    if (reap_probes(w, stuck, END_NS))
        give_up(w, "a probe");
    end_waiters(w);
    note_victims_element(w);
    drain(w);
    audit(w);
    rn_chan_unref(w->task.chan);
}

/* The first run, which is only written down. Its deadline must not pass before it sleeps. */
static void first_round(world *w)
{
    for (int attempt = 0;; attempt++) {
        bool slept = !w->scenario->op->waits;
        set_up(w, NO_STEP, attempt);
        sem_post(&w->victim.go);
        while (!sem_take_within(&w->board->frozen, MILLISECOND))
            slept |= is_asleep(w->victims_record);
        wind_up(w, 0);
        if (slept)
            return;
        if (attempt == ATTEMPTS)
            give_up(w, "stepping through a wait in time");
    }
}

/* False: the operation did not come to step k, or not in the way it was meant to. */
static bool round_at(world *w, uint64_t k, int order, int attempt)
{
    board *b = w->board;
    set_up(w, k, attempt);
    sem_post(&w->victim.go);
    sem_take(&b->frozen);
    bool there = !b->ended;
    unsigned stuck = 0;
    if (there) {
        b->outcome.frozen++;
        stuck = run_probes(w, order);
        note_stuck(w, stuck);
    }
    wind_up(w, stuck);
    return there;
}

static void rounds(world *w, uint64_t first)
{
    board *b = w->board;
    /* The first times malloc goes ways of its own. */
    for (int i = w->scenario->kind->but_for_malloc ? WARM_UP_ROUNDS : 1; i > 0; i--)
        first_round(w);
    int order = 0;
    for (uint64_t i = first; i < b->n_points && !b->outcome.failed; i += w->options->stride) {
        int attempt = 0;
        while (attempt < ATTEMPTS && !round_at(w, b->points[i], order, attempt))
            attempt++;
        order = !order;
        b->outcome.missed += attempt == ATTEMPTS;
    }
}

/* ---- the process --------------------------------------------------------------------- */

static void hire_all(world *w)
{
    const scenario *s = w->scenario;
    role r = role_of(s);
    w->may_send = !is_spsc(w) || (r != SENDER && s->parked != SENDERS);
    w->may_recv = !is_spsc(w) || (r != RECEIVER && s->parked != RECEIVERS);
    w->n_waiters = s->parked == NOBODY ? 0 : is_spsc(w) ? 1 : MAX_WAITERS;
    hire(w, &w->victim, do_introduction, 0);
    for (int i = 0; i < w->n_waiters; i++)
        hire(w, &w->waiters[i], do_wait, i);
    for (int p = 0; p < PROBES; p++)
        hire(w, &w->probes[p], do_probe, p);
}

static void dismiss_all(world *w)
{
    w->quit = true;
    for (int i = 0; i < w->n_waiters; i++)
        dismiss(&w->waiters[i]);
    for (int p = 0; p < PROBES; p++)
        dismiss(&w->probes[p]);
    dismiss(&w->victim);
}

int tracee(const scenario *s, const options *o, uint64_t first, board *b)
{
    static world w; /* zeroed, and too large for a stack */
    w.scenario = s;
    w.options = o;
    w.board = b;
    w.task.side = rn_chan_new(sizeof(element), 4);
    if (!w.task.side)
        return 1;
    (void)rn__cpu_count(); /* counted once in a process: not a step of every operation */
    hire_all(&w);
    sem_post(&w.victim.go);
    sem_take(&w.victim.done);
    rounds(&w, first);
    dismiss_all(&w);
    rn_chan_unref(w.task.side);
    return 0;
}
