// SPDX-License-Identifier: MIT
//! The command line and the output line, the same as bench/common/bench.c's.

const IMPL: &str = "crossbeam";

/// The exit status that says: this contender has no such scenario or parameters.
const CANNOT: i32 = 3;

const USAGE: &str = "\
usage: crossbeam_suite [--impl crossbeam] [--scenario NAME] [--n N] [--cap 0|1|...|N|unbounded]
       [--payload 8|32|64] [--batch 1] [--threads T] [--producers P] [--consumers C]
       crossbeam_suite --smoke    a tiny run of everything
       crossbeam_suite --list     the implementations";

const SCENARIOS: [&str; 8] = [
    "thread_seq",
    "thread_spsc",
    "thread_mpsc",
    "thread_mpmc",
    "thread_select_rx",
    "thread_select_both",
    "thread_pingpong",
    "ring_compare",
];

#[derive(Clone)]
pub struct Params {
    pub scenario: String,
    pub cap_name: String,
    /// None: unbounded.
    pub cap: Option<usize>,
    /// Elements in all, a multiple of both thread counts.
    pub n: u64,
    pub payload: u64,
    pub batch: u64,
    /// 0 until resolved: the scenario's own.
    pub producers: u64,
    pub consumers: u64,
}

pub fn die(message: &str) -> ! {
    eprintln!("bench: {message}");
    std::process::exit(1);
}

/// crossbeam-channel's version, from the lock file that this was built with.
fn version() -> &'static str {
    let lock = include_str!("../Cargo.lock");
    let package = lock
        .split("[[package]]")
        .find(|p| p.contains("name = \"crossbeam-channel\""));
    let line = package.and_then(|p| p.lines().find(|l| l.starts_with("version = ")));
    line.and_then(|l| l.split('"').nth(1)).unwrap_or("unknown")
}

impl Params {
    fn new() -> Params {
        Params {
            scenario: "thread_spsc".into(),
            cap_name: "64".into(),
            cap: None,
            n: 5_000_000,
            payload: 8,
            batch: 1,
            producers: 0,
            consumers: 0,
        }
    }

    /// Fills in what follows from the rest; n goes down to a multiple of both thread counts.
    fn resolve(mut self, threads: u64) -> Params {
        let scenario = self.scenario.as_str();
        if !SCENARIOS.contains(&scenario) {
            die(&format!(
                "there is no scenario '{scenario}'; --help lists the options"
            ));
        }
        let many_producers = !["thread_seq", "thread_spsc", "thread_pingpong"].contains(&scenario);
        let many_consumers =
            many_producers && !["thread_mpsc", "thread_select_rx"].contains(&scenario);
        if self.producers == 0 {
            self.producers = if many_producers { threads } else { 1 };
        }
        if self.consumers == 0 {
            self.consumers = if many_consumers { threads } else { 1 };
        }
        let share = self.producers * self.consumers;
        self.n = (self.n - self.n % share).max(share);
        self.cap = match self.cap_name.as_str() {
            "unbounded" => None,
            "N" => Some(self.n as usize),
            cap => Some(number("--cap", cap) as usize),
        };
        self
    }

    fn why_not(&self) -> Option<&'static str> {
        if self.batch != 1 {
            return Some("it has no batches");
        }
        if ![8, 32, 64].contains(&self.payload) {
            return Some("the payload is 8, 32 or 64 bytes");
        }
        let one_to_one = self.producers == 1 && self.consumers == 1;
        match self.scenario.as_str() {
            "thread_seq" if self.cap.map_or(false, |cap| (cap as u64) < self.n) => {
                Some("one thread would fill it and wait for ever")
            }
            "thread_spsc" | "thread_pingpong" if !one_to_one => {
                Some("it is one thread on each side")
            }
            _ => None,
        }
    }

    pub fn report(&self, wall_ns: u64) {
        println!(
            "bench scenario={} impl={IMPL} version={} cap={} payload={} batch={} producers={} \
             consumers={} ops={} wall_ns={wall_ns} ns_per_op={:.3}",
            self.scenario,
            version(),
            self.cap_name,
            self.payload,
            self.batch,
            self.producers,
            self.consumers,
            self.n,
            wall_ns as f64 / self.n as f64
        );
    }
}

fn number(option: &str, text: &str) -> u64 {
    text.parse()
        .unwrap_or_else(|_| die(&format!("{option} takes a number, not '{text}'")))
}

fn smoke() -> Vec<Params> {
    let tiny = Params {
        n: 600,
        ..Params::new()
    };
    let mut all = Vec::new();
    for scenario in SCENARIOS {
        for cap in ["0", "1", "64", "N", "unbounded"] {
            let p = Params {
                scenario: scenario.into(),
                cap_name: cap.into(),
                ..tiny.clone()
            };
            all.push(p.resolve(3));
        }
    }
    for payload in [32, 64] {
        all.push(
            Params {
                payload,
                ..tiny.clone()
            }
            .resolve(1),
        );
    }
    all.retain(|p| p.why_not().is_none());
    all
}

fn one(args: &[String]) -> Params {
    let mut p = Params::new();
    let mut threads = 4;
    for pair in args.chunks(2) {
        let (option, value) = match pair {
            [option, value] => (option, value),
            _ => die(&format!("option {} needs a value; see --help", pair[0])),
        };
        match option.as_str() {
            "--impl" if value == IMPL => {}
            "--impl" => die(&format!(
                "there is no implementation '{value}' here; it is {IMPL}"
            )),
            "--scenario" => p.scenario = value.clone(),
            "--cap" => p.cap_name = value.clone(),
            "--n" => p.n = number(option, value).max(1),
            "--payload" => p.payload = number(option, value),
            "--batch" => p.batch = number(option, value),
            "--threads" => threads = number(option, value).max(1),
            "--producers" => p.producers = number(option, value),
            "--consumers" => p.consumers = number(option, value),
            _ => die(&format!("unknown option '{option}'; --help lists them")),
        }
    }
    let p = p.resolve(threads);
    if let Some(reason) = p.why_not() {
        eprintln!(
            "bench: {IMPL} does not run {} with cap {}: {reason}",
            p.scenario, p.cap_name
        );
        std::process::exit(CANNOT);
    }
    p
}

/// The measurements that the command line asks for.
pub fn from_command_line() -> Vec<Params> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("--smoke") => smoke(),
        Some("--list") => {
            println!("{IMPL}");
            Vec::new()
        }
        Some("--help") => {
            println!("{USAGE}");
            Vec::new()
        }
        _ => vec![one(&args)],
    }
}
