# Every recipe is one command.

# Solve the bundled example.
solve *ARGS='assets/sphere.g2o':
    cargo run --release -- solve {{ARGS}}

# Run all tests.
test:
    cargo test --workspace

# Run all benches.
bench *ARGS:
    cargo bench -p slam16 --bench solve -- {{ARGS}}

# Format, lint, document: what continuous integration checks.
ci:
    bash .ci/run

# slam16 beside Ceres, GTSAM, g2o and the Rust solvers.
peers *ARGS:
    benches/peers/run.sh {{ARGS}}
