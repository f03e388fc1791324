// A row of a triangular solve by blocks: x_i = D_i (b_i - sum of B_ij x_j), in
// place, by LANES lanes. A kernel that uses this has `blocks`, `tables` and
// `vector`, and the constants D, the scalars of a block; LANES, a power of two,
// at most W; TILE; ROUNDING: 0 rounds nothing, 1 the entries of x to storage,
// 2 every product and sum as well.
//
// Columns of a block are padded to whole pairs. Blocks are numbered row by row.
struct Side {
    // Pairs before the blocks, and before the diagonal blocks.
    below: u32,
    diagonal: u32,
    // Places in `tables`: first block of each row, and the end; the row that
    // each block multiplies.
    starts: u32,
    neighbours: u32,
}

const COLUMN: u32 = (D + 1u) / 2u;
const PAIRS: u32 = COLUMN * D;
var<workgroup> row_sums: array<vec2<f32>, W * COLUMN>;

fn entry(v: f32) -> f32 {
    if (ROUNDING > 0u) {
        return keep(v);
    }
    return v;
}

fn multiply_add(sum: vec2<f32>, block: Pair, x: vec2<f32>) -> vec2<f32> {
    if (ROUNDING == 2u) {
        return up(half_add(dn(sum), half_mul(block, dn(x))));
    }
    return sum + up(block) * x;
}

fn added(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    if (ROUNDING == 2u) {
        return up(half_add(dn(a), dn(b)));
    }
    return a + b;
}

// Every lane of the workgroup must call this, live or not.
fn solve_row(side: Side, row: u32, live: bool, lane: u32) {
    let part = lane % LANES;
    var sum: array<vec2<f32>, COLUMN>;
    for (var k = 0u; k < COLUMN; k++) {
        sum[k] = vec2<f32>(0.0, 0.0);
    }
    if (live) {
        if (part == 0u) {
            for (var r = 0u; r < D; r++) {
                sum[r / 2u][r % 2u] = vector[row * D + r];
            }
        }
        let end = tables[side.starts + row + 1u];
        for (var at = tables[side.starts + row] + part; at < end; at += LANES) {
            let neighbour = tables[side.neighbours + at];
            for (var c = 0u; c < D; c++) {
                let x = vec2<f32>(-vector[neighbour * D + c]);
                for (var k = 0u; k < COLUMN; k++) {
                    let block = blocks[side.below + pair_at(at, PAIRS, c * COLUMN + k)];
                    sum[k] = multiply_add(sum[k], block, x);
                }
            }
        }
    }
    for (var k = 0u; k < COLUMN; k++) {
        row_sums[k * W + lane] = sum[k];
    }
    if (LANES > 1u) {
        workgroupBarrier();
        for (var width = LANES / 2u; width > 0u; width = width / 2u) {
            if (part < width) {
                for (var k = 0u; k < COLUMN; k++) {
                    let at = k * W + lane;
                    row_sums[at] = added(row_sums[at], row_sums[at + width]);
                }
            }
            workgroupBarrier();
        }
    }
    if (live) {
        for (var r = part; r < D; r += LANES) {
            var pair = vec2<f32>(0.0, 0.0);
            for (var c = 0u; c < D; c++) {
                let rest = row_sums[c / 2u * W + lane - part][c % 2u];
                let block = blocks[side.diagonal + pair_at(row, PAIRS, c * COLUMN + r / 2u)];
                pair = multiply_add(pair, block, vec2<f32>(rest));
            }
            vector[row * D + r] = entry(pair[r % 2u]);
        }
    }
}
