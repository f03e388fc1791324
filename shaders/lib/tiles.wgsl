// Blocks in tiles of TILE: pair k of neighbouring blocks lies side by side.
// A kernel that uses this has the constant TILE.
fn pair_at(block: u32, pairs: u32, k: u32) -> u32 {
    return (block / TILE * pairs + k) * TILE + block % TILE;
}
