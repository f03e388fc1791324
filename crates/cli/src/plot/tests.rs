//! Whole pictures.
#![allow(clippy::unwrap_used)]

use super::*;

fn figure() -> Figure {
    let turn = |k: usize, drift: f64| {
        let a = k as f64 * 0.1;
        let r = 10.0 + drift * k as f64;
        [r * a.cos(), r * a.sin(), 0.02 * k as f64]
    };
    let view = |drift| View {
        path: (0..200).map(|k| turn(k, drift)).collect(),
        landmarks: (0..500)
            .map(|k| {
                let a = k as f64;
                [15.0 * (a * 0.7).sin(), 15.0 * (a * 1.3).cos(), 0.0]
            })
            .collect(),
    };
    Figure {
        title: "spiral.g2o: 200 poses & 261 factors".to_owned(),
        caption: "cost 1.23e5 → 4.56".to_owned(),
        before: view(0.05),
        after: view(0.0),
        scene: Scene {
            links: (0..130).map(|k| (k, k + 63)).collect(),
            travelled: true,
            places: "poses",
            unit: "m",
        },
        accepted: [(0.0, 1.23e5), (0.004, 900.0), (0.009, 5.1), (0.012, 4.56)]
            .map(|(seconds, cost)| Sample { seconds, cost })
            .to_vec(),
        rejected: vec![Sample {
            seconds: 0.006,
            cost: 4e4,
        }],
        summary: "a < b".to_owned(),
    }
}

#[test]
fn the_extension_tells_the_format() {
    for (name, picture) in [
        ("a.svg", Some(Picture::Svg)),
        ("a.PNG", Some(Picture::Png)),
        ("b/a.html", Some(Picture::Html)),
        ("a.pdf", None),
        ("svg", None),
    ] {
        assert_eq!(Picture::of(Path::new(name)), picture, "{name}");
    }
}

#[test]
fn vector_graphics_hold_every_part() {
    let svg = String::from_utf8(figure().render(Picture::Svg).unwrap()).unwrap();
    for part in [
        "200 poses &amp; 261 factors",
        ">Before<",
        ">After<",
        "loop closures (130)",
        "landmarks (500)",
        "x (m)",
        "time (ms)",
        "1 rejected",
    ] {
        assert!(svg.contains(part), "{part}");
    }
    assert!(!svg.contains("NaN") && !svg.contains("inf"));
}

#[test]
fn the_image_has_the_colours_of_both_trajectories() {
    let bytes = figure().render(Picture::Png).unwrap();
    let mut reader = ::png::Decoder::new(std::io::Cursor::new(&bytes))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.width, info.height), (2400, 1800));
    let left_half = |k: usize| k % 2400 < 1200;
    for (color, left) in [(draw::BEFORE, true), (draw::AFTER, false)] {
        let count = pixels
            .chunks_exact(3)
            .enumerate()
            .filter(|(k, p)| *p == color.rgb && left_half(*k) == left && *k < 2400 * 1100)
            .count();
        // A circle of 400 pixels across, 3 pixels wide.
        assert!(count > 2000, "{count} pixels of {:?}", color.rgb);
    }
}

#[test]
fn the_page_needs_no_other_file() {
    let page = String::from_utf8(figure().render(Picture::Html).unwrap()).unwrap();
    assert!(page.contains("<svg ") && page.contains("a &lt; b"));
    let outside = page.matches("http").count();
    // The name space of SVG is a name, not a link.
    assert_eq!(outside, page.matches("http://www.w3.org/2000/svg").count());
}

#[test]
fn nothing_to_draw_is_drawn_all_the_same() {
    let empty = Figure {
        before: View::default(),
        after: View::default(),
        accepted: Vec::new(),
        rejected: Vec::new(),
        scene: Scene::default(),
        ..figure()
    };
    for picture in [Picture::Svg, Picture::Png, Picture::Html] {
        assert!(!empty.render(picture).unwrap().is_empty());
    }
}
