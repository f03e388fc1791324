//! Decimal numbers to `f64`, correctly rounded.

/// Powers of ten that a double holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// Value and length of the decimal number at the start of `text`, or `None`
/// where the short way does not give the exactly rounded value: the caller
/// then takes the whole token to the standard library.
///
/// The short way (Clinger, PLDI 1990): a mantissa of at most 2⁵³ times or
/// divided by an exact power of ten is one correctly rounded operation.
#[inline]
pub(crate) fn parse_short(text: &[u8]) -> Option<(f64, usize)> {
    let negative = text.first() == Some(&b'-');
    let mut at = usize::from(negative || text.first() == Some(&b'+'));
    let mut mantissa = 0u64;

    let start = at;
    digits(text, &mut at, &mut mantissa);
    let mut count = at - start;
    let mut exponent = 0i64;
    if text.get(at) == Some(&b'.') {
        at += 1;
        let point = at;
        digits(text, &mut at, &mut mantissa);
        count += at - point;
        exponent = point as i64 - at as i64;
    }
    // Nineteen digits always fit 64 bits; leading zeros only make this stricter.
    if count == 0 || count > 19 {
        return None;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        let (value, length) = parse_exponent(&text[at + 1..])?;
        exponent += value;
        at += 1 + length;
    }
    if mantissa > 1 << 53 {
        return None;
    }
    let magnitude = match exponent {
        0 => mantissa as f64,
        1..=22 => mantissa as f64 * POWERS[exponent as usize],
        -22..=-1 => mantissa as f64 / POWERS[-exponent as usize],
        _ => return None,
    };
    Some((if negative { -magnitude } else { magnitude }, at))
}

#[inline(always)]
fn digits(text: &[u8], at: &mut usize, mantissa: &mut u64) {
    while let Some(eight) = text.get(*at..*at + 8).and_then(eight_digits) {
        *mantissa = mantissa.wrapping_mul(100_000_000).wrapping_add(eight);
        *at += 8;
    }
    while let Some(digit) = text.get(*at).map(|b| b.wrapping_sub(b'0')) {
        if digit > 9 {
            break;
        }
        *mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
        *at += 1;
    }
}

/// Eight digits at once: neighbours are joined to pairs, fours, eight.
#[inline(always)]
fn eight_digits(text: &[u8]) -> Option<u64> {
    let word = u64::from_le_bytes(text.try_into().ok()?);
    let low = word.wrapping_sub(0x3030_3030_3030_3030);
    // Of the lowest byte that is no digit, one of the two has the high bit set.
    if (low | word.wrapping_add(0x4646_4646_4646_4646)) & 0x8080_8080_8080_8080 != 0 {
        return None;
    }
    let pairs = low.wrapping_mul(10).wrapping_add(low >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    Some(fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff)
}

#[inline]
fn parse_exponent(text: &[u8]) -> Option<(i64, usize)> {
    let negative = text.first() == Some(&b'-');
    let start = usize::from(negative || text.first() == Some(&b'+'));
    let mut value = 0i64;
    let mut at = start;
    while let Some(digit @ b'0'..=b'9') = text.get(at) {
        if at - start == 4 {
            return None;
        }
        value = value * 10 + i64::from(digit - b'0');
        at += 1;
    }
    (at > start).then_some((if negative { -value } else { value }, at))
}

/// Value of a whole token by the standard library, which rounds correctly.
/// Takes `inf` and `nan` too.
pub(crate) fn parse_token(token: &[u8]) -> Option<f64> {
    std::str::from_utf8(token).ok()?.parse().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> f64 {
        match parse_short(text.as_bytes()) {
            Some((value, length)) => {
                assert_eq!(length, text.len(), "{text}");
                value
            }
            None => parse_token(text.as_bytes()).unwrap(),
        }
    }

    #[test]
    fn edges_of_the_short_way() {
        for text in [
            "0",
            "-0",
            "+1",
            "1.",
            ".5",
            "-.5e3",
            "1e22",
            "1e23",
            "1e-22",
            "1e-23",
            "9007199254740992",
            "9007199254740993",
            "90071992547409930",
            "12345678",
            "123456789",
            "1234567.8",
            "0.12345678",
            "12345678.12345678e-10",
            "1E+05",
            "0000000000000000000000001",
            "1844674407370955161600",
            "5e-324",
            "1e400",
            "3.326500e+02",
            "1e-0",
            "0.000000000000000000001",
            "99999999999999999999",
        ] {
            let exact: f64 = text.parse().unwrap();
            assert_eq!(parse(text).to_bits(), exact.to_bits(), "{text}");
        }
    }

    #[test]
    fn takes_no_more_than_the_number() {
        for (text, length) in [
            ("1.5 2", 3),
            ("12345678/", 8),
            ("1234567:", 7),
            ("12\n", 2),
            ("1.2.3", 3),
        ] {
            assert_eq!(parse_short(text.as_bytes()).unwrap().1, length, "{text}");
        }
        for text in ["", "-", ".", "e5", "1e", "1e+", "nan", "-inf", "x"] {
            assert_eq!(parse_short(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn no_byte_beside_the_ten_digits_passes_eight_at_once() {
        for place in 0..8 {
            for byte in 0..=255u8 {
                let mut text = *b"12345678";
                text[place] = byte;
                assert_eq!(
                    eight_digits(&text).is_some(),
                    byte.is_ascii_digit(),
                    "{text:?}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn shortest_text_reads_back_bit_for_bit(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            for text in [format!("{value}"), format!("{value:e}"), format!("{value:?}")] {
                prop_assert_eq!(parse(&text).to_bits(), bits);
            }
        }

        #[test]
        fn agrees_with_the_standard_library(text in "[+-]?[0-9]{0,12}[.]?[0-9]{1,12}([eE][+-]?[0-9]{1,3})?") {
            let exact: f64 = text.parse().unwrap();
            prop_assert_eq!(parse(&text).to_bits(), exact.to_bits());
        }
    }
}
