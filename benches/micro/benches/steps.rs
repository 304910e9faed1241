//! `cargo bench -p tollgate-micro`: the time of each step, behind a line with its allocations.

use criterion::{Criterion, criterion_group, criterion_main};
use tollgate_micro::steps;

fn all_steps(criterion: &mut Criterion) {
    for step in steps() {
        println!("{}: {} allocations", step.name, step.allocations());
        criterion.bench_function(step.name, |bencher| bencher.iter(|| step.run()));
    }
}

criterion_group!(all, all_steps);
criterion_main!(all);
