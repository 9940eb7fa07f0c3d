/* SPDX-License-Identifier: MIT */
/*
 * The typed macros at run time: conversions, structs, pointers, arrays in structs,
 * range, select. What must not compile is in tests/compile_fail.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "kinds.h"
#include "runnel.h"
#include "threads.h"

TestSuite(typed, .timeout = RNT_TIMEOUT);

struct point {
    double x, y;
    char name[8];
};

typedef RN_CHAN(int) int_chan;

struct holder {
    RN_CHAN(struct point) points;
};

static int sum_of(RN_CHAN(int) c)
{
    int v, sum = 0;
    rn_range(v, c)
        sum += v;
    return sum;
}

static int_chan three_numbers(void)
{
    RN_CHAN(int) c = rn_make(int, 3);
    for (int i = 1; i <= 3; i++)
        (void)!rn_put(c, i);
    rn_close(rn_raw(c));
    return c;
}

Test(typed, range_runs_until_closed_and_drained)
{
    int_chan c = three_numbers();
    check_eq(sum_of(c), 6);
    check_eq(sum_of(c), 0);
    rn_chan_unref(rn_raw(c));
}

Test(typed, make_gives_the_element_its_size)
{
    RN_CHAN(struct point) c = rn_make(struct point, 2);
    struct point in = { 1.5, -2.5, "runnel" }, out;
    check_eq(rn_cap(rn_raw(c)), 2);
    check_ok(rn_put(c, in));
    memset(&out, 0, sizeof out);
    check_ok(rn_get(c, &out));
    check(out.x == 1.5 && out.y == -2.5 && strcmp(out.name, "runnel") == 0);
    rn_chan_unref(rn_raw(c));
}

Test(typed, make_with_takes_options)
{
    RN_CHAN(long) c = rn_make_with(long, 4, RN_CHAN_SPSC);
    long v = 0;
    check_ok(rn_put(c, 1L << 40));
    check_ok(rn_get(c, &v));
    check_eq(v, 1L << 40);
    rn_chan_unref(rn_raw(c));
    check(rn_make_with(long, 0, RN_CHAN_SPSC) == NULL);
}

Test(typed, put_converts_arithmetic_as_an_assignment_does)
{
    RN_CHAN(double) d = rn_make(double, 4);
    RN_CHAN(unsigned char) b = rn_make(unsigned char, 4);
    RN_CHAN(int64_t) l = rn_make(int64_t, 4);
    int wide = 300;
    double real = 2.9;
    double dv = 0;
    unsigned char bv = 0;
    int64_t lv = 0;
    check_ok(rn_put(d, 7));
    check_ok(rn_get(d, &dv));
    check(dv == 7.0);
    check_ok(rn_put(b, wide));
    check_ok(rn_get(b, &bv));
    check_eq(bv, wide % 256);
    check_ok(rn_put(l, -1));
    check_ok(rn_get(l, &lv));
    check_eq(lv, -1);
    check_ok(rn_put(l, real));
    check_ok(rn_get(l, &lv));
    check_eq(lv, 2);
    rn_chan_unref(rn_raw(d));
    rn_chan_unref(rn_raw(b));
    rn_chan_unref(rn_raw(l));
}

enum colour { RED, GREEN = 7 };

Test(typed, put_takes_char_bool_enum_and_bit_fields)
{
    RN_CHAN(enum colour) e = rn_make(enum colour, 1);
    RN_CHAN(bool) b = rn_make(bool, 1);
    RN_CHAN(char) c = rn_make(char, 1);
    RN_CHAN(int) i = rn_make(int, 1);
    struct {
        unsigned three : 3;
    } bits = { 5 };
    enum colour ev = RED;
    bool bv = false;
    char cv = 0;
    int iv = 0;
    check_ok(rn_put(e, GREEN));
    check_ok(rn_get(e, &ev));
    check_eq(ev, GREEN);
    check_ok(rn_put(b, 42));
    check_ok(rn_get(b, &bv));
    check_eq(bv, 1);
    check_ok(rn_put(c, 'x'));
    check_ok(rn_get(c, &cv));
    check_eq(cv, 'x');
    check_ok(rn_put(i, bits.three));
    check_ok(rn_get(i, &iv));
    check_eq(iv, 5);
    rn_chan_unref(rn_raw(e));
    rn_chan_unref(rn_raw(b));
    rn_chan_unref(rn_raw(c));
    rn_chan_unref(rn_raw(i));
}

Test(typed, pointers_pass_as_they_are)
{
    static struct point p;
    RN_CHAN(struct point *) c = rn_make(struct point *, 4);
    RN_CHAN(const char *) s = rn_make(const char *, 4);
    struct point *pv = NULL;
    const char *sv = NULL;
    check_ok(rn_put(c, &p));
    check_ok(rn_get(c, &pv));
    check(pv == &p);
    check_ok(rn_put(c, NULL));
    pv = &p;
    check_ok(rn_get(c, &pv));
    check(pv == NULL);
    char text[] = "text";
    check_ok(rn_put(s, text));
    check_ok(rn_get(s, &sv));
    check(sv == text);
    check_ok(rn_put(s, "literal"));
    check_ok(rn_get(s, &sv));
    check(strcmp(sv, "literal") == 0);
    rn_chan_unref(rn_raw(c));
    rn_chan_unref(rn_raw(s));
}

static unsigned calls;

static int counted(void)
{
    return (int)++calls;
}

Test(typed, arguments_are_evaluated_once)
{
    RN_CHAN(int) c = rn_make(int, 4);
    int v[2] = { 0, 0 }, *p = v;
    calls = 0;
    check_ok(rn_put(c, counted()));
    check_eq(calls, 1);
    check_ok(rn_get(c, p++));
    check_eq(p - v, 1);
    check_eq(v[0], 1);
    rn_chan_unref(rn_raw(c));
}

Test(typed, channels_live_in_structs_and_arrays)
{
    struct holder h = { rn_make(struct point, 1) };
    RN_CHAN(int) many[3];
    struct point in = { 1, 2, "p" }, out = { 0 };
    check_ok(rn_put(h.points, in));
    check_ok(rn_get(h.points, &out));
    check(out.y == 2);
    for (int i = 0; i < 3; i++) {
        many[i] = rn_make(int, 1);
        check_ok(rn_put(many[i], i));
    }
    for (int i = 0, v = -1; i < 3; i++) {
        check_ok(rn_get(many[i], &v));
        check_eq(v, i);
        rn_chan_unref(rn_raw(many[i]));
    }
    rn_chan_unref(rn_raw(h.points));
}

Test(typed, typed_cases_work_in_select)
{
    RN_CHAN(int) in = rn_make(int, 1);
    RN_CHAN(struct point) out = rn_make(struct point, 1);
    struct point p = { 3, 4, "q" }, q = { 0 };
    int v = 0;
    rn_case c[] = { RN_GET(in, &v), RN_PUT(out, &p) };
    check_eq(rn_select(c, 2), 1);
    check_ok(rn_get(out, &q));
    check(q.x == 3);
    check_ok(rn_put(in, 9));
    c[1].ch = RN_NEVER;
    check_eq(rn_select(c, 2), 0);
    check_eq(v, 9);
    rn_chan_unref(rn_raw(in));
    rn_chan_unref(rn_raw(out));
}

Test(typed, a_channel_that_could_not_be_made_is_null_and_refused)
{
    RN_CHAN(int) c = rn_make(int, SIZE_MAX - 1);
    int v = 0;
    check(c == NULL);
    check_eq(rn_put(c, 1), -EINVAL);
    check_eq(rn_get(c, &v), -EINVAL);
    rn_range(v, c)
        check(!"there is nothing to range over");
}

static void put_hundred(void *arg)
{
    RN_CHAN(int) c = arg;
    for (int i = 1; i <= 100; i++)
        expect_ok(rn_put(c, i));
    expect_ok(rn_close(rn_raw(c)));
}

Test(typed, range_follows_a_sender)
{
    for (size_t cap = 0; cap < 3; cap++) {
        RN_CHAN(int) c = rn_make(int, cap);
        rnt_thread *t = rnt_start(put_hundred, c);
        check_eq(sum_of(c), 5050);
        rnt_join(t);
        rn_chan_unref(rn_raw(c));
    }
}
