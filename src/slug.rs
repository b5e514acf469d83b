//! Every kind of finding: its name, its weight and its page.

use crate::diagnostic::Severity;

macro_rules! slugs {
    ($($(#[$doc:meta])* $variant:ident = $name:literal $severity:ident),* $(,)?) => {
        /// A kind of finding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Slug { $($(#[$doc])* $variant),* }

        impl Slug {
            /// All kinds, by name.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name people see: `unknown-tier`.
            #[must_use]
            pub fn name(self) -> &'static str { match self { $(Self::$variant => $name),* } }

            /// The weight a finding of this kind has by default.
            #[must_use]
            pub fn severity(self) -> Severity { match self { $(Self::$variant => Severity::$severity),* } }

            /// The page shown by `ensue explain`: Markdown, from `docs/diagnostics/NAME.md`.
            #[must_use]
            pub fn page(self) -> &'static str {
                match self { $(Self::$variant => include_str!(concat!("../docs/diagnostics/", $name, ".md"))),* }
            }
        }
    };
}

slugs! {
    /// Text that is not in the language.
    Syntax = "syntax" Error,
}
