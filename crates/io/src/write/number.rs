//! Numbers as text, the shortest that reads back to the same bits.

use std::fmt;

/// Shows a number in the shortest decimal form that reads back bit for bit,
/// with an exponent where that is shorter than leading or trailing zeros.
pub(super) struct Shortest(pub f64);

impl fmt::Display for Shortest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.abs();
        if magnitude == 0.0 || (1e-5..1e16).contains(&magnitude) {
            write!(f, "{}", self.0)
        } else {
            write!(f, "{:e}", self.0)
        }
    }
}

/// Shows numbers parted by single spaces.
pub(super) struct Row<'n>(pub &'n [f64]);

impl fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, number) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            Shortest(*number).fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn short_forms() {
        let numbers = [0.0, -0.0, 1.0, -2.5, 1e-5, 9.9e-6, 1e16, 123456.75, 1e-300];
        assert_eq!(
            Row(&numbers).to_string(),
            "0 -0 1 -2.5 0.00001 9.9e-6 1e16 123456.75 1e-300"
        );
    }

    proptest! {
        #[test]
        fn reads_back_bit_for_bit(bits in any::<u64>()) {
            let number = f64::from_bits(bits);
            prop_assume!(number.is_finite());
            let text = Shortest(number).to_string();
            prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), bits);
            prop_assert!(text.len() <= 24, "{}", text);
        }
    }
}
