// SPDX-License-Identifier: MIT
//! The peer "crossbeam": the thread suite of bench/ on crossbeam-channel's public
//! API. Options, scenarios, work and output line are those of bench/common: each
//! thread gets an equal share of n numbered elements, the consumers' sum is
//! checked, and the clock runs from the first thread over the start line to the
//! last one done. It has no batches, so batch is always 1.

mod options;

use crossbeam_channel::{bounded, unbounded, Receiver, Select, Sender};
use options::Params;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

/// An element of LEN words; the first one is its number.
#[derive(Clone, Copy)]
struct Msg<const LEN: usize>([u64; LEN]);

impl<const LEN: usize> Msg<LEN> {
    fn new(number: u64) -> Self {
        let mut words = [0; LEN];
        words[0] = number;
        Msg(words)
    }
}

type Ends<const LEN: usize> = (Sender<Msg<LEN>>, Receiver<Msg<LEN>>);
type Body<'a> = Box<dyn FnOnce() -> u64 + Send + 'a>;

fn channel<const LEN: usize>(p: &Params) -> Ends<LEN> {
    match p.cap {
        Some(cap) => bounded(cap),
        None => unbounded(),
    }
}

/// Runs all bodies from one start line; the wall time in ns and the sum of their results.
fn run_threads(bodies: Vec<Body>) -> (u64, u64) {
    let start_line = Barrier::new(bodies.len());
    let results: Vec<(Instant, Instant, u64)> = thread::scope(|scope| {
        let spawn = |body: Body<'_>| -> (Instant, Instant, u64) {
            start_line.wait();
            let begin = Instant::now();
            let result = body();
            (begin, Instant::now(), result)
        };
        let handles: Vec<_> = bodies
            .into_iter()
            .map(|body| scope.spawn(move || spawn(body)))
            .collect();
        handles
            .into_iter()
            .map(|h| h.join().expect("a thread panicked"))
            .collect()
    });
    let begin = results.iter().map(|r| r.0).min().unwrap();
    let end = results.iter().map(|r| r.1).max().unwrap();
    let sum = results.iter().map(|r| r.2).sum();
    ((end - begin).as_nanos() as u64, sum)
}

fn send_share<const LEN: usize>(tx: &Sender<Msg<LEN>>, first: u64, n: u64) -> u64 {
    for i in first..first + n {
        tx.send(Msg::new(i)).unwrap();
    }
    0
}

fn recv_share<const LEN: usize>(rx: &Receiver<Msg<LEN>>, n: u64) -> u64 {
    (0..n).map(|_| rx.recv().unwrap().0[0]).sum()
}

fn seq<const LEN: usize>(p: &Params) -> (u64, u64) {
    let (tx, rx) = channel::<LEN>(p);
    run_threads(vec![Box::new(|| {
        send_share(&tx, 0, p.n);
        recv_share(&rx, p.n)
    })])
}

/// spsc, mpsc, mpmc: all producers and all consumers on one channel.
fn one_channel<const LEN: usize>(p: &Params) -> (u64, u64) {
    let (tx, rx) = channel::<LEN>(p);
    let (tx, rx) = (&tx, &rx);
    let (sent, taken) = (p.n / p.producers, p.n / p.consumers);
    let mut bodies: Vec<Body> = Vec::new();
    for i in 0..p.producers {
        bodies.push(Box::new(move || send_share(tx, i * sent, sent)));
    }
    for _ in 0..p.consumers {
        bodies.push(Box::new(move || recv_share(rx, taken)));
    }
    run_threads(bodies)
}

fn pingpong<const LEN: usize>(p: &Params) -> (u64, u64) {
    let (tx, rx) = channel::<LEN>(p);
    let (tx_back, rx_back) = channel::<LEN>(p);
    let serve = || {
        for i in 0..p.n {
            tx.send(Msg::new(i)).unwrap();
            rx_back.recv().unwrap();
        }
        0
    };
    let serve_back = || {
        let mut sum = 0;
        for _ in 0..p.n {
            let msg = rx.recv().unwrap();
            sum += msg.0[0];
            tx_back.send(msg).unwrap();
        }
        sum
    };
    run_threads(vec![Box::new(serve), Box::new(serve_back)])
}

/// Selects `n` sends over all channels. The set of operations is built once.
fn send_any<const LEN: usize>(channels: &[Ends<LEN>], first: u64, n: u64) -> u64 {
    let mut select = Select::new();
    for (tx, _) in channels {
        select.send(tx);
    }
    for i in first..first + n {
        let chosen = select.select();
        let tx = &channels[chosen.index()].0;
        chosen.send(tx, Msg::new(i)).unwrap();
    }
    0
}

fn recv_any<const LEN: usize>(channels: &[Ends<LEN>], n: u64) -> u64 {
    let mut select = Select::new();
    for (_, rx) in channels {
        select.recv(rx);
    }
    let mut sum = 0;
    for _ in 0..n {
        let chosen = select.select();
        let rx = &channels[chosen.index()].1;
        sum += chosen.recv(rx).unwrap().0[0];
    }
    sum
}

/// One channel a producer. `both`: the producers select too.
fn select<const LEN: usize>(p: &Params, both: bool) -> (u64, u64) {
    let channels: Vec<Ends<LEN>> = (0..p.producers).map(|_| channel(p)).collect();
    let channels = &channels;
    let (sent, taken) = (p.n / p.producers, p.n / p.consumers);
    let mut bodies: Vec<Body> = Vec::new();
    for i in 0..p.producers {
        let own = &channels[i as usize].0;
        bodies.push(if both {
            Box::new(move || send_any(channels, i * sent, sent))
        } else {
            Box::new(move || send_share(own, i * sent, sent))
        });
    }
    for _ in 0..p.consumers {
        bodies.push(Box::new(move || recv_any(channels, taken)));
    }
    run_threads(bodies)
}

fn run_len<const LEN: usize>(p: &Params) -> (u64, u64) {
    match p.scenario.as_str() {
        "thread_seq" => seq::<LEN>(p),
        "thread_pingpong" => pingpong::<LEN>(p),
        "thread_select_rx" => select::<LEN>(p, false),
        "thread_select_both" => select::<LEN>(p, true),
        _ => one_channel::<LEN>(p),
    }
}

fn measure(p: &Params) {
    let (wall_ns, sum) = match p.payload {
        8 => run_len::<1>(p),
        32 => run_len::<4>(p),
        _ => run_len::<8>(p),
    };
    let expected = (p.n as u128 * (p.n as u128 - 1) / 2) as u64;
    if sum != expected {
        options::die(&format!(
            "{} cap {}: the sum is {sum}, not {expected}: elements were lost or duplicated",
            p.scenario, p.cap_name
        ));
    }
    p.report(wall_ns);
}

fn main() {
    for p in options::from_command_line() {
        measure(&p);
    }
}
