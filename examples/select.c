/* SPDX-License-Identifier: MIT */
/* Wait for whichever comes first: an answer, a refusal, or the deadline. */
#include <errno.h>
#include <pthread.h>
#include <runnel.h>
#include <stdio.h>

struct service {
    RN_CHAN(int) questions, answers;
    RN_CHAN(const char *) refusals;
};

static void *serve(void *arg)
{
    struct service *s = arg;
    int q, err = 0;
    rn_range(q, s->questions) {
        if (q > 0)
            err = rn_put(s->answers, q * q);
        else if (q < 0)
            err = rn_put(s->refusals, "it is negative");
        if (err) /* to 0 there is no answer */
            break;
    }
    return NULL;
}

static void ask(struct service *s, int question, rn_time deadline)
{
    int answer;
    const char *reason;
    if (rn_put(s->questions, question) != 0)
        return;
    rn_case c[] = { RN_GET(s->answers, &answer), RN_GET(s->refusals, &reason) };
    int chosen = rn_select_until(c, 2, deadline);
    if (chosen == 0)
        printf("%d: %d\n", question, answer);
    else if (chosen == 1)
        printf("%d: refused, %s\n", question, reason);
    else if (chosen == -ETIMEDOUT)
        printf("%d: no answer in time\n", question);
}

int main(void)
{
    struct service s = { rn_make(int, 0), rn_make(int, 0), rn_make(const char *, 0) };
    pthread_t t;
    if (!s.questions || !s.answers || !s.refusals || pthread_create(&t, NULL, serve, &s) != 0)
        return 1;
    ask(&s, 7, rn_in(10 * RN_SECOND));
    ask(&s, -7, rn_in(10 * RN_SECOND));
    ask(&s, 0, rn_in(20 * RN_MILLISECOND));
    rn_close(rn_raw(s.questions));
    pthread_join(t, NULL);
    rn_chan_unref(rn_raw(s.questions));
    rn_chan_unref(rn_raw(s.answers));
    rn_chan_unref(rn_raw(s.refusals));
    return 0;
}
