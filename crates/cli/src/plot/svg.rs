//! The picture as scalable vector graphics.

use std::fmt::Write;

use super::canvas::{Canvas, Color, Hold, Point, Words};

/// A document that grows with every stroke.
pub struct Svg {
    text: String,
}

impl Svg {
    /// An empty white page.
    pub fn new(width: f64, height: f64) -> Self {
        let text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" font-family=\"DejaVu Sans, Verdana, Helvetica, Arial, sans-serif\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
        );
        Self { text }
    }

    /// The whole document.
    pub fn finish(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }

    // Writing to a string cannot fail.
    fn put(&mut self, arguments: std::fmt::Arguments<'_>) {
        self.text.write_fmt(arguments).ok();
    }

    fn stroke(&mut self, color: Color, width: f64) {
        let paint = Paint(color, "stroke");
        self.put(format_args!(
            "\" fill=\"none\" {paint} stroke-width=\"{width}\" stroke-linejoin=\"round\" stroke-linecap=\"round\"/>\n"
        ));
    }
}

/// A colour as an attribute.
struct Paint(Color, &'static str);

impl std::fmt::Display for Paint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Color {
            rgb: [r, g, b],
            alpha,
        } = self.0;
        write!(f, "{}=\"#{r:02x}{g:02x}{b:02x}\"", self.1)?;
        if alpha < 1.0 {
            write!(f, " {}-opacity=\"{alpha}\"", self.1)?;
        }
        Ok(())
    }
}

/// A hundredth of a pixel is finer than any screen; trailing zeros cost space.
struct Short(f64);

impl std::fmt::Display for Short {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hundredths = (self.0 * 100.0).round() / 100.0;
        write!(f, "{}", hundredths + 0.0)
    }
}

/// Text between tags.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

impl Canvas for Svg {
    fn line(&mut self, points: &[Point], color: Color, width: f64) {
        self.text.push_str("<polyline points=\"");
        for (x, y) in points {
            self.put(format_args!("{},{} ", Short(*x), Short(*y)));
        }
        self.stroke(color, width);
    }

    fn pieces(&mut self, pieces: &[[Point; 2]], color: Color, width: f64) {
        self.text.push_str("<path d=\"");
        for [(x0, y0), (x1, y1)] in pieces {
            self.put(format_args!(
                "M{} {}L{} {}",
                Short(*x0),
                Short(*y0),
                Short(*x1),
                Short(*y1)
            ));
        }
        self.stroke(color, width);
    }

    fn dots(&mut self, at: &[Point], radius: f64, color: Color) {
        let paint = Paint(color, "stroke");
        self.text.push_str("<path d=\"");
        // A stroke of no length with round ends is a disc, in a tenth of the bytes.
        for (x, y) in at {
            self.put(format_args!("M{} {}h0", Short(*x), Short(*y)));
        }
        let width = 2.0 * radius;
        self.put(format_args!(
            "\" fill=\"none\" {paint} stroke-width=\"{width}\" stroke-linecap=\"round\"/>\n"
        ));
    }

    fn words(&mut self, (x, y): Point, words: Words<'_>) {
        let anchor = match words.hold {
            Hold::Left => "start",
            Hold::Middle => "middle",
            Hold::Right => "end",
        };
        let (x, y) = (Short(x), Short(y));
        let turn = if words.upwards {
            format!(" transform=\"rotate(-90 {x} {y})\"")
        } else {
            String::new()
        };
        let (paint, size) = (Paint(words.color, "fill"), words.size);
        self.put(format_args!(
            "<text x=\"{x}\" y=\"{y}\" dy=\"0.35em\" text-anchor=\"{anchor}\" font-size=\"{size}\" {paint}{turn}>{}</text>\n",
            escape(words.text)
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_break_out_of_its_tag() {
        let mut svg = Svg::new(10.0, 10.0);
        svg.words(
            (1.0, 2.0),
            Words {
                text: "<script>&\"",
                size: 12.0,
                color: Color::solid([0, 0, 0]),
                hold: Hold::Middle,
                upwards: true,
            },
        );
        let text = svg.finish();
        assert!(text.contains("&lt;script&gt;&amp;&quot;</text>"), "{text}");
        assert!(text.contains("rotate(-90 1 2)"), "{text}");
    }

    #[test]
    fn numbers_are_short_and_have_no_negative_zero() {
        let text = |x| Short(x).to_string();
        assert_eq!(text(1.0 / 3.0), "0.33");
        assert_eq!(text(-0.001), "0");
        assert_eq!(text(12.0), "12");
    }
}
