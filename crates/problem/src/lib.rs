//! Pose graphs and bundles as typed least-squares problems in f64.
