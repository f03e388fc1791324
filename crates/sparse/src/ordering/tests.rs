#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::SymbolicCholesky;

const ALL: [Ordering; 5] = [
    Ordering::Natural,
    Ordering::Rcm,
    Ordering::Amd,
    Ordering::NestedDissection,
    Ordering::Auto,
];

fn is_permutation(p: &Permutation) -> bool {
    let again = Permutation::new(p.old_from_new().to_vec());
    again.is_some_and(|again| again == *p)
}

fn lattice(width: u32, height: u32) -> SymmetricPattern {
    let index = move |x, y| y * width + x;
    let pairs: Vec<(u32, u32)> = (0..height)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .flat_map(|(x, y)| {
            let right = (x + 1 < width).then(|| (index(x, y), index(x + 1, y)));
            let up = (y + 1 < height).then(|| (index(x, y), index(x, y + 1)));
            right.into_iter().chain(up)
        })
        .collect();
    SymmetricPattern::from_pairs((width * height) as usize, pairs.into_iter())
}

#[test]
fn fill_on_a_lattice_is_no_worse_than_natural() {
    let pattern = lattice(40, 40);
    let layout = Arc::new(BlockLayout::new([3; 1600]));
    let flops = |ordering| {
        let symbolic = SymbolicCholesky::analyze(Arc::clone(&layout), &pattern, ordering);
        symbolic.prediction().flops
    };
    let natural = flops(Ordering::Natural);
    assert!(flops(Ordering::Rcm) <= 1.05 * natural);
    for ordering in [Ordering::Amd, Ordering::NestedDissection, Ordering::Auto] {
        assert!(flops(ordering) < 0.5 * natural, "{ordering:?}");
    }
}

#[test]
fn heavy_variables_are_eliminated_after_light_ones() {
    // A star: the light leaves first, whatever their numbers.
    let pattern = SymmetricPattern::from_pairs(5, [(0, 1), (0, 2), (0, 3), (0, 4)].into_iter());
    let layout = BlockLayout::new([1, 9, 2, 9, 1]);
    let order = Ordering::Amd.compute(&pattern, &layout);
    let place = order.new_from_old();
    assert!(place[0] >= 3, "{place:?}");
}

#[test]
fn only_permutations_are_accepted() {
    assert!(Permutation::new(vec![2, 0, 1]).is_some());
    assert!(Permutation::new(vec![]).is_some());
    assert!(Permutation::new(vec![0, 0]).is_none());
    assert!(Permutation::new(vec![0, 2]).is_none());
}

proptest! {
    #[test]
    fn every_order_is_a_permutation(
        n in 1_usize..400,
        pairs in prop::collection::vec((0_u32..400, 0_u32..400), 0..1200),
        weights in prop::collection::vec(0_usize..=9, 400),
    ) {
        let pairs = pairs.iter().map(|&(a, b)| (a % n as u32, b % n as u32));
        let pattern = SymmetricPattern::from_pairs(n, pairs);
        let layout = BlockLayout::new(weights[..n].iter().copied());
        for ordering in ALL {
            let order = ordering.compute(&pattern, &layout);
            prop_assert_eq!(order.len(), n);
            prop_assert!(is_permutation(&order), "{:?}", ordering);
            prop_assert_eq!(&order, &ordering.compute(&pattern, &layout));
        }
    }
}
