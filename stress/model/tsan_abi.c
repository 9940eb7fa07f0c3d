/* SPDX-License-Identifier: MIT */
/*
 * What code compiled with -fsanitize=thread calls. The sanitizer's own runtime is
 * not linked; these are our bodies, which hand each access to the model.
 */
#include <string.h>

#include "engine.h"

#define PLAIN(name, size, is_write)                          \
    void name(void *address);                                \
    void name(void *address)                                 \
    {                                                        \
        mc_plain_access((uintptr_t)address, size, is_write); \
    }

#define PLAIN_SIZE(n)                              \
    PLAIN(__tsan_read##n, n, false)                \
    PLAIN(__tsan_write##n, n, true)                \
    PLAIN(__tsan_read_write##n, n, true)           \
    PLAIN(__tsan_unaligned_read##n, n, false)      \
    PLAIN(__tsan_unaligned_write##n, n, true)      \
    PLAIN(__tsan_unaligned_read_write##n, n, true) \
    PLAIN(__tsan_volatile_read##n, n, false)       \
    PLAIN(__tsan_volatile_write##n, n, true)

PLAIN_SIZE(1)
PLAIN_SIZE(2)
PLAIN_SIZE(4)
PLAIN_SIZE(8)
PLAIN_SIZE(16)

void __tsan_init(void);
void __tsan_init(void)
{
}

void __tsan_func_entry(void *pc);
void __tsan_func_entry(void *pc)
{
    (void)pc;
}

void __tsan_func_exit(void);
void __tsan_func_exit(void)
{
}

void __tsan_read_range(void *address, uintptr_t size);
void __tsan_read_range(void *address, uintptr_t size)
{
    mc_plain_access((uintptr_t)address, size, false);
}

void __tsan_write_range(void *address, uintptr_t size);
void __tsan_write_range(void *address, uintptr_t size)
{
    mc_plain_access((uintptr_t)address, size, true);
}

/* Outside an execution (constructors) nothing is modelled. */
#define RMW(bits, type, name, builtin, what)                                                  \
    type __tsan_atomic##bits##_##name(volatile type *a, type v, int order);                   \
    type __tsan_atomic##bits##_##name(volatile type *a, type v, int order)                    \
    {                                                                                         \
        if (!mc.in_execution)                                                                 \
            return builtin(a, v, __ATOMIC_SEQ_CST);                                           \
        return (type)mc_atomic_rmw((uintptr_t)a, sizeof *a, what, v, 0, order, order, MC_PC); \
    }

#define ATOMICS(bits, type)                                                                       \
    type __tsan_atomic##bits##_load(const volatile type *a, int order);                           \
    type __tsan_atomic##bits##_load(const volatile type *a, int order)                            \
    {                                                                                             \
        if (!mc.in_execution)                                                                     \
            return *a;                                                                            \
        return (type)mc_atomic_load((uintptr_t)a, sizeof *a, order, MC_PC);                       \
    }                                                                                             \
    void __tsan_atomic##bits##_store(volatile type *a, type v, int order);                        \
    void __tsan_atomic##bits##_store(volatile type *a, type v, int order)                         \
    {                                                                                             \
        if (!mc.in_execution)                                                                     \
            *a = v;                                                                               \
        else                                                                                      \
            mc_atomic_store((uintptr_t)a, sizeof *a, v, order, MC_PC);                            \
    }                                                                                             \
    RMW(bits, type, exchange, __atomic_exchange_n, MC_XCHG)                                       \
    RMW(bits, type, fetch_add, __atomic_fetch_add, MC_ADD)                                        \
    RMW(bits, type, fetch_sub, __atomic_fetch_sub, MC_SUB)                                        \
    RMW(bits, type, fetch_and, __atomic_fetch_and, MC_AND)                                        \
    RMW(bits, type, fetch_or, __atomic_fetch_or, MC_OR)                                           \
    RMW(bits, type, fetch_xor, __atomic_fetch_xor, MC_XOR)                                        \
    RMW(bits, type, fetch_nand, __atomic_fetch_nand, MC_NAND)                                     \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type *a, type c, type v, int order,  \
                                                    int failure_order);                           \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type *a, type c, type v, int order,  \
                                                    int failure_order)                            \
    {                                                                                             \
        if (!mc.in_execution) {                                                                   \
            __atomic_compare_exchange_n(a, &c, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);     \
            return c;                                                                             \
        }                                                                                         \
        return (type)mc_atomic_rmw((uintptr_t)a, sizeof *a, MC_CAS, v, c, order, failure_order,   \
                                   MC_PC);                                                        \
    }                                                                                             \
    int __tsan_atomic##bits##_compare_exchange_strong(volatile type *a, type *c, type v,          \
                                                      int order, int failure_order);              \
    int __tsan_atomic##bits##_compare_exchange_strong(volatile type *a, type *c, type v,          \
                                                      int order, int failure_order)               \
    {                                                                                             \
        type expected = *c;                                                                       \
        *c = (type)mc_atomic_rmw((uintptr_t)a, sizeof *a, MC_CAS, v, expected, order,             \
                                 failure_order, MC_PC);                                           \
        return *c == expected;                                                                    \
    }                                                                                             \
    int __tsan_atomic##bits##_compare_exchange_weak(volatile type *a, type *c, type v, int order, \
                                                    int failure_order);                           \
    int __tsan_atomic##bits##_compare_exchange_weak(volatile type *a, type *c, type v, int order, \
                                                    int failure_order)                            \
    {                                                                                             \
        type expected = *c;                                                                       \
        *c = (type)mc_atomic_rmw((uintptr_t)a, sizeof *a, MC_CAS, v, expected, order,             \
                                 failure_order, MC_PC);                                           \
        return *c == expected;                                                                    \
    }

ATOMICS(8, uint8_t)
ATOMICS(16, uint16_t)
ATOMICS(32, uint32_t)
ATOMICS(64, uint64_t)

__extension__ typedef unsigned __int128 u128;

u128 __tsan_atomic128_compare_exchange_val(volatile u128 *a, u128 c, u128 v, int order,
                                           int failure_order);
u128 __tsan_atomic128_compare_exchange_val(volatile u128 *a, u128 c, u128 v, int order,
                                           int failure_order)
{
    (void)order;
    (void)failure_order;
    uint64_t expected[2] = { (uint64_t)c, (uint64_t)(c >> 64) };
    const uint64_t desired[2] = { (uint64_t)v, (uint64_t)(v >> 64) };
    mc_atomic_dwcas((uintptr_t)a, expected, desired, MC_PC);
    return (u128)expected[1] << 64 | expected[0];
}

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_thread_fence(int order)
{
    if (mc.in_execution)
        mc_fence(order, MC_PC);
}

/* A compiler barrier: orders nothing between threads. */
void __tsan_atomic_signal_fence(int order);
void __tsan_atomic_signal_fence(int order)
{
    (void)order;
}

/* The compiler calls these uninstrumented; the build renames them in our objects. */
void *mc_memcpy(void *restrict to, const void *restrict from, size_t n);
void *mc_memcpy(void *restrict to, const void *restrict from, size_t n)
{
    mc_plain_access((uintptr_t)from, n, false);
    mc_plain_access((uintptr_t)to, n, true);
    return memcpy(to, from, n);
}

void *mc_memmove(void *to, const void *from, size_t n);
void *mc_memmove(void *to, const void *from, size_t n)
{
    mc_plain_access((uintptr_t)from, n, false);
    mc_plain_access((uintptr_t)to, n, true);
    return memmove(to, from, n);
}

void *mc_memset(void *to, int byte, size_t n);
void *mc_memset(void *to, int byte, size_t n)
{
    mc_plain_access((uintptr_t)to, n, true);
    return memset(to, byte, n);
}
