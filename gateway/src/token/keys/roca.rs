//! RSA keys whose primes can be guessed (CVE-2017-15361, "ROCA"): a library in smart cards and TPMs made primes that
//! are, modulo a product of small primes, powers of 65537. So is then their product modulo each of the small primes,
//! which for any other key happens once in 10⁸ times.

const GENERATOR: u32 = 65_537;
/// The primes up to 167 of which 65537 does not generate all residues: the others say nothing.
const PRIMES: [u32; 17] = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];

/// Whether a modulus, big-endian, shows the pattern.
pub(super) fn is_guessable(modulus: &[u8]) -> bool {
    PRIMES.iter().all(|prime| is_power(remainder(modulus, *prime), *prime))
}

fn remainder(number: &[u8], divisor: u32) -> u32 {
    number.iter().fold(0, |rest, byte| ((rest << 8) | u32::from(*byte)) % divisor)
}

/// Whether `residue` is a power of the generator modulo `prime`.
fn is_power(residue: u32, prime: u32) -> bool {
    let mut power = 1;
    for _ in 1..prime {
        if power == residue {
            return true;
        }
        power = power * (GENERATOR % prime) % prime;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_primes_listed_are_those_that_tell_something() {
        let is_prime = |number: &u32| (2..*number).all(|divisor| !number.is_multiple_of(divisor));
        let tells = |prime: &u32| (1..*prime).any(|residue| !is_power(residue, *prime));
        assert_eq!((3..=167).filter(is_prime).filter(tells).collect::<Vec<_>>(), PRIMES);
    }

    #[test]
    fn a_power_of_the_generator_shows_the_pattern_and_its_neighbours_do_not() {
        assert!(is_guessable(&[1, 0, 1]));
        assert!(is_guessable(&[1, 0, 2, 0, 1]));
        assert!(!is_guessable(&[1, 0, 3]));
        assert!(!is_guessable(&[1, 0, 2, 0, 3]));
    }
}
