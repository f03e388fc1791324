//! The tags of graph files.

use crate::Format;

/// What a line defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    Pose,
    Landmark,
    Between,
    Observation,
    Prior,
    /// Where a sensor sits on the body.
    Sensor,
    Fix,
    Equivalence,
}

/// The dimension of the space that a tag belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dimension {
    Two,
    Three,
    Either,
}

type Entry = (&'static str, Record, Dimension);

const G2O: [Entry; 13] = [
    ("EDGE_SE2", Record::Between, Dimension::Two),
    ("EDGE_SE3:QUAT", Record::Between, Dimension::Three),
    ("VERTEX_SE2", Record::Pose, Dimension::Two),
    ("VERTEX_SE3:QUAT", Record::Pose, Dimension::Three),
    ("EDGE_SE2_XY", Record::Observation, Dimension::Two),
    ("EDGE_SE3_TRACKXYZ", Record::Observation, Dimension::Three),
    ("VERTEX_XY", Record::Landmark, Dimension::Two),
    ("VERTEX_TRACKXYZ", Record::Landmark, Dimension::Three),
    ("EDGE_PRIOR_SE2", Record::Prior, Dimension::Two),
    ("EDGE_SE2_PRIOR", Record::Prior, Dimension::Two),
    ("EDGE_SE3_PRIOR", Record::Prior, Dimension::Three),
    ("PARAMS_SE3OFFSET", Record::Sensor, Dimension::Three),
    ("FIX", Record::Fix, Dimension::Either),
];

const TORO: [Entry; 7] = [
    ("EDGE2", Record::Between, Dimension::Two),
    ("EDGE3", Record::Between, Dimension::Three),
    ("VERTEX2", Record::Pose, Dimension::Two),
    ("VERTEX3", Record::Pose, Dimension::Three),
    ("VERTEX", Record::Pose, Dimension::Two),
    ("EDGE", Record::Between, Dimension::Two),
    ("EQUIV", Record::Equivalence, Dimension::Either),
];

const ISAM: [Entry; 5] = [
    ("EDGE2", Record::Between, Dimension::Two),
    ("ODOMETRY", Record::Between, Dimension::Two),
    ("LANDMARK", Record::Observation, Dimension::Two),
    ("EDGE3", Record::Between, Dimension::Three),
    ("POINT3", Record::Observation, Dimension::Three),
];

fn table(format: Format) -> &'static [Entry] {
    match format {
        Format::Toro => &TORO,
        Format::Isam => &ISAM,
        _ => &G2O,
    }
}

/// What a tag means in a format.
#[inline]
pub(crate) fn find(format: Format, tag: &[u8]) -> Option<(Record, Dimension)> {
    table(format)
        .iter()
        .find(|entry| entry.0.as_bytes() == tag)
        .map(|entry| (entry.1, entry.2))
}

/// What to do about a tag that [`find`] does not know.
pub(crate) fn advice(format: Format, tag: &[u8]) -> String {
    let others = [Format::G2o, Format::Toro, Format::Isam];
    if let Some(other) = others
        .into_iter()
        .find(|f| *f != format && find(*f, tag).is_some())
    {
        return format!(
            "it belongs to {other} files, and this file began as {format}: use one format"
        );
    }
    let nearest = table(format)
        .iter()
        .map(|entry| (distance(entry.0.as_bytes(), tag), entry.0))
        .min();
    match nearest {
        Some((distance, name)) if distance <= 2 => format!("did you mean {name}?"),
        _ => {
            let names: Vec<_> = table(format).iter().map(|entry| entry.0).collect();
            format!(
                "drop these lines, or convert them to one of {}",
                names.join(", ")
            )
        }
    }
}

/// Levenshtein distance; tags longer than any known one are just far.
fn distance(a: &[u8], b: &[u8]) -> usize {
    if b.len() > 32 {
        return b.len();
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substitution = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substitution.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_names_the_nearest_tag_or_the_right_format() {
        assert_eq!(
            advice(Format::G2o, b"EDGE_SE3_QUAT"),
            "did you mean EDGE_SE3:QUAT?"
        );
        assert!(advice(Format::G2o, b"VERTEX2").contains("TORO"));
        assert!(advice(Format::G2o, b"VERTEX_CAM").contains("EDGE_SE2_XY"));
    }

    #[test]
    fn distance_by_hand() {
        // kitten -> sitting: two substitutions and one insertion.
        assert_eq!(distance(b"kitten", b"sitting"), 3);
        assert_eq!(distance(b"", b"abc"), 3);
        assert_eq!(distance(b"abc", b"abc"), 0);
    }
}
