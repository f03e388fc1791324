//! Steps taken on trust: a watchdog for Levenberg-Marquardt.

use super::control::{RUNAWAY, Trial};

/// Failed climbs after which no other is begun.
const CHANCES: usize = 3;

/// Steps that raise the cost are taken for a while where the cost may fall
/// below its best value afterwards: in a curved valley the full step overshoots
/// and the next one lands, where a monotone method crawls. When it does not
/// fall, the loop goes back to the best state and raises the damping, so that
/// little is lost. Source: Chamberlain, Powell, Lemarechal, Pedersen, "The
/// watchdog technique for forcing convergence", Math. Prog. Study 16 (1982).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Climbs {
    /// Most steps of one climb above the best cost; 0 for a monotone method.
    limit: usize,
    /// Steps of the climb under way; 0 while there is none.
    steps: usize,
    /// Climbs that may still fail.
    chances: usize,
    /// A new best state was reached since the last failure.
    fresh: bool,
}

impl Climbs {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            steps: 0,
            chances: CHANCES,
            fresh: true,
        }
    }

    pub(super) fn climbing(&self) -> bool {
        self.steps > 0
    }

    /// Whether a step that lowers nothing may be taken.
    pub(super) fn allows(&self, trial: &Trial) -> bool {
        let begins = self.fresh && self.chances > 0 && self.limit > 0;
        (self.climbing() || begins)
            && trial.predicted > 0.0
            && trial.trial_cost <= RUNAWAY * trial.best
    }

    /// Counts a step, which was taken or refused and met a stop test or not.
    /// `true` when the climb has failed.
    pub(super) fn disappointed(&mut self, trial: &Trial, taken: bool, stopped: bool) -> bool {
        if taken && trial.trial_cost < trial.best {
            self.steps = 0;
            self.fresh = true;
            return false;
        }
        let ended = stopped || !taken;
        if !self.climbing() && ended {
            return false;
        }
        self.steps += 1;
        let failed = ended || self.steps > self.limit;
        if failed {
            self.fail();
        }
        failed
    }

    /// Ends the climb without success.
    pub(super) fn fail(&mut self) {
        self.steps = 0;
        self.chances = self.chances.saturating_sub(1);
        self.fresh = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(trial_cost: f64) -> Trial {
        Trial {
            cost: 12.0,
            trial_cost,
            predicted: 1.0,
            scaled_norm: 1.0,
            best: 10.0,
        }
    }

    #[test]
    fn a_climb_that_pays_costs_no_chance() {
        let mut climbs = Climbs::new(3);
        for _ in 0..10 * CHANCES {
            assert!(climbs.allows(&to(11.0)));
            assert!(!climbs.disappointed(&to(11.0), true, false));
            assert!(climbs.climbing());
            assert!(!climbs.disappointed(&to(9.0), true, false));
            assert!(!climbs.climbing());
        }
    }

    #[test]
    fn a_climb_ends_at_its_limit_or_when_refused_and_begins_after_progress_only() {
        let mut climbs = Climbs::new(2);
        for chance in 0..CHANCES {
            assert!(!climbs.disappointed(&to(11.0), true, false));
            if chance % 2 == 0 {
                assert!(!climbs.disappointed(&to(11.0), true, false));
                assert!(climbs.disappointed(&to(11.0), true, false), "the limit");
            } else {
                assert!(climbs.disappointed(&to(f64::NAN), false, false), "refused");
            }
            assert!(!climbs.allows(&to(11.0)), "no progress since");
            assert!(!climbs.disappointed(&to(9.0), true, false));
            assert_eq!(climbs.allows(&to(11.0)), chance + 1 < CHANCES);
        }
    }

    /// A step below the best that was refused all the same leaves the loop
    /// where it was, above it.
    #[test]
    fn a_refused_step_is_no_success() {
        let mut climbs = Climbs::new(3);
        assert!(!climbs.disappointed(&to(11.0), true, false));
        assert!(climbs.disappointed(&to(9.0), false, false));
        assert!(!climbs.climbing());
    }

    #[test]
    fn a_monotone_method_never_climbs_and_none_runs_away() {
        assert!(!Climbs::new(0).allows(&to(10.1)));
        for wild in [1e8, f64::NAN, f64::INFINITY] {
            assert!(!Climbs::new(5).allows(&to(wild)));
        }
    }
}
