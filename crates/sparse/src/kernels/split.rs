//! Cutting one output slice into the pieces that parallel tasks own.

/// Splits `values` at the ascending `ends`; piece `i` is `ends[i - 1]..ends[i]`.
pub(crate) fn split_by_ends<T>(
    mut values: &mut [T],
    ends: impl IntoIterator<Item = usize>,
) -> Vec<&mut [T]> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for end in ends {
        let (head, tail) = values.split_at_mut(end - start);
        pieces.push(head);
        values = tail;
        start = end;
    }
    pieces
}
