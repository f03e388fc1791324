//! The slam16 library: problems, solvers, backends and files behind one door.
