//! What a page is shown on.

use serde_json::json;

use super::page::Browser;

/// A kind of screen, or paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Of the viewport, in pixels of CSS.
    pub width: u32,
    /// Likewise.
    pub height: u32,
    /// Pixels of the screen for one of CSS.
    pub scale: u32,
    /// Whether it is touched.
    pub touch: bool,
    /// Whether its reader wants it dark.
    pub dark: bool,
    /// Whether it is paper.
    pub print: bool,
    /// Whether its reader wants less motion.
    pub still: bool,
}

impl Look {
    /// A window on a desk, light.
    pub const DESK: Self =
        Self { width: 1280, height: 900, scale: 1, touch: false, dark: false, print: false, still: false };
    /// A phone held upright.
    pub const PHONE: Self = Self { width: 390, height: 844, scale: 2, touch: true, ..Self::DESK };
    /// The window on the desk at 200 %: half as many pixels of CSS.
    pub const ZOOMED: Self = Self { width: 640, height: 450, scale: 2, ..Self::DESK };
    /// A4, before it is divided into pages.
    pub const PRINT: Self = Self { width: 794, height: 1123, print: true, ..Self::DESK };

    /// The same in the dark.
    #[must_use]
    pub const fn dark(self) -> Self {
        Self { dark: true, ..self }
    }

    /// The same with less motion.
    #[must_use]
    pub const fn still(self) -> Self {
        Self { still: true, ..self }
    }
}

impl Browser {
    /// Shows this page and the next ones so.
    pub async fn look(&self, look: Look) {
        let metrics = json!({
            "width": look.width, "height": look.height, "deviceScaleFactor": look.scale, "mobile": look.touch,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics).await;
        self.devtools("Emulation.setTouchEmulationEnabled", &json!({ "enabled": look.touch })).await;
        let media = json!({
            "media": if look.print { "print" } else { "" },
            "features": [
                { "name": "prefers-color-scheme", "value": if look.dark { "dark" } else { "light" } },
                { "name": "prefers-reduced-motion", "value": if look.still { "reduce" } else { "no-preference" } },
            ],
        });
        self.devtools("Emulation.setEmulatedMedia", &media).await;
    }
}
