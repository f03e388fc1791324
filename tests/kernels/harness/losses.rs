//! What f32 may make of the robust losses.

use slam16::problem::Loss;

use super::Bounded;

/// `ρ'(s)`: the value of the library, the bound of the kernel's formula.
pub fn slope(loss: Loss, s: Bounded) -> Bounded {
    let d = Bounded::input(loss.parts().1.unwrap_or(1.0));
    let one = Bounded::exact(1.0);
    let x = s / (d * d);
    let found = match loss {
        Loss::None => one,
        Loss::Huber(_) => s.choose(d * d, one, d / s.sqrt()),
        Loss::PseudoHuber(_) => one / (one + x).sqrt(),
        Loss::Cauchy(_) => one / (one + x),
        Loss::GemanMcClure(_) => (one / (one + x)) * (one / (one + x)),
        Loss::Welsch(_) => x.exp_minus(),
        Loss::Tukey(_) => x.choose(one, (one - x) * (one - x), Bounded::exact(0.0)),
        Loss::Fair(_) => one / (one + s.sqrt() / d),
        Loss::Dcs(_) => {
            let w = 2.0 * d / (d + s);
            s.choose(d, one, w * w)
        }
    };
    Bounded {
        value: loss.evaluate(s.value).1,
        error: found.error,
    }
}

/// `ρ(s)`, likewise. Roundings of the series, and of logarithms and
/// exponentials where they are used: `ln(1 + x)` above `ln 2` has 6 units of
/// its own and 1.5 of its argument, its series 12; `x − ln(1 + x)` above 0.3
/// has as many of a number up to 2.3 times as large; `1 − exp(−x)` above 0.39
/// has 6 + 4 x of `exp(−x)`, at most 13 of the result.
pub fn value(loss: Loss, s: Bounded) -> Bounded {
    let d = Bounded::input(loss.parts().1.unwrap_or(1.0));
    let one = Bounded::exact(1.0);
    let x = s / (d * d);
    let found = match loss {
        Loss::None => s,
        Loss::Huber(_) => s.choose(d * d, s, d * (2.0 * s.sqrt() - d)),
        Loss::PseudoHuber(_) => 2.0 * s / ((one + x).sqrt() + one),
        Loss::Cauchy(_) => d * d * x.gentle(f64::ln_1p, 16.0),
        Loss::GemanMcClure(_) => s / (one + x),
        Loss::Welsch(_) => d * d * x.gentle(|x| -(-x).exp_m1(), 24.0),
        Loss::Tukey(_) => {
            let third = d * d / Bounded::exact(3.0);
            let inside = third * x * (3.0 + x * (x - Bounded::exact(3.0)));
            x.choose(one, inside, third)
        }
        Loss::Fair(_) => {
            let less = (s.sqrt() / d).gentle(|x| x - x.ln_1p(), 40.0);
            2.0 * d * d * less
        }
        Loss::Dcs(_) => s.choose(d, s, d * (3.0 * s - d) / (s + d)),
    };
    Bounded {
        value: loss.evaluate(s.value).0,
        error: found.error,
    }
}
