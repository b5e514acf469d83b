//! `settings { … }`

use std::collections::BTreeMap;

use super::checker::Checker;
use crate::diagnostic::Diagnostic;
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::{ExprKind, Setting};
use crate::words::nearest;

impl Checker<'_> {
    /// Takes in every setting.
    pub fn check_settings(&mut self) {
        let mut seen: BTreeMap<&str, Range> = BTreeMap::new();
        for setting in self.declared.settings.clone() {
            if let Some(first) = seen.get(setting.name.node.as_str()).copied() {
                let message = format!("setting `{}` is made twice", setting.name.node);
                let found = Diagnostic::new(Slug::DuplicateName, setting.name.range, message);
                self.report(found.label("made again").other(first, "made first").help("keep one"));
                continue;
            }
            seen.insert(&setting.name.node, setting.name.range);
            self.check_setting(setting);
        }
    }

    /// `same_address send`: two leads with one address both get what they get.
    fn same_address(&mut self, setting: &Setting) {
        if matches!(&setting.value.node, ExprKind::Name(word) if word == "send") {
            self.settings.same_address_once = false;
            return;
        }
        let found = Diagnostic::new(Slug::TypeMismatch, setting.value.range, "`same_address` is `send`, or left out");
        self.report(found.label("not `send`").help("without it, of two leads with one address the first gets mails"));
    }

    /// `report_zone "Europe/Berlin"`
    fn set_report_zone(&mut self, setting: &Setting) {
        if let ExprKind::Text(zone) = &setting.value.node {
            if self.known_zone(zone, setting.value.range) {
                self.report_zone = crate::local::Zone::parse(zone);
            }
            return;
        }
        let found = Diagnostic::new(Slug::TypeMismatch, setting.value.range, "`report_zone` is a time zone in quotes");
        self.report(found.label("not a zone").help("write for example `report_zone \"Europe/Berlin\"`"));
    }

    fn check_setting(&mut self, setting: &Setting) {
        let name = &setting.name.node;
        if name == "same_address" {
            return self.same_address(setting);
        }
        if name == "report_zone" {
            return self.set_report_zone(setting);
        }
        if name != "stale_after" {
            let known = ["stale_after", "same_address", "report_zone"].map(str::to_owned);
            let help = match nearest(name, &known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "the settings are `stale_after`, `same_address` and `report_zone`".to_owned(),
            };
            let found =
                Diagnostic::new(Slug::UnknownSetting, setting.name.range, format!("there is no setting `{name}`"));
            self.report(found.label("not a setting").help(help));
            return;
        }
        if let ExprKind::Length(length) = setting.value.node {
            if let Some(span) = self.measured_at(length, setting.value.range, "the age of news that still acts") {
                self.settings.stale_after = span;
            }
        } else {
            let message = format!("`{name}` is a length of time");
            let found = Diagnostic::new(Slug::TypeMismatch, setting.value.range, message).label("not a length of time");
            self.report(found.help("write for example `stale_after 3d`"));
        }
    }
}
