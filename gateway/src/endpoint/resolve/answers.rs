//! What the lookup of a name has brought so far, and what that makes of its addresses.

use std::net::IpAddr;
use std::time::Duration;

/// What came of asking for the addresses of one family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// At least one.
    Addresses(Vec<IpAddr>, Duration),
    /// There are none.
    Nothing,
    /// Nobody knows: why not.
    Failed(String),
}

impl Answer {
    /// Addresses with the time to live of the answer. Those that no host can have count for nothing: some servers
    /// answer `0.0.0.0` for a name they block, and a connection to that ends on this machine.
    pub fn of(addresses: impl IntoIterator<Item = IpAddr>, ttl: Duration) -> Answer {
        let usable = |ip: &IpAddr| !ip.to_canonical().is_unspecified() && !ip.to_canonical().is_multicast();
        let mut addresses: Vec<_> = addresses.into_iter().filter(usable).collect();
        // Servers send them in another order each time; which one is first is decided elsewhere.
        addresses.sort_unstable();
        addresses.dedup();
        if addresses.is_empty() { Answer::Nothing } else { Answer::Addresses(addresses, ttl) }
    }

    fn addresses(&self) -> Option<(&[IpAddr], Duration)> {
        match self {
            Answer::Addresses(addresses, ttl) => Some((addresses, *ttl)),
            _ => None,
        }
    }
}

/// The answers of both families; `None` while one is waited for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Answers {
    pub v6: Option<Answer>,
    pub v4: Option<Answer>,
}

impl Answers {
    pub fn failed(why: impl Into<String>) -> Answers {
        let failed = Answer::Failed(why.into());
        Answers { v6: Some(failed.clone()), v4: Some(failed) }
    }

    /// For how long they hold; `None` when there is not one address.
    pub fn ttl(&self) -> Option<Duration> {
        self.both().filter_map(Answer::addresses).map(|(_, ttl)| ttl).min()
    }

    /// Whether it is certain that the name has no address.
    pub fn are_negative(&self) -> bool {
        let nothing = Some(Answer::Nothing);
        self.v6 == nothing && self.v4 == nothing
    }

    /// Why there is not one address.
    pub fn failure(&self) -> &str {
        let why = self.both().find_map(|answer| match answer {
            Answer::Failed(why) => Some(why.as_str()),
            _ => None,
        });
        why.unwrap_or("the name has no address")
    }

    /// The addresses from now on, given those `known`; `None` when there is nothing to learn. A family that could not
    /// be asked, or is still waited for, stays as it was. That a family has no addresses counts only beside some of the
    /// other: a name without any is no reason to forget.
    pub fn learn(&self, known: &[IpAddr]) -> Option<Vec<IpAddr>> {
        self.ttl()?;
        let family = |answer: &Option<Answer>, belongs: fn(&IpAddr) -> bool| match answer {
            Some(Answer::Addresses(addresses, _)) => addresses.clone(),
            Some(Answer::Nothing) => Vec::new(),
            Some(Answer::Failed(_)) | None => known.iter().copied().filter(belongs).collect(),
        };
        Some(alternate(family(&self.v6, IpAddr::is_ipv6), family(&self.v4, IpAddr::is_ipv4)))
    }

    fn both(&self) -> impl Iterator<Item = &Answer> {
        self.v6.iter().chain(&self.v4)
    }
}

/// Address families in turn, IPv6 first (RFC 8305 §4): where one does not work, the next address is of the other.
fn alternate(v6: Vec<IpAddr>, v4: Vec<IpAddr>) -> Vec<IpAddr> {
    let (mut v6, mut v4) = (v6.into_iter(), v4.into_iter());
    let mut all = Vec::with_capacity(v6.len() + v4.len());
    while v6.len() + v4.len() > 0 {
        all.extend(v6.next());
        all.extend(v4.next());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Duration = Duration::from_secs(30);

    fn ips(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().expect("an address")).collect()
    }

    fn some(texts: &[&str]) -> Option<Answer> {
        Some(Answer::of(ips(texts), TTL))
    }

    fn failed() -> Option<Answer> {
        Some(Answer::Failed("no answer".to_string()))
    }

    #[test]
    fn the_families_take_turns() {
        let answers = Answers {
            v6: some(&["2001:db8::1"]),
            v4: some(&["192.0.2.3", "192.0.2.1", "192.0.2.2", "192.0.2.1"]),
        };
        let learnt = answers.learn(&[]).expect("addresses");
        assert_eq!(learnt, ips(&["2001:db8::1", "192.0.2.1", "192.0.2.2", "192.0.2.3"]));
    }

    #[test]
    fn an_answer_replaces_what_is_known_of_its_family_and_a_failure_does_not() {
        let known = ips(&["2001:db8::9", "192.0.2.9"]);
        let new = || some(&["192.0.2.1"]);
        let learn = |v6, v4| Answers { v6, v4 }.learn(&known);
        assert_eq!(learn(failed(), new()), Some(ips(&["2001:db8::9", "192.0.2.1"])));
        assert_eq!(learn(None, new()), Some(ips(&["2001:db8::9", "192.0.2.1"])), "still waited for");
        assert_eq!(learn(Some(Answer::Nothing), new()), Some(ips(&["192.0.2.1"])));
    }

    #[test]
    fn no_answer_without_addresses_takes_any_away() {
        for (v6, v4) in [
            (Some(Answer::Nothing), Some(Answer::Nothing)),
            (Some(Answer::Nothing), failed()),
            (failed(), failed()),
            (None, None),
            (some(&["::", "::ffff:0.0.0.0"]), some(&["0.0.0.0", "224.0.0.1"])),
        ] {
            let answers = Answers { v6, v4 };
            assert_eq!((answers.learn(&ips(&["192.0.2.9"])), answers.ttl()), (None, None), "{answers:?}");
        }
    }

    #[test]
    fn they_hold_for_the_shorter_of_both_times() {
        let answers =
            Answers { v6: Some(Answer::of(ips(&["2001:db8::1"]), TTL / 2)), v4: some(&["192.0.2.1"]) };
        assert_eq!(answers.ttl(), Some(TTL / 2));
        assert_eq!(Answers { v6: failed(), ..answers }.ttl(), Some(TTL));
    }

    #[test]
    fn a_failure_says_more_than_that_there_is_nothing() {
        let answers = Answers { v6: Some(Answer::Nothing), v4: failed() };
        assert_eq!((answers.failure(), answers.are_negative()), ("no answer", false));
        let answers = Answers { v4: Some(Answer::Nothing), ..answers };
        assert_eq!((answers.failure(), answers.are_negative()), ("the name has no address", true));
    }
}
