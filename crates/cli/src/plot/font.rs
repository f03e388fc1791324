//! Letters as outlines.

use tiny_skia::{Path, PathBuilder, Transform};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

use super::PlotError;

/// The Latin letters, digits and signs of DejaVu Sans.
static DEJAVU_SANS: &[u8] = include_bytes!("../../font/DejaVuSans-subset.ttf");

/// The font of the pictures.
pub struct Font {
    face: Face<'static>,
}

struct Outline(PathBuilder);

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.0.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.0.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.0.close();
    }
}

impl Font {
    pub fn new() -> Result<Self, PlotError> {
        let face = Face::parse(DEJAVU_SANS, 0).map_err(|e| PlotError(format!("font: {e}")))?;
        Ok(Self { face })
    }

    fn glyph(&self, letter: char) -> GlyphId {
        // 0 is the box that stands for what a font lacks.
        self.face.glyph_index(letter).unwrap_or(GlyphId(0))
    }

    fn em(&self) -> f64 {
        f64::from(self.face.units_per_em())
    }

    /// Width of a text in ems.
    pub fn width(&self, text: &str) -> f64 {
        let units: f64 = text
            .chars()
            .filter_map(|c| self.face.glyph_hor_advance(self.glyph(c)))
            .map(f64::from)
            .sum();
        units / self.em()
    }

    /// Outlines of a text whose first letter starts at the origin, one em
    /// high, y upwards.
    pub fn outline(&self, text: &str) -> Option<Path> {
        let scale = (1.0 / self.em()) as f32;
        let mut whole = PathBuilder::new();
        let mut start = 0.0_f32;
        for letter in text.chars() {
            let glyph = self.glyph(letter);
            let mut outline = Outline(PathBuilder::new());
            self.face.outline_glyph(glyph, &mut outline);
            let place = Transform::from_translate(start, 0.0).post_scale(scale, scale);
            if let Some(path) = outline.0.finish().and_then(|p| p.transform(place)) {
                whole.push_path(&path);
            }
            start += f32::from(self.face.glyph_hor_advance(glyph).unwrap_or(0));
        }
        whole.finish()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_sign_that_pictures_use_has_an_outline() {
        let font = Font::new().unwrap();
        for letter in ('!'..='~').chain("°²³µ·½×–—…→σχφΔΣ−".chars()) {
            assert_ne!(font.glyph(letter), GlyphId(0), "{letter}");
            assert!(font.outline(&letter.to_string()).is_some(), "{letter}");
        }
        assert!(font.width("mm") > font.width("ii"));
    }
}
