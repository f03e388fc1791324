//! What a picture is made of, whatever its format.

/// Red, green and blue, and how much of it covers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Color {
    /// 0 to 255 each.
    pub rgb: [u8; 3],
    /// 0 to 1.
    pub alpha: f32,
}

impl Color {
    /// Covers all below it.
    pub const fn solid(rgb: [u8; 3]) -> Self {
        Self { rgb, alpha: 1.0 }
    }

    /// Lets what is below shine through.
    pub const fn thin(self, alpha: f32) -> Self {
        Self { alpha, ..self }
    }
}

/// Where words are held; all but `Top` at half their height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// At the left end.
    Left,
    /// In the middle.
    Middle,
    /// At the right end.
    Right,
}

/// Words and how they look.
#[derive(Clone, Copy, Debug)]
pub struct Words<'t> {
    /// The text.
    pub text: &'t str,
    /// Height of an em, pixels.
    pub size: f64,
    /// Colour.
    pub color: Color,
    /// Which point of the words is given.
    pub hold: Hold,
    /// Read from below to above.
    pub upwards: bool,
}

/// A point, pixels right and down from the upper left corner.
pub type Point = (f64, f64);

/// Lines, discs and words.
pub trait Canvas {
    /// A line through points, round at its corners.
    fn line(&mut self, points: &[Point], color: Color, width: f64);

    /// Separate pieces of line in one colour.
    fn pieces(&mut self, pieces: &[[Point; 2]], color: Color, width: f64);

    /// Discs in one colour.
    fn dots(&mut self, at: &[Point], radius: f64, color: Color);

    /// Words.
    fn words(&mut self, at: Point, words: Words<'_>);
}
