//! Random numbers that depend on nothing but their seed.

use nalgebra::SVector;

/// A generator: xoshiro256++ (D. Blackman, S. Vigna, ACM Trans. Math. Softw.
/// 47 (2021) 36), its state filled by SplitMix64 from the seed.
#[derive(Clone, Debug)]
pub struct Random {
    state: [u64; 4],
    /// The second of a pair of normal numbers.
    spare: Option<f64>,
}

impl Random {
    /// The generator of a seed.
    pub fn new(seed: u64) -> Self {
        let mut x = seed;
        let state = std::array::from_fn(|_| {
            x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = x;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        });
        Self { state, spare: None }
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Uniform in [0, 1), a multiple of 2⁻⁵³.
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform among `0..count`; 0 for none.
    pub fn index(&mut self, count: usize) -> usize {
        // The bias, count / 2⁶⁴, is far below what any simulation can show.
        ((u128::from(self.bits()) * count as u128) >> 64) as usize
    }

    /// True with the given probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    /// Normal with mean 0 and variance 1 (Marsaglia's polar method).
    pub fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let (x, y) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let s = x * x + y * y;
            if s > 0.0 && s < 1.0 {
                let scale = (-2.0 * s.ln() / s).sqrt();
                self.spare = Some(y * scale);
                return x * scale;
            }
        }
    }

    /// Independent normal numbers.
    pub fn normals<const N: usize>(&mut self) -> SVector<f64, N> {
        SVector::from_fn(|_, _| self.normal())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SplitMix64 from 0, and the vector that the crate rand_xoshiro tests
    /// xoshiro256++ with: state 1, 2, 3, 4.
    #[test]
    fn bits_are_those_of_the_reference() {
        let seeded = Random::new(0).state;
        assert_eq!(
            seeded,
            [
                0xe220_a839_7b1d_cdaf,
                0x6e78_9e6a_a1b9_65f4,
                0x06c4_5d18_8009_454f,
                0xf88b_b8a8_724c_81ec
            ]
        );
        let mut random = Random {
            state: [1, 2, 3, 4],
            spare: None,
        };
        let expected = [
            41943041,
            58720359,
            3588806011781223,
            3591011842654386,
            9228616714210784205,
            9973669472204895162,
            14011001112246962877,
            12406186145184390807,
            15849039046786891736,
            10450023813501588000,
        ];
        for bits in expected {
            assert_eq!(random.bits(), bits);
        }
    }

    #[test]
    fn moments_are_those_of_the_distributions() {
        let mut random = Random::new(1);
        let n = 100_000;
        let (mut mean, mut square, mut fourth, mut uniform) = (0.0, 0.0, 0.0, 0.0);
        let mut counts = [0; 7];
        for _ in 0..n {
            let x = random.normal();
            mean += x;
            square += x * x;
            fourth += x.powi(4);
            uniform += random.uniform();
            counts[random.index(7)] += 1;
        }
        // Five standard errors: 1, √2, √96 and √(1/12) over √n.
        let n = f64::from(n);
        let within = |value: f64, truth: f64, deviation: f64| {
            (value / n - truth).abs() < 5.0 * deviation / n.sqrt()
        };
        assert!(within(mean, 0.0, 1.0), "{mean}");
        assert!(within(square, 1.0, 2.0_f64.sqrt()), "{square}");
        assert!(within(fourth, 3.0, 96.0_f64.sqrt()), "{fourth}");
        assert!(within(uniform, 0.5, (1.0_f64 / 12.0).sqrt()), "{uniform}");
        for count in counts {
            let p = 1.0 / 7.0;
            assert!(within(f64::from(count), p, (p * (1.0 - p)).sqrt()));
        }
    }

    #[test]
    fn seeds_differ_and_repeat() {
        let draw = |seed| Random::new(seed).normals::<6>();
        assert_eq!(draw(5), draw(5));
        assert_ne!(draw(5), draw(6));
        assert_eq!(Random::new(0).index(0), 0);
        assert!(!Random::new(0).chance(0.0) && Random::new(0).chance(1.0));
    }
}
