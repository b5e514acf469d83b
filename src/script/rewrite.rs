//! Turns what a script reads into slots, and comparisons into ours, once per script: a run then
//! looks nothing up by name. What is rewritten is a custom node of the engine; the evaluator says
//! what they do.

use rhai::{AST, BinaryExpr, CustomExpr, Dynamic, Expr, FlowControl, FnCallExpr, Position, Stmt, StmtBlock};

use super::{Need, Use, compare, survey};

/// The node that stands for a use; its state is the use's index. No script can write such a name.
pub const SLOT: &str = "\u{1}slot";

/// Everything outside functions as one block, rewritten. Functions read nothing, and compare
/// through the operators of the sandbox.
pub fn body(ast: &AST, uses: &[Use]) -> Expr {
    let rewrite = Rewrite { uses };
    let mut block = StmtBlock::new(ast.statements().to_vec(), Position::NONE, Position::NONE);
    rewrite.block(&mut block);
    Expr::Stmt(Box::new(block))
}

struct Rewrite<'u> {
    uses: &'u [Use],
}

impl Rewrite<'_> {
    fn block(&self, block: &mut StmtBlock) {
        for stmt in block.statements_mut() {
            self.stmt(stmt);
        }
    }

    fn flow(&self, flow: &mut FlowControl) {
        self.expr(&mut flow.expr);
        self.block(&mut flow.body);
        self.block(&mut flow.branch);
    }

    fn stmt(&self, stmt: &mut Stmt) {
        if let Stmt::FnCall(call, position) = stmt {
            *stmt = Stmt::Expr(Box::new(Expr::FnCall(std::mem::replace(call, empty_call()), *position)));
        }
        match stmt {
            Stmt::If(flow, _) | Stmt::While(flow, _) | Stmt::Do(flow, ..) | Stmt::TryCatch(flow, _) => self.flow(flow),
            Stmt::For(each, _) => self.flow(&mut each.2),
            Stmt::Switch(switch, _) => {
                self.expr(&mut switch.0);
                switch.1.expressions.iter_mut().for_each(|case| self.both(case));
            }
            Stmt::Var(var, ..) => self.expr(&mut var.1),
            Stmt::Assignment(assignment) => self.both(&mut assignment.1),
            Stmt::Block(block) => self.block(block),
            Stmt::Expr(expr) | Stmt::BreakLoop(Some(expr), ..) | Stmt::Return(Some(expr), ..) => self.expr(expr),
            _ => {}
        }
    }

    fn both(&self, pair: &mut BinaryExpr) {
        self.expr(&mut pair.lhs);
        self.expr(&mut pair.rhs);
    }

    fn expr(&self, expr: &mut Expr) {
        if self.read(expr) {
            return self.rest(expr);
        }
        self.children(expr);
        if let Expr::FnCall(call, position) = expr
            && call.args.len() == 2
            && let Some(node) = compare::node(&call.name)
        {
            *expr = custom(node, std::mem::take(&mut call.args), *position, place(*position));
        }
    }

    /// What follows a slot: `lead.name.len()` is a chain whose first link is one.
    fn rest(&self, expr: &mut Expr) {
        if let Expr::Dot(chain, ..) | Expr::Index(chain, ..) = expr {
            self.expr(&mut chain.rhs);
        }
    }

    fn children(&self, expr: &mut Expr) {
        match expr {
            Expr::Stmt(block) => self.block(block),
            Expr::InterpolatedString(items, _) | Expr::Array(items, _) => items.iter_mut().for_each(|e| self.expr(e)),
            Expr::Map(map, _) => map.0.iter_mut().for_each(|(_, e)| self.expr(e)),
            Expr::Dot(pair, ..) | Expr::Index(pair, ..) => self.both(pair),
            Expr::And(items, _) | Expr::Or(items, _) | Expr::Coalesce(items, _) => {
                items.iter_mut().for_each(|e| self.expr(e));
            }
            Expr::FnCall(call, _) | Expr::MethodCall(call, _) => call.args.iter_mut().for_each(|e| self.expr(e)),
            _ => {}
        }
    }

    /// Replaces an expression that reads an input; says whether it did.
    fn read(&self, expr: &mut Expr) -> bool {
        if let Expr::Dot(chain, ..) = expr
            && let Expr::Variable(name, ..) = &chain.lhs
        {
            let links = match name.1.as_str() {
                "event" if survey::property(&chain.rhs).is_some_and(|(name, _)| name == "props") => 2,
                "lead" | "event" => 1,
                _ => return false,
            };
            let fact = name.1 == "lead";
            return self.read_chain(expr, links, fact);
        }
        let need = match expr {
            Expr::Variable(name, ..) => match name.1.as_str() {
                "event" => Need::Event,
                "tier" => Need::Tier,
                "touches" => Need::Touches,
                "now" => Need::Now,
                _ => return false,
            },
            Expr::FnCall(call, _) => match history(call) {
                Some(need) => need,
                None => return false,
            },
            _ => return false,
        };
        let position = expr.position();
        self.replace(expr, &need, position)
    }

    /// Cuts the first links off a chain and puts a slot in their place.
    fn read_chain(&self, expr: &mut Expr, links: usize, fact: bool) -> bool {
        let mut at = &*expr;
        let mut name = None;
        for _ in 0..links {
            let (Expr::Dot(chain, ..) | Expr::Index(chain, ..)) = at else { return false };
            at = &chain.rhs;
            name = survey::property(at);
        }
        let Some((name, position)) = name else { return false };
        let need = match (fact, links, name) {
            (true, ..) => Need::Fact(name.into()),
            (_, 2, _) => Need::Prop(name.into()),
            (_, _, "type") => Need::EventType,
            _ => Need::EventAt,
        };
        let mut tail = at.clone();
        match &mut tail {
            Expr::Dot(chain, ..) | Expr::Index(chain, ..) => {
                if !self.replace(&mut chain.lhs, &need, position) {
                    return false;
                }
                *expr = tail;
                true
            }
            _ => self.replace(expr, &need, position),
        }
    }

    fn replace(&self, expr: &mut Expr, need: &Need, position: Position) -> bool {
        let Some(index) = self.uses.iter().position(|found| found.need == *need) else { return false };
        *expr = custom(SLOT, [], position, Dynamic::from_int(index as i64));
        true
    }
}

fn history(call: &FnCallExpr) -> Option<Need> {
    let text = |index: usize| match call.args.get(index) {
        Some(Expr::StringConstant(text, _)) => Some(text.as_str()),
        _ => None,
    };
    survey::history(&call.name, text(0)?, text(1)).ok().flatten()
}

fn custom(node: &str, inputs: impl IntoIterator<Item = Expr>, position: Position, state: Dynamic) -> Expr {
    let custom = CustomExpr {
        inputs: inputs.into_iter().collect(),
        tokens: std::iter::once(node.into()).collect(),
        state,
        scope_may_be_changed: false,
        self_terminated: false,
    };
    Expr::Custom(Box::new(custom), position)
}

fn empty_call() -> Box<FnCallExpr> {
    Box::new(FnCallExpr {
        namespace: rhai::Namespace::NONE,
        name: rhai::ImmutableString::new(),
        hashes: rhai::FnCallHashes::from_native_only(0),
        args: std::iter::empty().collect(),
        capture_parent_scope: false,
        op_token: None,
    })
}

/// A position as the state of a node, from which [`position`] makes it again.
fn place(position: Position) -> Dynamic {
    let number = |n: Option<usize>| n.unwrap_or(0) as i64;
    Dynamic::from_int(number(position.line()) << 16 | number(position.position()))
}

/// The position in the state of a comparison.
pub fn position(state: &Dynamic) -> Position {
    let packed = state.as_int().unwrap_or(0);
    let (line, column) = ((packed >> 16) as u16, packed as u16);
    if line == 0 { Position::NONE } else { Position::new(line, column) }
}
