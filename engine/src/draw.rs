//! Pictures of workflows: SVG for people, DOT and Mermaid for other tools.
//!
//! Pure: a definition goes in, and where one asks for it the marks of an instance; text comes out, the same for the same
//! input. Every state and every arrow that goes on is drawn once; what declines is left out. Whatever titles hold, it is
//! escaped for where it stands. Read `model.rs` for what is drawn, `layout.rs` for where, `svg.rs` for how it looks.

mod describe;
mod dot;
mod earlier;
mod face;
mod fold;
mod layout;
mod marks;
mod mermaid;
mod model;
mod order;
mod replay;
mod route;
mod svg;
mod text;
mod words;

use thiserror::Error;

use crate::definition::Definition;

pub use earlier::Earlier;
pub use marks::{Marks, walked};
pub use svg::STYLE;

use model::Model;

/// More states are not laid out: nobody reads such a picture, and the time grows with their square.
pub const MOST_STATES: usize = 200;

/// More lines are not laid out, for the same reasons.
pub const MOST_LINES: usize = 400;

/// As what a picture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// An image for browsers and pages.
    Svg,
    /// Graphviz.
    Dot,
    /// A `stateDiagram-v2` for Markdown.
    Mermaid,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Svg, Self::Dot, Self::Mermaid];

    /// As it is named.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Dot => "dot",
            Self::Mermaid => "mermaid",
        }
    }

    /// From its name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == text)
    }

    /// From the ending of a file's name: `svg`; `dot` or `gv`; `mmd` or `mermaid`.
    #[must_use]
    pub fn of_ending(ending: &str) -> Option<Self> {
        match ending.to_ascii_lowercase().as_str() {
            "svg" => Some(Self::Svg),
            "dot" | "gv" => Some(Self::Dot),
            "mmd" | "mermaid" => Some(Self::Mermaid),
            _ => None,
        }
    }

    /// The media type.
    #[must_use]
    pub const fn media(self) -> &'static str {
        match self {
            Self::Svg => "image/svg+xml",
            Self::Dot => "text/vnd.graphviz; charset=utf-8",
            Self::Mermaid => "text/vnd.mermaid; charset=utf-8",
        }
    }
}

/// What an SVG brings along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dress {
    /// [`STYLE`] inside: it looks the same wherever it is shown, light or dark as the reader likes it.
    Whole,
    /// Classes only: the page that it stands in has the style.
    Bare,
}

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotDrawn {
    /// It has too many states or arrows.
    #[error(
        "`{workflow}` has {count} {what}, and pictures are laid out of at most {most}: ask for dot or mermaid, which are not"
    )]
    TooLarge {
        /// The workflow's name.
        workflow: String,
        /// States, or lines between them.
        what: &'static str,
        /// How many it has.
        count: usize,
        /// How many it may have.
        most: usize,
    },
}

/// The picture of `definition`; with `marks` that of an instance of it. `dress` matters for SVG alone.
///
/// # Errors
/// An SVG of more than [`MOST_STATES`] states or [`MOST_LINES`] lines.
pub fn draw(definition: &Definition, marks: Option<&Marks>, format: Format, dress: Dress) -> Result<String, NotDrawn> {
    let model = Model::of(definition, marks);
    match format {
        Format::Dot => Ok(dot::write(&model)),
        Format::Mermaid => Ok(mermaid::write(&model)),
        Format::Svg => {
            let too_large = |what, count, most| {
                let workflow = definition.name.to_string();
                if count > most { Err(NotDrawn::TooLarge { workflow, what, count, most }) } else { Ok(()) }
            };
            too_large("states", definition.states.len(), MOST_STATES)?;
            too_large("lines", model.lines.len(), MOST_LINES)?;
            Ok(svg::write(&model, &layout::arrange(&model), dress))
        }
    }
}

#[cfg(test)]
mod tests;
