//! Pictures of a solve: the trajectory from above before and after, and the
//! cost over time.

mod axis;
mod canvas;
mod curve;
mod draw;
mod font;
mod html;
mod png;
mod svg;
#[cfg(test)]
mod tests;
mod view;

use std::path::Path;

pub use view::{Scene, View};

/// One trial step, for the curve of the cost.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Seconds since the start of the solve.
    pub seconds: f64,
    /// Cost after the step.
    pub cost: f64,
}

/// Everything a picture shows.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What was solved, in one line.
    pub title: String,
    /// How it ended, in one line.
    pub caption: String,
    /// Before the solve.
    pub before: View,
    /// After it.
    pub after: View,
    /// What both have in common.
    pub scene: Scene,
    /// Cost after each accepted step, the initial cost first.
    pub accepted: Vec<Sample>,
    /// Cost of each rejected trial.
    pub rejected: Vec<Sample>,
    /// The summary as text, for the page.
    pub summary: String,
}

/// File formats of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Picture {
    /// Scalable vector graphics.
    Svg,
    /// Portable network graphics.
    Png,
    /// One page that needs no other file.
    Html,
}

impl Picture {
    /// By the extension of a path.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "svg" => Some(Self::Svg),
            "png" => Some(Self::Png),
            "html" | "htm" => Some(Self::Html),
            _ => None,
        }
    }
}

/// A picture that could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("the plot cannot be drawn: {0}")]
pub struct PlotError(String);

impl Figure {
    /// The bytes of the file.
    pub fn render(&self, picture: Picture) -> Result<Vec<u8>, PlotError> {
        match picture {
            Picture::Svg => Ok(self.svg()?.into_bytes()),
            Picture::Png => {
                let mut sheet = png::Png::new(draw::WIDTH, draw::HEIGHT)?;
                draw::figure(&mut sheet, self)?;
                sheet.finish()
            }
            Picture::Html => Ok(html::page(self, &self.svg()?).into_bytes()),
        }
    }

    fn svg(&self) -> Result<String, PlotError> {
        let mut sheet = svg::Svg::new(draw::WIDTH, draw::HEIGHT);
        draw::figure(&mut sheet, self)?;
        Ok(sheet.finish())
    }
}
