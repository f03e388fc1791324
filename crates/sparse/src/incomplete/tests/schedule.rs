//! Levels of the triangular solves.

use super::super::block::stride;
use super::super::*;
use super::common::*;
use crate::test_data::Random;
use crate::{BlockLayout, SymmetricPattern};

#[test]
fn levels_respect_dependencies() {
    let mut random = Random(8);
    let pairs = grid(9, 7);
    let pattern = SymmetricPattern::from_pairs(63, pairs.into_iter());
    let layout = BlockLayout::new([3; 63]);
    let natural: Vec<u32> = (0..63).collect();
    let colors = multicolor_order(&pattern);
    for order in [natural, shuffled(63, &mut random), colors.clone()] {
        let permuted = PermutedPattern::new(&pattern, &layout, &order);
        let factor = FactorPattern::with_level(&permuted, 0);
        for (schedule, deps) in [
            (LevelSchedule::forward(&factor), true),
            (LevelSchedule::backward(&factor), false),
        ] {
            let mut level = [0; 63];
            for l in 0..schedule.levels() {
                for &row in schedule.level(l) {
                    level[row as usize] = l;
                }
            }
            let mut rows = schedule.rows().to_vec();
            rows.sort_unstable();
            assert_eq!(rows, (0..63).collect::<Vec<u32>>());
            for i in 0..63 {
                let before = if deps {
                    factor.row(i)
                } else {
                    factor.column(i)
                };
                let want = before.iter().map(|&j| level[j as usize] + 1).max();
                assert_eq!(level[i], want.unwrap_or(0));
            }
        }
        if order == colors {
            assert_eq!(
                LevelSchedule::forward(&factor).levels(),
                2,
                "a grid is bipartite"
            );
        }
    }
    let chain = SymmetricPattern::from_pairs(5, (1..5).map(|v| (v, v - 1)));
    let layout = BlockLayout::new([3; 5]);
    let permuted = PermutedPattern::new(&chain, &layout, &[0, 1, 2, 3, 4]);
    let factor = FactorPattern::with_level(&permuted, 0);
    assert_eq!(LevelSchedule::forward(&factor).levels(), 5);
    let empty = SymmetricPattern::from_pairs(0, std::iter::empty());
    assert!(multicolor_order(&empty).is_empty());
    assert_eq!(stride(9), 12);
}
