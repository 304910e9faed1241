//! The middle of several rounds, and how far they are apart.

use serde::Serialize;

/// A median with its quartiles.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    pub median: f64,
    pub lower: f64,
    pub upper: f64,
}

impl Spread {
    /// Of these figures, unless there are none.
    pub fn of(mut figures: Vec<f64>) -> Option<Spread> {
        figures.sort_by(f64::total_cmp);
        let at = |share: f64| between(&figures, share);
        Some(Spread { median: at(0.5)?, lower: at(0.25)?, upper: at(0.75)? })
    }
}

/// The figure at this share of the way from the least to the greatest, between its two neighbours.
fn between(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * (sorted.len().checked_sub(1)?) as f64;
    let (below, above) = (sorted.get(place.floor() as usize)?, sorted.get(place.ceil() as usize)?);
    Some(below + (above - below) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_has_half_of_the_figures_on_either_side() {
        let spread = Spread::of(vec![9.0, 1.0, 3.0, 2.0, 100.0]).unwrap();
        assert_eq!(spread, Spread { median: 3.0, lower: 2.0, upper: 9.0 });
        assert_eq!(Spread::of(vec![1.0, 2.0]).unwrap().median, 1.5);
        assert_eq!(Spread::of(vec![7.0]).unwrap(), Spread { median: 7.0, lower: 7.0, upper: 7.0 });
        assert!(Spread::of(Vec::new()).is_none());
    }

    #[test]
    fn the_median_of_ratios_is_not_moved_by_a_round_in_which_the_machine_was_busy() {
        let (own, floor) = ([110.0, 330.0, 11.0, 220.0, 110.0], [100.0, 300.0, 10.0, 100.0, 100.0]);
        let ratios = own.iter().zip(floor).map(|(own, floor)| own / floor).collect();
        assert!((Spread::of(ratios).unwrap().median - 1.1).abs() < 1e-9);
    }
}
