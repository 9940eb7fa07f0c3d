/* SPDX-License-Identifier: MIT */
/*
 * N threads, N+1 tokens: a thread takes a token and puts it back, for ever. The
 * others hold at most N-1 at any instant, so there are always two to take and
 * always room to put one: "empty" and "full" are false whenever they are said.
 *
 * The tokens go round in one channel, or in two between which each thread chooses
 * at random when it puts and by try_select when it takes: then one of its two
 * cases is ready at every instant, and the default may not be taken.
 */
#include "harness.h"

enum { TURNS = 20000, MOST_REFUSALS = 1000 };

struct round {
    struct stress_shape shape;
    unsigned threads, channels;
    rn_chan *ch[2];
    struct stress_ledger ledger; /* of the drain at the end: each token is there once */
};

static bool take_by_select(struct stress_thread *t, struct round *r, void *token)
{
    rn_case c[2] = { RN_RECV(r->ch[0], token), RN_RECV(r->ch[r->channels - 1], token) };
    stress_doing(t, "rn_try_select of two receives");
    int rc = rn_try_select(c, (int)r->channels);
    if (rc == -EAGAIN)
        stress_defect(STRESS_FALSE_EMPTY, "try_select over %u channels, %u threads; %s",
                      r->channels, r->threads, r->shape.text);
    else if (rc < 0 || c[rc].err)
        stress_defect(STRESS_WRONG, "try_select said %d; %s", rc, r->shape.text);
    return rc >= 0;
}

static bool take(struct stress_thread *t, struct round *r, void *token)
{
    if (r->channels == 2 || stress_below(&t->rng, 16) == 0)
        return take_by_select(t, r, token);
    stress_doing(t, "rn_try_recv");
    int rc = rn_try_recv(r->ch[0], token);
    if (rc == -EAGAIN)
        stress_defect(STRESS_FALSE_EMPTY, "%u threads; %s", r->threads, r->shape.text);
    else if (rc)
        stress_defect(STRESS_WRONG, "try_recv said %d; %s", rc, r->shape.text);
    return rc == 0;
}

static void put(struct stress_thread *t, struct round *r, const void *token)
{
    rn_chan *ch = r->ch[stress_below(&t->rng, r->channels)];
    for (int refusals = 0; refusals < MOST_REFUSALS; refusals++) {
        stress_doing(t, "rn_try_send");
        int rc = rn_try_send(ch, token);
        if (rc == 0)
            return;
        if (rc == -EAGAIN)
            stress_defect(STRESS_FALSE_FULL, "%u threads; %s", r->threads, r->shape.text);
        else
            stress_defect(STRESS_WRONG, "try_send said %d; %s", rc, r->shape.text);
    }
    /* Full for good: there are more tokens than there were. This one goes missing. */
}

static void body(struct stress_thread *t)
{
    struct round *r = t->round;
    uint8_t token[STRESS_MAX_ELEM];
    uint32_t number;
    for (int i = 0; i < TURNS; i++) {
        if (!take(t, r, token))
            continue;
        if (r->shape.elem_size >= 4)
            stress_decode(token, r->shape.elem_size, &number);
        put(t, r, token);
    }
}

/* As many tokens as there were, each of them once. */
static void drain(struct round *r)
{
    uint8_t token[STRESS_MAX_ELEM];
    uint32_t number, count = 0;
    bool numbered = r->shape.elem_size >= 4;
    for (unsigned i = 0; i < r->channels; i++) {
        while (rn_try_recv(r->ch[i], token) == 0) {
            count++;
            if (numbered && stress_decode(token, r->shape.elem_size, &number))
                stress_ledger_received(&r->ledger, number);
        }
    }
    if (!numbered && count != r->threads + 1)
        stress_defect(count < r->threads + 1 ? STRESS_LOST : STRESS_DUPLICATED,
                      "%u tokens at the end, %u at the start; %s", count, r->threads + 1,
                      r->shape.text);
}

static void fill(struct round *r)
{
    uint8_t token[STRESS_MAX_ELEM];
    for (uint32_t i = 0; i < r->threads + 1; i++) {
        stress_encode(token, r->shape.elem_size, i);
        int rc = rn_try_send(r->ch[i % r->channels], token);
        if (rc)
            stress_defect(STRESS_WRONG, "try_send of the first tokens said %d; %s", rc,
                          r->shape.text);
        if (r->shape.elem_size >= 4)
            stress_ledger_sent(&r->ledger, i);
    }
}

static void one_round(void)
{
    struct round r = { .shape = stress_draw_shape(&stress_rng, STRESS_ANY_SIZE) };
    r.threads = 1 + stress_below(&stress_rng, stress_opt.threads);
    r.channels = 1 + (stress_below(&stress_rng, 3) == 0);
    if (r.shape.cap != RN_UNBOUNDED) /* every token has room in each channel */
        r.shape.cap = r.threads + 1 + (stress_below(&stress_rng, 4) ? 0 : r.shape.cap);
    stress_describe(&r.shape);
    for (unsigned i = 0; i < r.channels; i++)
        r.ch[i] = stress_chan(&r.shape);
    stress_ledger_init(&r.ledger, r.shape.elem_size >= 4 ? r.threads + 1 : 0);
    fill(&r);
    stress_run(r.threads, body, &r);
    drain(&r);
    stress_ledger_balance(&r.ledger, r.shape.text);
    for (unsigned i = 0; i < r.channels; i++)
        rn_chan_unref(r.ch[i]);
}

int main(int argc, char **argv)
{
    stress_begin(argc, argv, "tokens");
    while (stress_goes_on())
        one_round();
    return stress_end();
}
