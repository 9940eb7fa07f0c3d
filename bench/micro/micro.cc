// SPDX-License-Identifier: MIT
//
// Micro-benchmarks of single operations, on Google Benchmark 1.7 or later.
//
// Every benchmark exports two raw counters, `ops` and `wall_ns`, of its whole
// run; rates are computed from these two alone, for what Benchmark itself calls
// Time depends on its release. Benchmarks with two threads make and line them up
// themselves and report manual time. Run with
// --benchmark_enable_random_interleaving=true --benchmark_repetitions=7.

#include <benchmark/benchmark.h>
#include <runnel.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace
{

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxElem = 256;

int64_t NsSince(Clock::time_point begin)
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count();
}

void Must(benchmark::State &state, bool held, const char *what)
{
    if (!held)
        state.SkipWithError(what);
}

void Report(benchmark::State &state, int64_t ops, int64_t wall_ns)
{
    state.counters["ops"] = static_cast<double>(ops);
    state.counters["wall_ns"] = static_cast<double>(wall_ns);
}

// Runs op() once an iteration, on this thread. op returns whether it did what it should.
template <typename Op> void Repeat(benchmark::State &state, Op op)
{
    bool held = true;
    const auto begin = Clock::now();
    for (auto _ : state)
        held &= op();
    Report(state, state.iterations(), NsSince(begin));
    Must(state, held, "an operation did not return what it should");
}

class Channel
{
  public:
    Channel(std::size_t elem_size, std::size_t cap, unsigned options = 0)
        : ch_(rn_chan_new_with(elem_size, cap, options))
    {
        if (ch_ == nullptr)
            std::abort();
    }
    ~Channel()
    {
        rn_chan_unref(ch_);
    }
    Channel(const Channel &) = delete;
    Channel &operator=(const Channel &) = delete;
    rn_chan *get() const
    {
        return ch_;
    }

  private:
    rn_chan *ch_;
};

struct Elem {
    alignas(16) std::array<unsigned char, kMaxElem> bytes{};
};

// Send, then receive, on one thread: nobody waits, nobody is woken.
void Pair(benchmark::State &state, std::size_t elem_size, std::size_t cap, unsigned options)
{
    Channel c(elem_size, cap, options);
    Elem in, out;
    Repeat(state, [&] {
        return rn_send(c.get(), in.bytes.data()) == 0 && rn_recv(c.get(), out.bytes.data()) == 0;
    });
}

void TryPair(benchmark::State &state)
{
    Channel c(8, 64);
    uint64_t in = 1, out;
    Repeat(state,
           [&] { return rn_try_send(c.get(), &in) == 0 && rn_try_recv(c.get(), &out) == 0; });
}

void TryRecvEmpty(benchmark::State &state, std::size_t cap)
{
    Channel c(8, cap);
    uint64_t out;
    Repeat(state, [&] { return rn_try_recv(c.get(), &out) == -EAGAIN; });
}

void TrySendFull(benchmark::State &state)
{
    Channel c(8, 64);
    uint64_t in = 1;
    while (rn_try_send(c.get(), &in) == 0) {
    }
    Repeat(state, [&] { return rn_try_send(c.get(), &in) == -EAGAIN; });
}

void RecvClosed(benchmark::State &state)
{
    Channel c(8, 64);
    uint64_t out;
    rn_close(c.get());
    Repeat(state, [&] { return rn_recv(c.get(), &out) == -EPIPE; });
}

void MakeChan(benchmark::State &state, std::size_t elem_size, std::size_t cap)
{
    Repeat(state, [&] {
        rn_chan *ch = rn_chan_new(elem_size, cap);
        bool made = ch != nullptr;
        rn_chan_unref(ch);
        return made;
    });
}

// Two channels that always hold an element: a select, and the send that refills.
void Select2Ready(benchmark::State &state)
{
    Channel a(8, 64), b(8, 64);
    uint64_t in = 1, out;
    rn_case cases[] = { rn_case_recv(a.get(), &out), rn_case_recv(b.get(), &out) };
    bool filled = rn_send(a.get(), &in) == 0 && rn_send(b.get(), &in) == 0;
    Must(state, filled, "rn_send failed");
    Repeat(state, [&] {
        int chosen = rn_select(cases, 2);
        return chosen >= 0 && cases[chosen].err == 0 && rn_send(cases[chosen].ch, &in) == 0;
    });
}

// A select with a default, and nothing to do.
void TrySelectEmpty(benchmark::State &state, int n)
{
    Channel a(8, 64), b(8, 64);
    uint64_t out;
    rn_case cases[] = { rn_case_recv(a.get(), &out), rn_case_recv(b.get(), &out) };
    Repeat(state, [&] { return rn_try_select(cases, n) == -EAGAIN; });
}

// Close alone: channels are made and freed off the clock.
void Close(benchmark::State &state, std::size_t cap)
{
    constexpr int kBatch = 256;
    std::array<rn_chan *, kBatch> channels;
    int64_t wall_ns = 0;
    bool held = true;
    for (auto _ : state) {
        for (auto &ch : channels)
            ch = rn_chan_new(8, cap);
        const auto begin = Clock::now();
        for (auto *ch : channels)
            held &= rn_close(ch) == 0;
        const int64_t ns = NsSince(begin);
        for (auto *ch : channels)
            rn_chan_unref(ch);
        state.SetIterationTime(static_cast<double>(ns) * 1e-9);
        wall_ns += ns;
    }
    Report(state, state.iterations() * kBatch, wall_ns);
    Must(state, held, "rn_close failed");
}

// Answers what comes in on `there` with the same on `back`, until `there` is closed.
void Echo(rn_chan *there, rn_chan *back)
{
    uint64_t word;
    while (rn_recv(there, &word) == 0 && rn_send(back, &word) == 0) {
    }
}

// Round trips between this thread and another one.
void PingPong(benchmark::State &state, std::size_t cap)
{
    constexpr int kBatch = 200;
    Channel there(8, cap), back(8, cap);
    std::thread other(Echo, there.get(), back.get());
    int64_t wall_ns = 0;
    bool held = true;
    for (auto _ : state) {
        const auto begin = Clock::now();
        for (uint64_t i = 0, word = 0; i < kBatch; i++) {
            held &= rn_send(there.get(), &i) == 0 && rn_recv(back.get(), &word) == 0;
            held &= word == i;
        }
        const int64_t ns = NsSince(begin);
        state.SetIterationTime(static_cast<double>(ns) * 1e-9);
        wall_ns += ns;
    }
    rn_close(there.get());
    other.join();
    Report(state, state.iterations() * kBatch, wall_ns);
    Must(state, held, "an element came back wrong");
}

// Capacities are part of the name, as in the suite: micro_NAME/cap:C/payload:P.
void Register()
{
    using benchmark::RegisterBenchmark;
    RegisterBenchmark("pair/cap:64/payload:8", Pair, 8, 64, 0u);
    RegisterBenchmark("pair/cap:64/payload:32", Pair, 32, 64, 0u);
    RegisterBenchmark("pair/cap:64/payload:256", Pair, 256, 64, 0u);
    RegisterBenchmark("pair/cap:64/payload:0", Pair, 0, 64, 0u);
    RegisterBenchmark("pair_spsc/cap:64/payload:8", Pair, 8, 64, unsigned{ RN_CHAN_SPSC });
    RegisterBenchmark("pair_fast/cap:64/payload:8", Pair, 8, 64, unsigned{ RN_CHAN_FAST });
    RegisterBenchmark("pair/cap:unbounded/payload:8", Pair, 8, RN_UNBOUNDED, 0u);
    RegisterBenchmark("try_pair/cap:64/payload:8", TryPair);
    RegisterBenchmark("try_recv_empty/cap:64/payload:8", TryRecvEmpty, 64);
    RegisterBenchmark("try_recv_empty/cap:0/payload:8", TryRecvEmpty, 0);
    RegisterBenchmark("try_send_full/cap:64/payload:8", TrySendFull);
    RegisterBenchmark("recv_closed/cap:64/payload:8", RecvClosed);
    RegisterBenchmark("make_chan/cap:0/payload:8", MakeChan, 8, 0);
    RegisterBenchmark("make_chan/cap:64/payload:8", MakeChan, 8, 64);
    RegisterBenchmark("make_chan/cap:64/payload:32", MakeChan, 32, 64);
    RegisterBenchmark("select2_ready/cap:64/payload:8", Select2Ready);
    RegisterBenchmark("try_select_empty1/cap:64/payload:8", TrySelectEmpty, 1);
    RegisterBenchmark("try_select_empty2/cap:64/payload:8", TrySelectEmpty, 2);
    RegisterBenchmark("close/cap:0/payload:8", Close, 0)->UseManualTime();
    RegisterBenchmark("close/cap:64/payload:8", Close, 64)->UseManualTime();
    RegisterBenchmark("pingpong/cap:0/payload:8", PingPong, 0)->UseManualTime();
    RegisterBenchmark("pingpong/cap:1/payload:8", PingPong, 1)->UseManualTime();
}

} // namespace

// --smoke: every benchmark, hardly any time in each.
int main(int argc, char **argv)
{
    static char min_time[] = "--benchmark_min_time=0.001";
    for (int i = 1; i < argc; i++)
        if (std::strcmp(argv[i], "--smoke") == 0)
            argv[i] = min_time;
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 2;
    benchmark::AddCustomContext("runnel", RN_VERSION);
    Register();
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
