// Upper triangles of C columns, column by column, padded to whole pairs.
// A kernel that uses this has the constant C.
const TRIANGLE_PAIRS: u32 = (C * (C + 1u) / 2u + 1u) / 2u;

// Place of row i, column j >= i.
fn upper(i: u32, j: u32) -> u32 {
    return j * (j + 1u) / 2u + i;
}
