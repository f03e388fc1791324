//! The problems under assets: made by the commands that assets/README.md
//! gives, bit for bit, with the optimum that it states.

use crate::common::{Desk, asset};

/// A row of the table: file, arguments of the command, optimum.
fn rows() -> Vec<(String, String, f64)> {
    let text = std::fs::read_to_string(asset("README.md")).unwrap();
    text.lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let file = cells[1].trim_matches('`').to_owned();
            let command = cells[2].trim_matches('`').to_owned();
            (file, command, cells[4].parse().unwrap())
        })
        .collect()
}

#[test]
fn every_asset_is_made_again_by_its_command() {
    let rows = rows();
    assert_eq!(rows.len(), 3);
    for (file, command, _) in rows {
        let desk = Desk::new();
        let arguments = command
            .strip_prefix("slam16 ")
            .unwrap()
            .replace("assets/", "");
        desk.good(&arguments);
        let made = desk.read(&file);
        let kept = std::fs::read_to_string(asset(&file)).unwrap();
        assert!(made == kept, "{file} differs from what '{command}' makes");
    }
}

#[test]
fn every_asset_has_the_optimum_that_is_stated() {
    for (file, _, optimum) in rows() {
        let desk = Desk::new();
        let path = asset(&file);
        desk.good(&format!("solve {} -q --report r.json", path.display()));
        let cost = desk.json("r.json")["final_cost"].as_f64().unwrap();
        assert!(
            (cost / optimum - 1.0).abs() < 1e-6,
            "{file}: {cost} {optimum}"
        );
    }
}
