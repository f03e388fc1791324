//! Angles that read back as the same rotation.

use slam16_geometry::So2;

/// An angle θ with `So2::exp(θ)` equal to `rotation` bit for bit if there is
/// one near, else the nearest angle.
///
/// Files hold angles and we keep cosine and sine. A rotation that came from an
/// angle is the image of some angle; `log` misses it by a few units in the
/// last place, or by a full turn where the file's angle was beyond ±π.
pub(super) fn angle_of(rotation: &So2) -> f64 {
    let nearest = rotation.log();
    let turn = std::f64::consts::TAU.copysign(-nearest);
    for centre in [nearest, nearest + turn] {
        let (mut up, mut down) = (centre, centre);
        for _ in 0..16 {
            for candidate in [up, down] {
                if So2::exp(candidate) == *rotation {
                    return candidate;
                }
            }
            up = up.next_up();
            down = down.next_down();
        }
    }
    nearest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn special_angles() {
        use std::f64::consts::PI;
        for theta in [
            0.0,
            -0.0,
            PI,
            -PI,
            PI / 2.0,
            6.282233,
            1e-300,
            2.0 * PI,
            3.0 * PI / 2.0,
        ] {
            let rotation = So2::exp(theta);
            assert_eq!(So2::exp(angle_of(&rotation)), rotation, "{theta}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn reads_back_bit_for_bit(theta in prop_oneof![-3.2..3.2f64, -6.3..6.3f64, -1e-6..1e-6f64]) {
            let rotation = So2::exp(theta);
            prop_assert_eq!(So2::exp(angle_of(&rotation)), rotation);
        }
    }
}
