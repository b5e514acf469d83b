//! Expressions and `while` states: the grammar reads flat chains, precedence is applied here.

use super::super::grammar::Rule;
use super::super::tree::{At, BinaryOp, Expr, ExprKind, State, StateKind};
use super::{Build, Pair, child};
use pest::iterators::Pairs;
use std::iter::Peekable;

/// How high a tree may grow. Everything that walks a tree recurses, so chains are bounded too.
const HEIGHT_LIMIT: usize = 256;

/// How tightly operators bind.
const OR: u8 = 1;
const AND: u8 = 2;
const NOT: u8 = 3;
const COMPARISON: u8 = 4;
const SUM: u8 = 5;
const PRODUCT: u8 = 6;
const SIGN: u8 = 7;
const DEFAULT: u8 = 8;

/// What an infix does; `None` is `??`.
type Infix = (u8, Option<BinaryOp>);

/// A tree and its height.
type Grown<T> = Option<(T, usize)>;

impl Build<'_> {
    /// The first expression directly inside a pair.
    pub(super) fn expr_in(&mut self, pair: &Pair<'_>) -> Option<Expr> {
        let kid = pair.clone().into_inner().find(|kid| matches!(kid.as_rule(), Rule::expr | Rule::sum))?;
        self.expr(kid)
    }

    /// An expression.
    pub(super) fn expr(&mut self, pair: Pair<'_>) -> Option<Expr> {
        self.chain(pair).map(|(expr, _)| expr)
    }

    fn chain(&mut self, pair: Pair<'_>) -> Grown<Expr> {
        self.climb(&mut pair.into_inner().peekable(), OR)
    }

    /// Operands joined by operators that bind at least as tightly as `floor`.
    fn climb(&mut self, pairs: &mut Peekable<Pairs<'_, Rule>>, floor: u8) -> Grown<Expr> {
        let (mut left, mut height) = self.operand(pairs, floor)?;
        let mut compared = false;
        while let Some((binds, op)) = pairs.peek().and_then(infix).filter(|(binds, _)| *binds >= floor) {
            let sign = self.range(&pairs.next()?);
            let (right, right_height) = self.climb(pairs, binds + 1)?;
            if compared && binds == COMPARISON {
                let help = "join two comparisons with `and`: `a < b and b < c`";
                self.report(sign, "comparisons do not chain", "a second comparison", help);
            }
            compared = binds == COMPARISON;
            height = height.max(right_height) + 1;
            let range = left.range.to(right.range);
            if height > HEIGHT_LIMIT {
                self.report(range, "this expression is too long", "", "name parts of it with `let`, or use `in [...]`");
                return None;
            }
            let (left_box, right) = (Box::new(left), Box::new(right));
            let node = match op {
                Some(node) => ExprKind::Binary { op: At { node, range: sign }, left: left_box, right },
                None => ExprKind::Default(left_box, right),
            };
            left = Expr { node, range };
        }
        Some((left, height))
    }

    fn operand(&mut self, pairs: &mut Peekable<Pairs<'_, Rule>>, floor: u8) -> Grown<Expr> {
        let pair = pairs.next()?;
        let range = self.range(&pair);
        let (node, height) = match pair.as_rule() {
            Rule::kw_not => {
                if floor > NOT {
                    let help = "put it in brackets: `(not x)`";
                    self.report(range, "`not` cannot follow this operator", "", help);
                }
                let (inner, height) = self.climb(pairs, NOT)?;
                let range = range.to(inner.range);
                return Some((Expr { node: ExprKind::Not(Box::new(inner)), range }, height + 1));
            }
            Rule::minus => {
                let (inner, height) = self.climb(pairs, floor.max(SIGN))?;
                let range = range.to(inner.range);
                return Some((Expr { node: ExprKind::Negate(Box::new(inner)), range }, height + 1));
            }
            _ => self.primary(pair)?,
        };
        Some((Expr { node, range }, height))
    }

    fn primary(&mut self, pair: Pair<'_>) -> Grown<ExprKind> {
        let node = match pair.as_rule() {
            Rule::bracketed => {
                let (inner, height) = self.chain(child(&pair, Rule::expr)?)?;
                return Some((inner.node, height));
            }
            Rule::list => {
                let (items, height) = self.exprs(pair);
                return Some((ExprKind::List(items), height + 1));
            }
            Rule::reference => return self.reference(pair),
            Rule::has => {
                let inner = child(&pair, Rule::reference)?;
                let range = self.range(&inner);
                let (node, height) = self.reference(inner)?;
                return Some((ExprKind::Has(Box::new(Expr { node, range })), height + 1));
            }
            Rule::number => ExprKind::Number(self.number(&pair).node),
            Rule::length => ExprKind::Length(self.length(&pair).node),
            Rule::time => ExprKind::Time(self.time(&pair).node),
            Rule::date_value => self.date(&pair)?,
            Rule::boolean => ExprKind::Bool(pair.as_str() == "true"),
            _ => ExprKind::Text(self.text(&pair).node),
        };
        Some((node, 1))
    }

    fn reference(&mut self, pair: Pair<'_>) -> Grown<ExprKind> {
        let mut kids = pair.into_inner();
        let base = self.name(&kids.next()?);
        let Some(next) = kids.next() else { return Some((ExprKind::Name(base.node), 1)) };
        if next.as_rule() == Rule::arguments {
            let (args, height) = self.exprs(next);
            return Some((ExprKind::Call { name: base, args }, height + 1));
        }
        let name = self.name(&kids.next()?);
        Some((ExprKind::Property { base, name }, 1))
    }

    /// The expressions directly inside a pair and the height of the highest.
    fn exprs(&mut self, pair: Pair<'_>) -> (Vec<Expr>, usize) {
        let mut highest = 0;
        let mut items = Vec::new();
        for kid in pair.into_inner().filter(|kid| kid.as_rule() == Rule::expr) {
            if let Some((item, height)) = self.chain(kid) {
                highest = highest.max(height);
                items.push(item);
            }
        }
        (items, highest)
    }

    /// The expressions directly inside a pair.
    pub(super) fn exprs_in(&mut self, pair: Pair<'_>) -> Vec<Expr> {
        self.exprs(pair).0
    }

    /// The `while` state directly inside a pair.
    pub(super) fn state_in(&mut self, pair: &Pair<'_>) -> Option<State> {
        self.state(child(pair, Rule::state)?).map(|(state, _)| state)
    }

    fn state(&mut self, pair: Pair<'_>) -> Grown<State> {
        self.state_climb(&mut pair.into_inner().peekable(), OR)
    }

    fn state_climb(&mut self, pairs: &mut Peekable<Pairs<'_, Rule>>, floor: u8) -> Grown<State> {
        let (mut left, mut height) = self.state_part(pairs)?;
        while let Some((binds, _)) = pairs.peek().and_then(infix).filter(|(binds, _)| *binds >= floor) {
            pairs.next();
            let (right, right_height) = self.state_climb(pairs, binds + 1)?;
            height = height.max(right_height) + 1;
            let range = left.range.to(right.range);
            if height > HEIGHT_LIMIT {
                self.report(range, "this condition is too long", "", "split the rule into several");
                return None;
            }
            let (left_box, right) = (Box::new(left), Box::new(right));
            let node = if binds == OR { StateKind::Or(left_box, right) } else { StateKind::And(left_box, right) };
            left = State { node, range };
        }
        Some((left, height))
    }

    fn state_part(&mut self, pairs: &mut Peekable<Pairs<'_, Rule>>) -> Grown<State> {
        let pair = pairs.next()?;
        let range = self.range(&pair);
        let node = match pair.as_rule() {
            Rule::kw_not => {
                let (inner, height) = self.state_part(pairs)?;
                let range = range.to(inner.range);
                return Some((State { node: StateKind::Not(Box::new(inner)), range }, height + 1));
            }
            Rule::state_group => {
                let (inner, height) = self.state(child(&pair, Rule::state)?)?;
                return Some((State { node: inner.node, range }, height));
            }
            Rule::in_sequence => StateKind::In(self.name_in(&pair)?),
            Rule::kw_suppressed => StateKind::Suppressed,
            _ => StateKind::Tier(pair.as_str().trim_end().to_owned()),
        };
        Some((State { node, range }, 1))
    }
}

fn infix(pair: &Pair<'_>) -> Option<Infix> {
    Some(match pair.as_rule() {
        Rule::kw_or => (OR, Some(BinaryOp::Or)),
        Rule::kw_and => (AND, Some(BinaryOp::And)),
        Rule::kw_in => (COMPARISON, Some(BinaryOp::In)),
        Rule::compare => (COMPARISON, comparison(pair)),
        Rule::plus => (SUM, Some(BinaryOp::Add)),
        Rule::minus => (SUM, Some(BinaryOp::Subtract)),
        Rule::times_op => (PRODUCT, Some(BinaryOp::Multiply)),
        Rule::over => (PRODUCT, Some(BinaryOp::Divide)),
        Rule::default_op => (DEFAULT, None),
        _ => return None,
    })
}

/// The operator of a comparison.
pub(super) fn comparison(pair: &Pair<'_>) -> Option<BinaryOp> {
    Some(match pair.clone().into_inner().next()?.as_rule() {
        Rule::equal => BinaryOp::Equal,
        Rule::not_equal => BinaryOp::NotEqual,
        Rule::less => BinaryOp::Less,
        Rule::less_or_equal => BinaryOp::LessOrEqual,
        Rule::greater => BinaryOp::Greater,
        _ => BinaryOp::GreaterOrEqual,
    })
}
