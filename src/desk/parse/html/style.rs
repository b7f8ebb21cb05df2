//! The little of CSS that decides whether something is seen.

/// Classes and ids that a page's own style sheet hides.
#[derive(Debug, Default)]
pub(super) struct Hidden {
    classes: Vec<String>,
    ids: Vec<String>,
}

impl Hidden {
    /// Reads a style sheet: rules for one class or one id. Rules for some screens only (`@media`)
    /// and compound selectors are passed over; in doubt a thing is seen.
    pub(super) fn learn(&mut self, sheet: &str) {
        let mut depth = 0_usize;
        for piece in sheet.split_inclusive('}').take(2_000) {
            let opens = piece.matches('{').count();
            let top = depth == 0 && opens == 1;
            depth = (depth + opens).saturating_sub(1);
            if let Some((selectors, rules)) = piece.split_once('{')
                && top
                && hides(rules.trim_end_matches('}'))
            {
                selectors.split(',').for_each(|selector| self.note(selector.trim()));
            }
        }
    }

    /// Whether an element is hidden by its class or id.
    pub(super) fn hides(&self, class: Option<&str>, id: Option<&str>) -> bool {
        if self.classes.is_empty() && self.ids.is_empty() {
            return false;
        }
        let class = class.unwrap_or_default();
        class.split_ascii_whitespace().take(20).any(|one| self.classes.iter().any(|c| c == one))
            || id.is_some_and(|id| self.ids.iter().any(|i| i == id.trim()))
    }

    fn note(&mut self, selector: &str) {
        let Some(at) = selector.find(['.', '#']) else { return };
        let (element, name) = selector.split_at_checked(at).unwrap_or_default();
        let simple =
            |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        let list = if name.starts_with('.') { &mut self.classes } else { &mut self.ids };
        let name = name.get(1..).unwrap_or_default();
        if simple(element) && simple(name) && !name.is_empty() && list.len() < 100 {
            list.push(name.to_owned());
        }
    }
}

/// Whether these declarations make an element invisible.
pub(super) fn hides(declarations: &str) -> bool {
    let mut flat = false;
    let mut clipped = false;
    for declaration in declarations.split(';').take(100) {
        let Some((property, value)) = declaration.split_once(':') else { continue };
        let property = property.trim().to_ascii_lowercase();
        let value = value.split('!').next().unwrap_or_default().trim().to_ascii_lowercase();
        match property.as_str() {
            "display" if value == "none" => return true,
            "visibility" if matches!(value.as_str(), "hidden" | "collapse") => return true,
            "mso-hide" if value == "all" => return true,
            "font-size" | "opacity" if is_zero(&value) => return true,
            "font" if value.split_ascii_whitespace().any(is_length_zero) => {
                return true;
            }
            "text-indent" | "left" | "top" | "margin-left" if value.starts_with("-999") => {
                return true;
            }
            "height" | "max-height" | "width" | "max-width" => flat |= is_zero(&value),
            "overflow" => clipped |= value == "hidden",
            _ => {}
        }
    }
    flat && clipped
}

/// `0`, `0px`, `0.0em`, `0 %`.
fn is_zero(value: &str) -> bool {
    let number = value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%' || c == ' ');
    number.parse::<f32>().is_ok_and(|n| n == 0.0)
}

/// `0px/0` and its like, but not the plain `0` that stands for other things in `font`.
fn is_length_zero(word: &str) -> bool {
    let size = word.split('/').next().unwrap_or_default();
    size.ends_with(|c: char| c.is_ascii_alphabetic()) && is_zero(size)
}
