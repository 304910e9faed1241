//! What is remembered when there are many keys.

use super::*;

#[test]
fn keys_whose_windows_have_ended_go_first_and_are_not_forgotten() {
    let limiter = Limiter::new(windows(&[(1, SECOND), (5, MINUTE)]), some(100));
    let fill = |from: usize, to: usize, now| {
        (from..to).for_each(|name| assert!(limiter.take(&key(&name.to_string()), 1, now).allowed()));
    };
    fill(0, 50, NOW);
    fill(50, 100, NOW + SECOND);
    fill(100, 150, NOW + MINUTE);
    assert_eq!((limiter.keys(), limiter.forgotten()), (100, 0));
    // Those of the second group are still remembered.
    assert!(
        (50..100).all(|name| standing(&limiter.take(&key(&name.to_string()), 0, NOW + MINUTE))[1].0 == 4)
    );
}

#[test]
fn a_key_that_begins_its_window_again_is_the_last_to_go() {
    let limiter = Limiter::new(windows(&[(9, SECOND), (9, MINUTE)]), some(3));
    for (name, now) in
        [("a", 0), ("b", 1), ("c", 2), ("a", SECOND), ("a", MINUTE), ("d", MINUTE + 1), ("e", MINUTE + 2)]
    {
        limiter.take(&key(name), 1, NOW + now);
    }
    assert_eq!(limiter.forgotten(), 0);
    let left = ["a", "d", "e"].map(|name| limiter.take(&key(name), 0, NOW + MINUTE + 2).windows[1].left);
    assert_eq!(left, [8; 3]);
}

#[test]
fn a_copy_for_fewer_keys_has_those_that_end_last() {
    let old = Limiter::new(windows(&[(1, MINUTE)]), some(100));
    (0..100).for_each(|number| {
        assert!(old.take(&key(&number.to_string()), 1, NOW + number * 37 % 100).allowed())
    });
    let new = old.with(windows(&[(1, MINUTE)]), some(10), NOW + SECOND);
    assert_eq!((new.keys(), new.forgotten()), (10, 90));
    let known = |number: &u64| new.take(&key(&number.to_string()), 0, NOW + SECOND).windows[0].left == 0;
    assert!((0..100).filter(known).all(|number| number * 37 % 100 >= 90));
}

#[test]
fn when_all_are_under_way_the_one_that_ends_soonest_is_forgotten_and_counted() {
    let limiter = Limiter::new(windows(&[(1, MINUTE)]), some(8));
    let name = |number: u64| key(&number.to_string());
    for number in 0..8 {
        limiter.take(&name((number * 3 + 5) % 8), 1, NOW + number);
    }
    limiter.take(&name(8), 1, NOW + SECOND);
    assert_eq!((limiter.keys(), limiter.forgotten()), (8, 1));
    let left = |number| limiter.take(&name(number), 0, NOW + SECOND).windows[0].left;
    assert_eq!((0..9).map(left).collect::<Vec<_>>(), [0, 0, 0, 0, 0, 1, 0, 0, 0]);
}

#[test]
fn a_flood_of_keys_is_bounded_and_each_key_still_finds_its_own_numbers() {
    for max_keys in [1, 7, 1000, 5000] {
        let limiter = Limiter::new(windows(&[(3, MINUTE), (9, 10 * MINUTE)]), some(max_keys));
        for number in 0..20_000_u64 {
            let (own, now) = (key(&number.to_string()), NOW + number * 50);
            limiter.take(&own, 1, now);
            assert_eq!(limiter.take(&own, 1, now).windows[0].left, 1);
        }
        assert!(limiter.keys() <= max_keys && limiter.forgotten() > 0);
    }
}

#[test]
fn while_keys_end_as_fast_as_others_come_none_is_forgotten() {
    let limiter = Limiter::new(windows(&[(1, 5 * SECOND)]), some(100));
    for second in 0..200 {
        for number in 0..20 {
            limiter.take(&key(&format!("{second} {number}")), 1, NOW + second * SECOND + number);
        }
    }
    assert_eq!((limiter.keys(), limiter.forgotten()), (100, 0));
}

#[test]
fn keys_of_a_clock_that_was_set_back_are_not_kept_for_good() {
    let limiter = Limiter::new(windows(&[(1, MINUTE)]), some(10));
    let ten = |group: &str, now| {
        (0..10).filter(|number| limiter.take(&key(&format!("{group} {number}")), 1, now).allowed()).count()
    };
    assert_eq!(ten("ahead", NOW + MONTH), 10);
    assert_eq!(ten("later", NOW), 10);
    assert_eq!((limiter.keys(), ten("later", NOW + 1)), (10, 0));
    assert_eq!(ten("last", NOW + MINUTE), 10);
    // Not those of the second group, which had ended.
    assert_eq!(limiter.forgotten(), 10);
}
