/* SPDX-License-Identifier: MIT */
/*
 * wordcount [options] [PATH...]: lines, words and bytes of all regular files below
 * the paths, as `wc -lwc` counts them in the C locale. Exit status: 0; 1 if something
 * could not be read; 2 if called wrongly; 128 + signal if it was interrupted.
 *
 * Main is the last stage: it selects between tallies, signals and the clock.
 */
#include "pipeline.h"

#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_THREADS = 64, TICK = 100 };

struct options {
    unsigned readers, counters;
    bool posix_words;
    char *const *roots;
};

static const char help[] =
    "usage: wordcount [options] [PATH...]\n"
    "Counts lines, words and bytes of all regular files below the paths\n"
    "(default: /usr/include) in a pipeline of threads.\n"
    "  --readers N    threads that read files, 1 to 64 (default 4)\n"
    "  --counters N   threads that count, 1 to 64 (default: as many as CPUs)\n"
    "  --posix-words  a word is any run of non-blanks, as in wc from coreutils 9.5 on;\n"
    "                 without it, a word needs a printable ASCII character, as before\n"
    "  --help         this\n"
    "On a terminal it shows its progress. Ctrl-C ends it with the totals so far.\n";

void complain(struct pipeline *p, const char *path, int err)
{
    const char *advice = "skipped";
    if (err == EACCES || err == EPERM)
        advice = "skipped; run as a user who may read it";
    else if (err == ENOENT || err == ENOTDIR)
        advice = "skipped; it does not exist, or vanished meanwhile: check the path, run again";
    else if (err == EMFILE || err == ENFILE)
        advice = "skipped; use fewer --readers or raise `ulimit -n`";
    atomic_fetch_add(&p->complaints, 1);
    fprintf(stderr, "wordcount: %s: %s; %s\n", path, strerror(err), advice);
}

_Noreturn void give_up(const char *what, int err)
{
    fprintf(stderr, "wordcount: %s: %s; giving up, no totals\n", what, strerror(err));
    exit(1);
}

/* ---- options ------------------------------------------------------------------------- */

static _Noreturn void refuse(const char *what, const char *value)
{
    fprintf(stderr, "wordcount: %s %s; try --help\n", what, value);
    exit(2);
}

static unsigned thread_count(const char *option, const char *value)
{
    char *end;
    unsigned long n = value ? strtoul(value, &end, 10) : 0;
    if (!value || *end || n < 1 || n > MOST_THREADS)
        refuse(option, value ? value : "needs a number");
    return (unsigned)n;
}

static struct options parse(char **argv)
{
    static char *const default_roots[] = { "/usr/include", NULL };
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    struct options o = { .readers = 4 };
    o.counters = cpus < 1 ? 1 : cpus > MOST_THREADS ? MOST_THREADS : (unsigned)cpus;
    argv++;
    for (; *argv && !strncmp(*argv, "--", 2); argv++) {
        if (!strcmp(*argv, "--")) {
            argv++;
            break;
        } else if (!strcmp(*argv, "--help")) {
            fputs(help, stdout);
            exit(0);
        } else if (!strcmp(*argv, "--posix-words")) {
            o.posix_words = true;
        } else if (!strcmp(*argv, "--readers") || !strcmp(*argv, "--counters")) {
            unsigned n = thread_count(argv[0], argv[1]);
            *(argv[0][2] == 'r' ? &o.readers : &o.counters) = n;
            argv++;
        } else {
            refuse("unknown option", *argv);
        }
    }
    o.roots = *argv ? argv : default_roots;
    return o;
}

/* ---- the pipeline -------------------------------------------------------------------- */

/* Of the C locale, whatever the environment says: no setlocale() here. */
static void classify_bytes(struct pipeline *p, bool posix_words)
{
    for (int c = 0; c < 256; c++)
        p->class_of[c] = isspace(c)                  ? BYTE_BLANK
                         : isprint(c) || posix_words ? BYTE_INK
                                                     : BYTE_OTHER;
}

static struct block *open_pipeline(struct pipeline *p, const struct options *o)
{
    size_t n = 2 * (size_t)(o->readers + o->counters);
    struct block *blocks = calloc(n, sizeof *blocks);
    p->roots = o->roots;
    p->readers_left = o->readers;
    p->counters_left = o->counters;
    p->paths = rn_make(char *, PATHS_AHEAD);
    p->empty = rn_make(struct block *, n);
    p->full = rn_make(struct block *, n);
    p->tallies = rn_make(struct tally, n);
    p->stop = rn_make(int, 0);
    if (!blocks || !p->paths || !p->empty || !p->full || !p->tallies || !p->stop)
        give_up("blocks and channels", ENOMEM);
    for (size_t i = 0; i < n; i++) {
        int err = rn_put(p->empty, &blocks[i]);
        if (err)
            give_up("rn_put of an empty block", -err);
    }
    classify_bytes(p, o->posix_words);
    return blocks;
}

static void close_pipeline(struct pipeline *p, struct block *blocks)
{
    rn_chan_unref(rn_raw(p->paths));
    rn_chan_unref(rn_raw(p->empty));
    rn_chan_unref(rn_raw(p->full));
    rn_chan_unref(rn_raw(p->tallies));
    rn_chan_unref(rn_raw(p->stop));
    free(blocks);
}

static unsigned start(pthread_t *threads, unsigned n, void *(*stage)(void *), unsigned times,
                      struct pipeline *p)
{
    for (unsigned i = 0; i < times; i++) {
        int err = pthread_create(&threads[n++], NULL, stage, p);
        if (err)
            give_up("starting a thread (use fewer, or raise `ulimit -u`)", err);
    }
    return n;
}

/* ---- signals ------------------------------------------------------------------------- */

/* One thread waits for SIGINT and SIGTERM, which all others block, and sends them down
 * a channel: no handler, and select can wait for them. */
struct signals {
    sigset_t set;
    RN_CHAN(int) came;
    atomic_bool over;
    pthread_t thread;
};

static void *wait_for_signals(void *arg)
{
    struct signals *s = arg;
    int sig;
    for (bool again = false; sigwait(&s->set, &sig) == 0 && !atomic_load(&s->over); again = true) {
        if (again)
            _exit(128 + sig); /* who asks twice does not want to wait */
        if (rn_put(s->came, sig) != 0)
            break;
    }
    return NULL;
}

static void watch_signals(struct signals *s)
{
    sigemptyset(&s->set);
    sigaddset(&s->set, SIGINT);
    sigaddset(&s->set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &s->set, NULL);
    s->came = rn_make(int, 1);
    if (!s->came)
        give_up("a channel", ENOMEM);
    int err = pthread_create(&s->thread, NULL, wait_for_signals, s);
    if (err)
        give_up("starting a thread (use fewer, or raise `ulimit -u`)", err);
}

static void unwatch_signals(struct signals *s)
{
    atomic_store(&s->over, true);
    pthread_kill(s->thread, SIGTERM);
    pthread_join(s->thread, NULL);
    rn_chan_unref(rn_raw(s->came));
}

/* ---- the last stage ------------------------------------------------------------------ */

static double seconds_since(rn_time start_ns)
{
    double s = (double)(rn_now() - start_ns) / (double)RN_SECOND;
    return s > 1e-6 ? s : 1e-6;
}

static void show_progress(const struct tally *t, rn_time start_ns)
{
    double s = seconds_since(start_ns), mb = (double)t->bytes / 1e6;
    fprintf(stderr, "\r%llu files, %.1f MB, %.0f files/s, %.1f MB/s, %.1f s \033[K",
            (unsigned long long)t->files, mb, (double)t->files / s, mb / s, s);
}

/* Adds up until the tallies end. Returns the signal that cut it short, or 0. */
static int add_up(struct pipeline *p, struct signals *s, struct tally *total, rn_time start_ns)
{
    bool terminal = isatty(STDERR_FILENO);
    rn_time tick = terminal ? start_ns : RN_FOREVER;
    int sig = 0;
    for (;;) {
        struct tally t;
        rn_case c[] = { RN_GET(p->tallies, &t), RN_GET(s->came, &sig) };
        int chosen = rn_select_until(c, 2, tick);
        if (chosen == 0 && c[0].err == -EPIPE)
            break;
        if (chosen == 0) {
            total->files += t.files;
            total->lines += t.lines;
            total->words += t.words;
            total->bytes += t.bytes;
        } else if (chosen == 1) {
            rn_close(rn_raw(p->paths));
            rn_close(rn_raw(p->stop));
        } else if (chosen != -ETIMEDOUT) {
            give_up("rn_select_until", -chosen);
        }
        if (rn_now() >= tick) {
            show_progress(total, start_ns);
            tick = rn_in(TICK * RN_MILLISECOND);
        }
    }
    if (terminal)
        fputs("\r\033[K", stderr);
    return sig;
}

static void print_totals(const struct tally *t, const struct options *o, int sig, rn_time start_ns)
{
    double s = seconds_since(start_ns);
    printf("%llu %llu %llu total%s\n", (unsigned long long)t->lines, (unsigned long long)t->words,
           (unsigned long long)t->bytes, sig ? " (partial: interrupted)" : "");
    printf("%llu files in %.2f s: %.0f files/s, %.1f MB/s; %u readers, %u counters\n",
           (unsigned long long)t->files, s, (double)t->files / s, (double)t->bytes / 1e6 / s,
           o->readers, o->counters);
}

int main(int argc, char **argv)
{
    (void)argc;
    struct options o = parse(argv);
    rn_time start_ns = rn_now();
    struct signals signals = { .over = false };
    watch_signals(&signals);
    struct pipeline p = { .complaints = 0 };
    struct block *blocks = open_pipeline(&p, &o);
    pthread_t threads[2 * MOST_THREADS + 1];
    unsigned n = start(threads, 0, count_blocks, o.counters, &p);
    n = start(threads, n, read_files, o.readers, &p);
    n = start(threads, n, walk, 1, &p);

    struct tally total = { 0 };
    int sig = add_up(&p, &signals, &total, start_ns);

    while (n > 0)
        pthread_join(threads[--n], NULL);
    print_totals(&total, &o, sig, start_ns);
    unwatch_signals(&signals);
    close_pipeline(&p, blocks);
    return sig ? 128 + sig : p.complaints ? 1 : 0;
}
