//! The run: every workload with everybody who takes part, in rounds, the order turned by one in each.

use std::rc::Rc;
use std::time::Duration;

use crate::contestant::Contestant;
use crate::figures::median::Spread;
use crate::figures::{Figure, Round, Row};
use crate::lab::Lab;
use crate::options::Options;
use crate::progress::Progress;
use crate::targets::Site;
use crate::workloads::{ALL, Workload};

/// How long it is measured. What differs from one turn to the next, such as which thread has which connections, differs as
/// much between short turns as between long ones, and is averaged away by their number alone.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub rounds: usize,
    pub turn: Duration,
}

impl Plan {
    pub fn new(options: &Options) -> Plan {
        let (rounds, turn) = if options.quick { (6, 200) } else { (50, 250) };
        Plan {
            rounds: options.rounds.unwrap_or(rounds),
            turn: options.turn.unwrap_or(Duration::from_millis(turn)),
        }
    }
}

/// A workload that was run.
pub struct Section {
    pub workload: &'static Workload,
    pub rows: Vec<Row>,
    /// Why there are no rows.
    pub skipped: Option<String>,
}

impl Section {
    /// The row of that name, if there is one that counts.
    pub fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.name == name && row.void.is_none())
    }

    /// What others took of the machine meanwhile, in percent.
    pub fn foreign(&self) -> f64 {
        let all = self.rows.iter().flat_map(|row| row.values(Figure::Foreign)).collect();
        Spread::of(all).map(|spread| spread.median).unwrap_or_default()
    }
}

/// The workloads that were asked for.
///
/// # Errors
/// When there is none of that name.
pub fn selected(options: &Options) -> Result<Vec<&'static Workload>, String> {
    let known = |name: &String| ALL.iter().any(|workload| workload.id.eq_ignore_ascii_case(name));
    if let Some(unknown) = options.only.iter().find(|name| !known(name)) {
        let all: Vec<_> = ALL.iter().map(|workload| workload.id).collect();
        return Err(format!("there is no workload {unknown}; there are {}", all.join(", ")));
    }
    let wanted = |workload: &&Workload| match options.only.as_slice() {
        [] => workload.quick || !options.quick,
        only => only.iter().any(|name| workload.id.eq_ignore_ascii_case(name)),
    };
    Ok(ALL.iter().filter(wanted).collect())
}

/// Runs them all.
pub fn run(lab: &Lab, workloads: &[&'static Workload], plan: Plan) -> Vec<Section> {
    let all: Vec<_> = workloads.iter().map(|workload| (*workload, (workload.contestants)(lab))).collect();
    let steps = |(workload, contestants): &(&Workload, Result<Vec<_>, _>)| {
        let rounds = workload.traffic.most_rounds().min(plan.rounds) + 1;
        contestants.as_ref().map_or(0, |contestants| contestants.len() * rounds)
    };
    let mut progress = Progress::new(all.iter().map(steps).sum());
    let sections = all
        .into_iter()
        .map(|(workload, contestants)| match contestants {
            Ok(contestants) => {
                let rows = measure(lab, workload, &contestants, plan, &mut progress);
                Section { workload, rows, skipped: None }
            }
            Err(reason) => Section { workload, rows: Vec::new(), skipped: Some(reason) },
        })
        .collect();
    progress.end();
    sections
}

fn measure(
    lab: &Lab,
    workload: &Workload,
    contestants: &[Contestant],
    plan: Plan,
    progress: &mut Progress,
) -> Vec<Row> {
    let mut rows: Vec<Row> = contestants.iter().map(|contestant| Row::new(&contestant.name)).collect();
    let plan = Plan { rounds: workload.traffic.most_rounds().min(plan.rounds), ..plan };
    let sites = start_all(lab, workload, contestants, &mut rows, plan, progress);
    for round in 0..plan.rounds {
        for place in 0..contestants.len() {
            let index = (place + round) % contestants.len();
            let (contestant, row) = (&contestants[index], &mut rows[index]);
            progress.doing(workload.id, &contestant.name);
            if row.void.is_none() {
                row.add(match &sites[index] {
                    Some(site) => workload.traffic.round(lab, contestant, site, plan.turn),
                    None => anew(lab, workload, contestant, plan),
                });
            }
            progress.step(1);
        }
    }
    rows
}

/// A round before a process that is started for it.
fn anew(lab: &Lab, workload: &Workload, contestant: &Contestant, plan: Plan) -> Result<Round, String> {
    let site = contestant.start(lab)?;
    workload.traffic.round(lab, contestant, &site, plan.turn)
}

/// Starts everybody once, however many rows are about the same.
fn start_all(
    lab: &Lab,
    workload: &Workload,
    contestants: &[Contestant],
    rows: &mut [Row],
    plan: Plan,
    progress: &mut Progress,
) -> Vec<Option<Rc<Site>>> {
    let mut sites: Vec<Option<Rc<Site>>> = Vec::new();
    for (index, contestant) in contestants.iter().enumerate() {
        progress.doing(workload.id, &format!("starting {}", contestant.name));
        progress.step(1);
        if workload.traffic.starts_anew() {
            sites.push(None);
            continue;
        }
        let running = contestants[..index].iter().position(|other| same(other, contestant));
        let running = running.and_then(|same| sites[same].clone());
        let site = running.map_or_else(|| contestant.start(lab).map(Rc::new), Ok).and_then(|site| {
            // What is done once only, and what grows with use, is over before anything is measured.
            workload.traffic.round(lab, contestant, &site, plan.turn)?;
            Ok(site)
        });
        sites.push(site.map_err(|reason| rows[index].add(Err(reason))).ok());
    }
    sites
}

fn same(one: &Contestant, other: &Contestant) -> bool {
    one.target.name() == other.target.name() && one.setup == other.setup
}
