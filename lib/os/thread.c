/* SPDX-License-Identifier: MIT */
/*
 * Thread: hear of a thread's end and of a fork.
 *
 * The end comes through a thread-specific key's destructor. One function for the
 * whole process is all the library needs; if other destructors call into runnel
 * afterwards, the thread registers anew and pthreads runs ours again.
 */
#include <pthread.h>

#include "os/os.h"

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool key_made;
static void (*exit_fn)(void *);

static void make_key(void)
{
    key_made = pthread_key_create(&key, exit_fn) == 0;
}

bool rn__thread_at_exit(void (*fn)(void *), void *arg)
{
    static pthread_mutex_t fn_lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&fn_lock);
    exit_fn = fn;
    pthread_mutex_unlock(&fn_lock);
    pthread_once(&key_once, make_key);
    return key_made && pthread_setspecific(key, arg) == 0;
}

bool rn__after_fork_in_child(void (*fn)(void))
{
    return pthread_atfork(NULL, NULL, fn) == 0;
}
