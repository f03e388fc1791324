//! The picture as portable network graphics.

use tiny_skia::{FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Stroke, Transform};

use super::PlotError;
use super::canvas::{Canvas, Color, Hold, Point, Words};
use super::font::Font;

/// Pixels of the image per nominal pixel: sharp on dense screens and in print.
const SCALE: f32 = 2.0;

/// A white sheet of pixels.
pub struct Png {
    pixels: Pixmap,
    font: Font,
}

impl Png {
    pub fn new(width: f64, height: f64) -> Result<Self, PlotError> {
        let size = |x: f64| (x * f64::from(SCALE)).ceil() as u32;
        let mut pixels = Pixmap::new(size(width), size(height))
            .ok_or_else(|| PlotError(format!("no image is {width} by {height}")))?;
        pixels.fill(tiny_skia::Color::WHITE);
        let font = Font::new()?;
        Ok(Self { pixels, font })
    }

    /// The bytes of the file.
    pub fn finish(self) -> Result<Vec<u8>, PlotError> {
        let failed = |e: png::EncodingError| PlotError(e.to_string());
        // The sheet is opaque: alpha carries nothing.
        let rgb: Vec<u8> = self
            .pixels
            .data()
            .chunks_exact(4)
            .flat_map(|p| [p[0], p[1], p[2]])
            .collect();
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.pixels.width(), self.pixels.height());
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().map_err(failed)?;
        writer.write_image_data(&rgb).map_err(failed)?;
        writer.finish().map_err(failed)?;
        Ok(bytes)
    }

    fn stroke(&mut self, path: Option<Path>, color: Color, width: f64) {
        let stroke = Stroke {
            width: width as f32,
            line_cap: LineCap::Round,
            line_join: LineJoin::Round,
            ..Stroke::default()
        };
        if let Some(path) = path {
            let scale = Transform::from_scale(SCALE, SCALE);
            self.pixels
                .stroke_path(&path, &paint(color), &stroke, scale, None);
        }
    }

    fn fill(&mut self, path: Option<Path>, color: Color, transform: Transform) {
        if let Some(path) = path {
            let scaled = transform.post_scale(SCALE, SCALE);
            self.pixels
                .fill_path(&path, &paint(color), FillRule::Winding, scaled, None);
        }
    }
}

fn paint(color: Color) -> Paint<'static> {
    let mut paint = Paint::default();
    let [r, g, b] = color.rgb;
    paint.set_color_rgba8(r, g, b, (color.alpha * 255.0).round() as u8);
    paint.anti_alias = true;
    paint
}

impl Canvas for Png {
    fn line(&mut self, points: &[Point], color: Color, width: f64) {
        let mut path = PathBuilder::new();
        for (k, (x, y)) in points.iter().enumerate() {
            let (x, y) = (*x as f32, *y as f32);
            if k == 0 {
                path.move_to(x, y);
            } else {
                path.line_to(x, y);
            }
        }
        self.stroke(path.finish(), color, width);
    }

    fn pieces(&mut self, pieces: &[[Point; 2]], color: Color, width: f64) {
        let mut path = PathBuilder::new();
        for [from, to] in pieces {
            path.move_to(from.0 as f32, from.1 as f32);
            path.line_to(to.0 as f32, to.1 as f32);
        }
        self.stroke(path.finish(), color, width);
    }

    fn dots(&mut self, at: &[Point], radius: f64, color: Color) {
        let mut path = PathBuilder::new();
        for (x, y) in at {
            path.push_circle(*x as f32, *y as f32, radius as f32);
        }
        self.fill(path.finish(), color, Transform::identity());
    }

    fn words(&mut self, (x, y): Point, words: Words<'_>) {
        let back = match words.hold {
            Hold::Left => 0.0,
            Hold::Middle => 0.5,
            Hold::Right => 1.0,
        };
        let start = -back * self.font.width(words.text);
        let size = words.size as f32;
        // As in the SVG, the base line is 0.35 em below the point; y turns downwards.
        let mut place =
            Transform::from_row(size, 0.0, 0.0, -size, start as f32 * size, 0.35 * size);
        if words.upwards {
            place = place.post_rotate(-90.0);
        }
        let place = place.post_translate(x as f32, y as f32);
        let outline = self.font.outline(words.text);
        self.fill(outline, words.color, place);
    }
}
