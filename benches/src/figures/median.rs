//! The middle of several rounds, and how far they are apart.

use serde::Serialize;

/// A median with its quartiles.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    pub median: f64,
    pub lower: f64,
    pub upper: f64,
    /// Where the median of ever more rounds would be, with a confidence of 95 %; not known of fewer than six.
    pub interval: Option<(f64, f64)>,
}

impl Spread {
    /// Of these figures, unless there are none.
    pub fn of(mut figures: Vec<f64>) -> Option<Spread> {
        figures.sort_by(f64::total_cmp);
        let at = |share: f64| between(&figures, share);
        Some(Spread { median: at(0.5)?, lower: at(0.25)?, upper: at(0.75)?, interval: interval(&figures) })
    }
}

/// Between two figures that are equally far from the ends, whatever the distribution: each figure lies below the median as
/// a coin falls.
fn interval(sorted: &[f64]) -> Option<(f64, f64)> {
    const ON_EITHER_SIDE: f64 = 0.025;
    let count = sorted.len();
    // How probable it is that exactly so many lie below, and that no more do.
    let (mut exactly, mut at_most, mut place) = (0.5_f64.powi(i32::try_from(count).ok()?), 0.0, 0);
    while place < count && at_most + exactly <= ON_EITHER_SIDE {
        at_most += exactly;
        exactly *= (count - place) as f64 / (place + 1) as f64;
        place += 1;
    }
    let outside = place.checked_sub(1)?;
    Some((*sorted.get(outside)?, *sorted.get(count - 1 - outside)?))
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
        assert_eq!(spread, Spread { median: 3.0, lower: 2.0, upper: 9.0, interval: None });
        assert_eq!(Spread::of(vec![1.0, 2.0]).unwrap().median, 1.5);
        let one = Spread { median: 7.0, lower: 7.0, upper: 7.0, interval: None };
        assert_eq!(Spread::of(vec![7.0]).unwrap(), one);
        assert!(Spread::of(Vec::new()).is_none());
    }

    /// The places are those of tables of the sign test.
    #[test]
    fn more_rounds_say_more_exactly_where_the_median_is() {
        let interval = |count: u32| Spread::of((1..=count).map(f64::from).collect()).unwrap().interval;
        assert_eq!(interval(5), None);
        assert_eq!(interval(6), Some((1.0, 6.0)));
        assert_eq!(interval(10), Some((2.0, 9.0)));
        assert_eq!(interval(28), Some((9.0, 20.0)));
        assert_eq!(interval(100), Some((40.0, 61.0)));
    }

    #[test]
    fn the_median_of_ratios_is_not_moved_by_a_round_in_which_the_machine_was_busy() {
        let (own, floor) = ([110.0, 330.0, 11.0, 220.0, 110.0], [100.0, 300.0, 10.0, 100.0, 100.0]);
        let ratios = own.iter().zip(floor).map(|(own, floor)| own / floor).collect();
        assert!((Spread::of(ratios).unwrap().median - 1.1).abs() < 1e-9);
    }
}
