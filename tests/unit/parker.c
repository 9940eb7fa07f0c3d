/* SPDX-License-Identifier: MIT */
/*
 * The parker of lib/os: one park is one futex wait, deadlines are exact, and
 * neither spurious wake-ups nor interrupting signals are taken for anything else.
 *
 * The link wraps syscall(), so that each thread's futex calls can be counted.
 */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "os/os.h"
#include "runnel.h"
#include "threads.h"

TestSuite(parker, .timeout = RNT_TIMEOUT);

/* ---- counting ------------------------------------------------------------------------ */

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

static _Thread_local unsigned futex_waits, futex_wakes;

long __wrap_syscall(long number, ...)
{
    long a[6];
    va_list args;
    va_start(args, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(args, long);
    va_end(args);
    if (number == SYS_futex) {
        long command = a[1] & FUTEX_CMD_MASK;
        futex_waits += command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET;
        futex_wakes += command == FUTEX_WAKE;
    }
    return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* ---- a thread that parks until it is told to go -------------------------------------- */

struct sleeper {
    rn_parker parker;
    rn_time deadline;
    rn_atomic_u32 go;
    unsigned waits; /* futex waits it took */
    unsigned returns;
    int result;
};

static void sleep_until_told(void *arg)
{
    struct sleeper *s = arg;
    futex_waits = 0;
    for (;;) {
        uint32_t ticket = rn__parker_ticket(&s->parker);
        if (rn_load_acquire(&s->go))
            break;
        s->result = rn__parker_wait(&s->parker, ticket, s->deadline);
        s->returns++;
        if (s->result != 0)
            break;
    }
    s->waits = futex_waits;
}

static struct sleeper sleeper_until(rn_time deadline)
{
    struct sleeper s = { .deadline = deadline };
    rn__parker_init(&s.parker);
    return s;
}

static void tell(struct sleeper *s)
{
    rn_store_release(&s->go, 1);
    rn__parker_signal(&s->parker);
}

Test(parker, one_park_is_one_futex_wait)
{
    static const rn_time deadlines[] = { RN_FOREVER, RN_FOREVER - 1 };
    for (int i = 0; i < 2; i++) {
        struct sleeper s = sleeper_until(deadlines[i]);
        rnt_thread *t = rnt_start(sleep_until_told, &s);
        rnt_wait_parked(t);
        tell(&s);
        rnt_join(t);
        check_ok(s.result);
        check_eq(s.waits, 1);
    }
}

/* ck_ec's own back-off would poll some ten times in this while. */
Test(parker, a_park_that_times_out_is_one_futex_wait_and_not_early)
{
    static const rn_time durations[] = { 50 * RN_MICROSECOND, RN_MILLISECOND,
                                         400 * RN_MILLISECOND };
    for (int i = 0; i < 3; i++) {
        rn_parker p;
        rn__parker_init(&p);
        rn_time deadline = rn_in(durations[i]);
        futex_waits = 0;
        check_eq(rn__parker_wait(&p, rn__parker_ticket(&p), deadline), -ETIMEDOUT);
        check(rn__clock_ns() >= deadline);
        /* None, if we were held up until the deadline had passed. */
        check(futex_waits <= 1);
    }
}

Test(parker, a_deadline_in_the_past_times_out)
{
    static const rn_time past[] = { 0, 1, -1, INT64_MIN, -RN_SECOND };
    for (int i = 0; i < 5; i++) {
        rn_parker p;
        rn__parker_init(&p);
        futex_waits = 0;
        check_eq(rn__parker_wait(&p, rn__parker_ticket(&p), past[i]), -ETIMEDOUT);
        check(futex_waits <= 1);
    }
}

Test(parker, a_signal_after_the_ticket_makes_the_wait_return_without_sleeping)
{
    rn_parker p;
    rn__parker_init(&p);
    uint32_t ticket = rn__parker_ticket(&p);
    rn__parker_signal(&p);
    futex_waits = 0;
    check_ok(rn__parker_wait(&p, ticket, RN_FOREVER));
    check_eq(futex_waits, 0);
}

Test(parker, a_signal_before_the_ticket_does_not_count)
{
    rn_parker p;
    rn__parker_init(&p);
    rn__parker_signal(&p);
    rn_time deadline = rn_in(RN_MILLISECOND);
    check_eq(rn__parker_wait(&p, rn__parker_ticket(&p), deadline), -ETIMEDOUT);
}

Test(parker, a_signal_with_nobody_asleep_is_no_system_call)
{
    rn_parker p;
    rn__parker_init(&p);
    futex_wakes = 0;
    for (int i = 0; i < 1000; i++)
        rn__parker_signal(&p);
    check_eq(futex_wakes, 0);
}

Test(parker, a_spurious_wake_is_neither_a_signal_lost_nor_a_time_out)
{
    struct sleeper s = sleeper_until(RN_FOREVER);
    rnt_thread *t = rnt_start(sleep_until_told, &s);
    for (int i = 0; i < 20; i++) {
        rnt_wait_parked(t);
        __real_syscall(SYS_futex, &s.parker.word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
    rnt_wait_parked(t);
    tell(&s);
    rnt_join(t);
    check_ok(s.result);
}

/* ---- signals ------------------------------------------------------------------------- */

static void do_nothing(int signal)
{
    (void)signal;
}

/* Without SA_RESTART (futex waits with a deadline are not restarted anyway). */
static void install_handler(void)
{
    struct sigaction action = { .sa_handler = do_nothing };
    check_ok(sigaction(SIGUSR1, &action, NULL));
}

struct victim {
    struct sleeper s;
    pthread_t id;
    rn_atomic_u32 there, over;
};

static void sleep_as_victim(void *arg)
{
    struct victim *v = arg;
    v->id = pthread_self();
    rn_store_release(&v->there, 1);
    sleep_until_told(&v->s);
    rn_store_release(&v->over, 1);
}

static void nap(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
}

static void storm(struct victim *v, unsigned signals)
{
    while (!rn_load_acquire(&v->there))
        nap();
    for (unsigned i = 0; i < signals && !rn_load_acquire(&v->over); i++) {
        pthread_kill(v->id, SIGUSR1);
        nap();
    }
}

Test(parker, interrupting_signals_do_not_end_a_park_early)
{
    install_handler();
    struct victim v = { .s = sleeper_until(rn_in(100 * RN_MILLISECOND)) };
    rnt_thread *t = rnt_start(sleep_as_victim, &v);
    storm(&v, 10000);
    rn_time ended = rn__clock_ns();
    rnt_join(t);
    check_eq(v.s.result, -ETIMEDOUT);
    check(ended >= v.s.deadline);
}

Test(parker, a_signal_to_the_parker_arrives_in_a_storm_of_others)
{
    install_handler();
    struct victim v = { .s = sleeper_until(RN_FOREVER) };
    rnt_thread *t = rnt_start(sleep_as_victim, &v);
    storm(&v, rnt_scaled(500));
    check(!rnt_finished(t));
    tell(&v.s);
    rnt_join(t);
    check_ok(v.s.result);
}

struct receiver {
    rn_chan *ch;
    pthread_t id;
    rn_atomic_u32 there;
};

static void receive_interrupted(void *arg)
{
    struct receiver *r = arg;
    int v = 0;
    r->id = pthread_self();
    rn_store_release(&r->there, 1);
    expect_ok(rn_recv(r->ch, &v));
    expect_eq(v, 42);
}

Test(parker, interrupting_signals_do_not_end_a_receive)
{
    install_handler();
    for (size_t cap = 0; cap < 2; cap++) {
        struct receiver r = { .ch = rn_chan_new(sizeof(int), cap) };
        check(r.ch != NULL);
        rnt_thread *t = rnt_start(receive_interrupted, &r);
        while (!rn_load_acquire(&r.there))
            nap();
        for (unsigned i = 0; i < rnt_scaled(300); i++) {
            pthread_kill(r.id, SIGUSR1);
            nap();
        }
        check(!rnt_finished(t));
        int v = 42;
        check_ok(rn_send(r.ch, &v));
        rnt_join(t);
        rn_chan_unref(r.ch);
    }
}

/* ---- two parkers that wake each other ------------------------------------------------ */

struct ping_pong {
    rn_parker parker[2];
    rn_atomic_u32 turn;
    unsigned rounds;
};

static void ping(void *arg, unsigned me)
{
    struct ping_pong *p = arg;
    for (unsigned i = 0; i < p->rounds; i++) {
        for (;;) {
            uint32_t ticket = rn__parker_ticket(&p->parker[me]);
            if (rn_load_acquire(&p->turn) == me)
                break;
            expect_ok(rn__parker_wait(&p->parker[me], ticket, RN_FOREVER));
        }
        rn_store_release(&p->turn, !me);
        rn__parker_signal(&p->parker[!me]);
    }
}

Test(parker, no_wake_up_is_lost_between_two)
{
    struct ping_pong p = { .rounds = rnt_scaled(20000) };
    rn__parker_init(&p.parker[0]);
    rn__parker_init(&p.parker[1]);
    rnt_run(2, ping, &p);
    check_eq(rn_load_acquire(&p.turn), 0);
}

/* ---- seen from the public calls ------------------------------------------------------ */

Test(parker, a_receive_that_times_out_is_one_futex_wait)
{
    static const size_t caps[] = { 0, 1, 64, RN_UNBOUNDED };
    for (int k = 0; k < 4; k++) {
        rn_chan *ch = rn_chan_new(8, caps[k]);
        check(ch != NULL);
        rn_time deadline = rn_in(100 * RN_MILLISECOND);
        futex_waits = 0;
        check_eq(rn_recv_until(ch, NULL, deadline), -ETIMEDOUT);
        check(rn_now() >= deadline);
        check(futex_waits <= 1);
        rn_case c[] = { RN_RECV(ch, NULL), RN_RECV(RN_NEVER, NULL) };
        deadline = rn_in(100 * RN_MILLISECOND);
        futex_waits = 0;
        check_eq(rn_select_until(c, 2, deadline), -ETIMEDOUT);
        check(rn_now() >= deadline);
        check(futex_waits <= 1);
        rn_chan_unref(ch);
    }
}
