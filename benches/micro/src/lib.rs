//! Single steps of a request, each on an input as it comes in practice.

mod gateway;
mod limiter;
mod protocol;

use allocation_counter::measure;

/// One step, with what it works on.
pub struct Step {
    pub name: &'static str,
    run: Box<dyn Fn()>,
}

impl Step {
    fn new(name: &'static str, run: impl Fn() + 'static) -> Step {
        Step { name, run: Box::new(run) }
    }

    pub fn run(&self) {
        (self.run)();
    }

    /// How often it asks for memory.
    pub fn allocations(&self) -> u64 {
        // What is made once, on first use, is no part of it.
        self.run();
        measure(|| self.run()).count_total
    }
}

/// All steps. Where an input is not taken, the step returns early: the tests look that it is.
pub fn steps() -> Vec<Step> {
    protocol::steps().into_iter().chain(gateway::steps()).chain(limiter::steps()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allocations(name: &str) -> u64 {
        steps().iter().find(|step| step.name == name).expect("a step").allocations()
    }

    #[test]
    fn a_clean_path_is_checked_without_an_allocation() {
        assert_eq!(allocations("check the path of a request"), 0);
    }

    #[test]
    fn an_envelope_is_read_without_an_allocation() {
        assert_eq!(allocations("read the envelope of a call of 1 KB"), 0);
    }

    #[test]
    fn what_a_challenge_takes_is_counted() {
        assert!((1..=11).contains(&allocations("rewrite a challenge")));
    }

    #[test]
    fn an_api_is_found_without_an_allocation_however_many_there_are() {
        for apis in ["1 API", "1,000 APIs", "10,000 APIs"] {
            assert_eq!(allocations(&format!("find the API of a path, of {apis}")), 0, "{apis}");
        }
    }

    #[test]
    fn a_head_is_checked_without_an_allocation() {
        assert_eq!(allocations("check the head of a request"), 0);
    }

    #[test]
    fn a_limit_counts_a_key_it_knows_without_an_allocation() {
        assert_eq!(allocations("count against a limit in memory"), 0);
    }
}
