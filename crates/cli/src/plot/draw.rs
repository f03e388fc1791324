//! The picture: two views from above over the curve of the cost.

use super::canvas::{Canvas, Color, Hold, Point, Words};
use super::font::Font;
use super::view::{self, Plane};
use super::{Figure, PlotError, Scene, View, axis, curve};

pub const WIDTH: f64 = 1200.0;
pub const HEIGHT: f64 = 900.0;

pub const INK: Color = Color::solid([40, 44, 52]);
pub const FAINT: Color = Color::solid([110, 117, 128]);
pub const GRID: Color = Color::solid([228, 231, 235]);
/// Blue and orange differ for every kind of colour vision.
pub const BEFORE: Color = Color::solid([213, 111, 18]);
pub const AFTER: Color = Color::solid([24, 100, 171]);
const LINKS: Color = Color::solid([120, 130, 145]).thin(0.45);
const LANDMARKS: Color = Color::solid([63, 143, 90]).thin(0.6);
const START: Color = Color::solid([33, 37, 41]);

/// Most links and landmarks drawn: a picture has fewer pixels than some graphs edges.
const MOST: usize = 6000;

/// A rectangle of the sheet.
#[derive(Clone, Copy, Debug)]
pub struct Panel {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

impl Panel {
    pub fn right(&self) -> f64 {
        self.left + self.width
    }

    pub fn bottom(&self) -> f64 {
        self.top + self.height
    }

    pub fn frame(&self, canvas: &mut dyn Canvas) {
        let (l, t, r, b) = (self.left, self.top, self.right(), self.bottom());
        let around = [(l, t), (r, t), (r, b), (l, b), (l, t)];
        canvas.line(&around, FAINT, 1.0);
    }
}

pub fn text(canvas: &mut dyn Canvas, at: Point, text: &str, size: f64, color: Color, hold: Hold) {
    canvas.words(
        at,
        Words {
            text,
            size,
            color,
            hold,
            upwards: false,
        },
    );
}

pub fn upwards(canvas: &mut dyn Canvas, at: Point, text: &str) {
    canvas.words(
        at,
        Words {
            text,
            size: 13.0,
            color: INK,
            hold: Hold::Middle,
            upwards: true,
        },
    );
}

/// Draws all of it.
pub fn figure(canvas: &mut dyn Canvas, figure: &Figure) -> Result<(), PlotError> {
    text(canvas, (40.0, 30.0), &figure.title, 19.0, INK, Hold::Left);
    text(
        canvas,
        (40.0, 56.0),
        &figure.caption,
        13.5,
        FAINT,
        Hold::Left,
    );
    let plane = Plane::of(&figure.after);
    let left = Panel {
        left: 86.0,
        top: 104.0,
        width: 494.0,
        height: 440.0,
    };
    let right = Panel {
        left: 676.0,
        ..left
    };
    let sides = [
        (left, "Before", &figure.before, BEFORE),
        (right, "After", &figure.after, AFTER),
    ];
    for (panel, name, view, color) in sides {
        let middle = panel.left + 0.5 * panel.width;
        text(
            canvas,
            (middle, panel.top - 14.0),
            name,
            15.0,
            color,
            Hold::Middle,
        );
        from_above(canvas, panel, plane, view, &figure.scene, color);
    }
    legend(canvas, figure, 602.0)?;
    let below = Panel {
        left: 86.0,
        top: 642.0,
        width: 1084.0,
        height: 196.0,
    };
    curve::cost_over_time(canvas, below, figure);
    Ok(())
}

fn from_above(
    canvas: &mut dyn Canvas,
    panel: Panel,
    plane: Plane,
    view: &View,
    scene: &Scene,
    color: Color,
) {
    let [x, y] = view::ranges(view, plane, panel.width, panel.height);
    let scale = panel.width / (x.1 - x.0);
    let at = |p: &[f64; 3]| {
        let (right, up) = plane.project(p);
        (
            panel.left + (right - x.0) * scale,
            panel.bottom() - (up - y.0) * scale,
        )
    };
    grid(canvas, panel, x, y);
    let inside = |(px, py): &Point| {
        *px > panel.left && *px < panel.right() && *py > panel.top && *py < panel.bottom()
    };
    let landmarks: Vec<Point> = thinned(&view.landmarks).map(at).filter(inside).collect();
    if !landmarks.is_empty() {
        canvas.dots(&landmarks, 1.1, LANDMARKS);
    }
    let path: Vec<Point> = view.path.iter().map(at).collect();
    let links: Vec<[Point; 2]> = thinned(&scene.links)
        .filter_map(|(i, j)| Some([*path.get(*i as usize)?, *path.get(*j as usize)?]))
        .collect();
    if !links.is_empty() {
        canvas.pieces(&links, LINKS, 0.8);
    }
    if scene.travelled {
        canvas.line(&path, color, 1.6);
    } else {
        canvas.dots(&path, 3.0, color);
    }
    if let (Some(start), true) = (path.first(), scene.travelled) {
        canvas.dots(&[*start], 4.5, START);
    }
    panel.frame(canvas);
    axes(canvas, panel, plane, scene.unit);
}

/// Every so many elements, so that at most [`MOST`] are left.
fn thinned<T>(all: &[T]) -> impl Iterator<Item = &T> {
    all.iter().step_by(all.len().div_ceil(MOST).max(1))
}

fn grid(canvas: &mut dyn Canvas, panel: Panel, x: (f64, f64), y: (f64, f64)) {
    let (x_ticks, x_decimals) = axis::linear_ticks(x.0, x.1, 6);
    let (y_ticks, y_decimals) = axis::linear_ticks(y.0, y.1, 6);
    for tick in x_ticks {
        let at = panel.left + (tick - x.0) / (x.1 - x.0) * panel.width;
        canvas.line(&[(at, panel.top), (at, panel.bottom())], GRID, 1.0);
        let label = axis::label(tick, x_decimals);
        text(
            canvas,
            (at, panel.bottom() + 13.0),
            &label,
            11.5,
            INK,
            Hold::Middle,
        );
    }
    for tick in y_ticks {
        let at = panel.bottom() - (tick - y.0) / (y.1 - y.0) * panel.height;
        canvas.line(&[(panel.left, at), (panel.right(), at)], GRID, 1.0);
        let label = axis::label(tick, y_decimals);
        text(
            canvas,
            (panel.left - 7.0, at),
            &label,
            11.5,
            INK,
            Hold::Right,
        );
    }
}

fn axes(canvas: &mut dyn Canvas, panel: Panel, plane: Plane, unit: &str) {
    let name = |k: usize| {
        let letter = ["x", "y", "z"][k];
        if unit.is_empty() {
            letter.to_owned()
        } else {
            format!("{letter} ({unit})")
        }
    };
    let middle = panel.left + 0.5 * panel.width;
    let below = (middle, panel.bottom() + 31.0);
    text(canvas, below, &name(plane.right), 13.0, INK, Hold::Middle);
    let beside = (panel.left - 64.0, panel.top + 0.5 * panel.height);
    upwards(canvas, beside, &name(plane.up));
}

/// One row that says what the signs mean.
fn legend(canvas: &mut dyn Canvas, figure: &Figure, y: f64) -> Result<(), PlotError> {
    let scene = &figure.scene;
    let many = |shown: usize, name: &str| {
        let shown_now = shown.div_ceil(shown.div_ceil(MOST).max(1));
        if shown_now < shown {
            format!("{name} ({shown_now} of {shown})")
        } else {
            format!("{name} ({shown})")
        }
    };
    let places = figure.after.path.len();
    let mut entries: Vec<(Sign, String)> = Vec::new();
    if scene.travelled {
        entries.push((Sign::Line(BEFORE), "trajectory before".to_owned()));
        entries.push((
            Sign::Line(AFTER),
            format!("after ({places} {})", scene.places),
        ));
        entries.push((Sign::Dot(START, 4.5), "first pose".to_owned()));
    } else {
        entries.push((Sign::Dot(BEFORE, 3.0), format!("{} before", scene.places)));
        entries.push((Sign::Dot(AFTER, 3.0), format!("after ({places})")));
    }
    if !scene.links.is_empty() {
        let name = many(scene.links.len(), "loop closures");
        entries.push((Sign::Line(LINKS), name));
    }
    if !figure.after.landmarks.is_empty() {
        let name = many(figure.after.landmarks.len(), "landmarks");
        entries.push((Sign::Dot(LANDMARKS.thin(1.0), 2.0), name));
    }
    let font = Font::new()?;
    const SIZE: f64 = 13.0;
    const SIGN: f64 = 34.0;
    const GAP: f64 = 30.0;
    let width = |name: &str| SIGN + SIZE * font.width(name);
    let all: f64 = entries.iter().map(|(_, n)| width(n)).sum();
    let gaps = GAP * entries.len().saturating_sub(1) as f64;
    let mut x = 0.5 * (WIDTH - all - gaps);
    for (sign, name) in &entries {
        match sign {
            Sign::Line(color) => canvas.line(&[(x, y), (x + 26.0, y)], *color, 2.0),
            Sign::Dot(color, radius) => canvas.dots(&[(x + 17.0, y)], *radius, *color),
        }
        text(canvas, (x + SIGN, y), name, SIZE, INK, Hold::Left);
        x += width(name) + GAP;
    }
    Ok(())
}

enum Sign {
    Line(Color),
    Dot(Color, f64),
}
