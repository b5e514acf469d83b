//! Rules that make a lead more urgent for opened mails alone.

use super::book::Book;
use super::formula::Formula;
use crate::diagnostic::Diagnostic;
use crate::rulebook::{EffectKind, Expr, SetId, TierId, Trigger};
use crate::slug::Slug;
use crate::source::Range;

/// The log type of an opened mail.
const OPENED: &str = "email.opened";

/// Finds them.
pub(super) fn analyze(book: &Book, found: &mut Vec<Diagnostic>) {
    for own in &book.rules {
        let alone = match &own.rule.trigger {
            Trigger::Event(set) | Trigger::Count { set, .. } => only_opens(book, *set),
            Trigger::Score { score, upward: true, .. } => book.rulebook.scores.get(*score).is_some_and(|score| {
                !score.points.is_empty() && score.points.iter().all(|(set, _)| only_opens(book, *set))
            }),
            _ => false,
        };
        if !alone || own.rule.guard.as_ref().is_some_and(asks_more) {
            continue;
        }
        for (arm, guard) in own.rule.arms.iter().zip(&own.guards) {
            if arm.guard.as_ref().is_some_and(asks_more) {
                continue;
            }
            for effect in &arm.effects {
                if let EffectKind::Tier(tier) = effect.kind
                    && raises(book, &[&own.fires, guard], tier)
                {
                    report(book, own.decl.trigger.range, effect.range, tier, found);
                }
            }
        }
    }
}

fn report(book: &Book, trigger: Range, effect: Range, tier: TierId, found: &mut Vec<Diagnostic>) {
    let message = format!("opened mails alone move a lead to `{}`", book.tier(tier));
    let weak = Diagnostic::new(Slug::OpensAlone, effect, message).label("rests on opens alone");
    found.push(weak.other(trigger, "mail programs open mails too").help(
        "ask for a second sign, `where count(clicked, 14d) > 0`, or let opens count as points of a score beside others",
    ));
}

fn only_opens(book: &Book, set: SetId) -> bool {
    let name = |ty: crate::rulebook::TypeId| book.rulebook.types.name(ty);
    book.set(set).is_some_and(|set| set.alternatives.iter().all(|alternative| name(alternative.ty) == OPENED))
}

/// Whether the tier is above some tier the lead may be in, or the lead may be in none.
fn raises(book: &Book, acts: &[&Formula; 2], tier: TierId) -> bool {
    let above: Vec<Formula> = (0..=tier.0).map(|at| Formula::tier(TierId(at), book.rulebook).not()).collect();
    book.possible(&[acts[0], acts[1], &Formula::All(above)])
}

/// Whether an expression looks at other things the lead did.
fn asks_more(expr: &Expr) -> bool {
    expr.any(|part| {
        matches!(part, Expr::Count(..) | Expr::DaysSince(_) | Expr::Pending(..) | Expr::Score(_) | Expr::Call { .. })
    })
}
