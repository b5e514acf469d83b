//! Walks a script's tree once it parses: finds what it reads, and what Rhai would only find when
//! the line runs (functions that do not exist, inputs used in ways that cannot work).

use rhai::{AST, ASTNode, BinaryExpr, Expr, FnAccess, FnCallExpr, Position, Stmt};

use super::{Function, INPUTS, Need, ScriptError, ScriptPlace, Use, library, place, words};
use crate::units::{Length, Unit};

/// What a script reads and defines, or every mistake in it, by place.
pub fn survey(ast: &AST, text: &str) -> Result<(Vec<Use>, Vec<Function>), Vec<ScriptError>> {
    let mut survey = Survey { text, functions: functions(ast), uses: Vec::new(), errors: Vec::new(), inside: false };
    survey.definitions(ast);
    // The walk visits what is outside functions first, then the functions.
    let mut left = outside(ast);
    ast.walk(&mut |path| {
        survey.inside = left == 0;
        left = left.saturating_sub(1);
        survey.node(path);
        true
    });
    if survey.errors.is_empty() {
        survey.uses.sort_by_key(|found| found.place);
        return Ok((survey.uses, survey.functions));
    }
    survey.errors.sort_by_key(|error| error.place);
    survey.errors.dedup();
    Err(survey.errors)
}

/// How many nodes are outside functions.
fn outside(ast: &AST) -> usize {
    let (mut count, mut path) = (0, Vec::new());
    for statement in ast.statements() {
        statement.walk(&mut path, &mut |_: &[ASTNode]| {
            count += 1;
            true
        });
    }
    count
}

fn functions(ast: &AST) -> Vec<Function> {
    let own = ast.iter_fn_def().filter(|f| f.access == FnAccess::Public);
    let mut found: Vec<Function> = own.map(|f| Function { name: f.name.to_string(), arity: f.params.len() }).collect();
    found.sort_by(|a, b| (&a.name, a.arity).cmp(&(&b.name, b.arity)));
    found
}

struct Survey<'t> {
    text: &'t str,
    functions: Vec<Function>,
    uses: Vec<Use>,
    errors: Vec<ScriptError>,
    /// Inside a function, which sees only what it is given.
    inside: bool,
}

impl Survey<'_> {
    fn place(&self, position: Position) -> ScriptPlace {
        place(position, self.text)
    }

    fn error(&mut self, position: Position, message: String, help: impl Into<Option<String>>) {
        let place = self.place(position);
        self.errors.push(ScriptError { place, message, help: help.into() });
    }

    fn need(&mut self, need: Need, position: Position) {
        let place = self.place(position);
        match self.uses.iter_mut().find(|known| known.need == need) {
            Some(known) => known.place = known.place.min(place),
            None => self.uses.push(Use { need, place }),
        }
    }

    /// Functions must not hide those of the library, nor their values the inputs.
    fn definitions(&mut self, ast: &AST) {
        for function in ast.iter_fn_def() {
            let at = words::definition(&function.name, self.text);
            if library::arity(&function.name).is_some() {
                let message = format!("`{}` is already a function of the language", function.name);
                self.errors.push(ScriptError { place: at, message, help: Some("give it another name".into()) });
            }
            if function.this_type.is_some() {
                let message = format!("`{}` cannot be defined for a type", function.name);
                let help = Some("make the value its first parameter".into());
                self.errors.push(ScriptError { place: at, message, help });
            }
            for name in function.params.iter().filter(|p| INPUTS.contains(&p.as_str())) {
                let (message, help) = words::hides_input(name);
                self.errors.push(ScriptError { place: at, message, help: Some(help) });
            }
        }
    }

    fn node(&mut self, path: &[ASTNode]) {
        let Some((node, above)) = path.split_last() else { return };
        match node {
            ASTNode::Stmt(stmt) => self.statement(stmt),
            ASTNode::Expr(expr) => self.expression(expr, above.last()),
            _ => {}
        }
    }

    fn statement(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Var(var, ..) => self.defined(&var.0.name, var.0.pos),
            Stmt::For(each, ..) => {
                self.defined(&each.0.name, each.0.pos);
                if let Some(counter) = &each.1 {
                    self.defined(&counter.name, counter.pos);
                }
            }
            Stmt::TryCatch(.., position) => {
                let help = "a script that fails leaves the score as it was".to_owned();
                self.error(*position, "a script cannot catch its own mistakes".into(), help);
            }
            Stmt::Assignment(assignment) => self.assigned(&assignment.1.lhs),
            Stmt::FnCall(call, position) => self.call(call, 0, *position),
            _ => {}
        }
    }

    fn defined(&mut self, name: &str, position: Position) {
        if INPUTS.contains(&name) {
            let (message, help) = words::hides_input(name);
            self.error(position, message, help);
        }
    }

    fn assigned(&mut self, target: &Expr) {
        if let Some((name, position)) = root(target).filter(|(name, _)| INPUTS.contains(name)) {
            let help = "copy it with `let` and change the copy".to_owned();
            self.error(position, format!("`{name}` cannot be changed"), help);
        }
    }

    fn expression(&mut self, expr: &Expr, above: Option<&ASTNode>) {
        match expr {
            Expr::FnCall(call, position) => self.call(call, 0, *position),
            Expr::MethodCall(call, position) => self.call(call, 1, *position),
            Expr::Variable(name, _, position) => self.variable(&name.1, *position, expr, above),
            Expr::ThisPtr(position) => self.error(*position, "there is no `this` in a script".into(), None),
            _ => {}
        }
    }

    fn variable(&mut self, name: &str, position: Position, expr: &Expr, above: Option<&ASTNode>) {
        if self.inside && INPUTS.contains(&name) {
            let (message, help) = words::unknown_variable(name);
            return self.error(position, message, help);
        }
        match name {
            "lead" => self.lead(position, expr, above),
            "event" => self.event(position, expr, above),
            "tier" => self.need(Need::Tier, position),
            "touches" => self.need(Need::Touches, position),
            "now" => self.need(Need::Now, position),
            _ => {}
        }
    }

    fn lead(&mut self, position: Position, expr: &Expr, above: Option<&ASTNode>) {
        if let Some((name, at)) = chain(expr, above).and_then(|chain| property(&chain.rhs)) {
            self.need(Need::Fact(name.into()), at);
        } else {
            let help = "write `lead.NAME`; to hand a fact to a function, hand over `lead.NAME`".to_owned();
            self.error(position, "`lead` can only be read fact by fact".into(), help);
        }
    }

    fn event(&mut self, position: Position, expr: &Expr, above: Option<&ASTNode>) {
        self.need(Need::Event, position);
        let Some(chain) = chain(expr, above) else {
            if !compared_with_nothing(above) {
                let help = "`event == ()` tells whether there is one".to_owned();
                self.error(position, "`event` can only be read part by part".into(), help);
            }
            return;
        };
        match property(&chain.rhs) {
            Some(("type", at)) => self.need(Need::EventType, at),
            Some(("at", at)) => self.need(Need::EventAt, at),
            Some(("props", at)) => self.prop(at, second(&chain.rhs).and_then(property)),
            Some((name, at)) => {
                let help = "it has `type`, `at` and `props`".to_owned();
                self.error(at, format!("`event` has no `{name}`"), help);
            }
            None => self.error(position, "`event` can only be read part by part".into(), None),
        }
    }

    fn prop(&mut self, props: Position, name: Option<(&str, Position)>) {
        if let Some((name, at)) = name {
            self.need(Need::Prop(name.into()), at);
        } else {
            let help = "write `event.props.NAME`".to_owned();
            self.error(props, "`event.props` can only be read one by one".into(), help);
        }
    }

    fn call(&mut self, call: &FnCallExpr, receivers: usize, position: Position) {
        let name = call.name.as_str();
        if call.is_qualified() {
            let help = "a script is one file; call the function by its name".to_owned();
            return self.error(position, "there are no modules in a script".into(), help);
        }
        if call.is_operator_call() || !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return;
        }
        let given = call.args.len() + receivers;
        self.known(name, given, position);
        if receivers == 0 {
            self.host(name, &call.args, position);
        }
    }

    fn known(&mut self, name: &str, given: usize, position: Position) {
        let own: Vec<usize> = self.functions.iter().filter(|f| f.name == name).map(|f| f.arity).collect();
        let takes = library::arity(name).map_or(own, <[usize]>::to_vec);
        if takes.is_empty() {
            let help = words::unknown_function_help(name, self.functions.iter().map(|f| f.name.as_str()));
            self.error(position, format!("there is no function `{name}`"), help);
        } else if !takes.contains(&given) {
            let message = format!("`{name}` takes {}, not {given}", words::values(&takes));
            self.error(position, message, None);
        }
    }

    /// The functions that read the lead's history: their arguments must be known now.
    fn host(&mut self, name: &str, args: &[Expr], position: Position) {
        if !matches!(name, "count" | "days_since" | "last" | "score") || args.is_empty() {
            return;
        }
        if self.inside {
            let help = "ask outside, and make the answer a parameter".to_owned();
            return self.error(position, format!("a function cannot ask for `{name}`"), help);
        }
        let mut literals = Vec::new();
        for arg in args {
            let Expr::StringConstant(literal, _) = arg else {
                let help =
                    format!("write it out, like `{name}(\"{}\")`", if name == "score" { "fit" } else { "opened" });
                return self.error(arg.position(), format!("`{name}` takes a text in quotes"), help);
            };
            literals.push(literal.to_string());
        }
        let (Some(first), second) = (literals.first(), literals.get(1)) else { return };
        let need = match history(name, first, second.map(String::as_str)) {
            Ok(Some(need)) => need,
            Ok(None) => return,
            Err(text) => {
                let at = args.get(1).map_or(position, Expr::position);
                let help = "write `90s`, `15m`, `2h`, `3d` or `2w`".to_owned();
                return self.error(at, format!("`{text}` is not a length of time"), help);
            }
        };
        let at = args.first().map_or(position, Expr::position);
        self.need(need, at);
    }
}

/// What a call of `count`, `days_since`, `last` or `score` reads; `None` for other functions, the
/// text itself where it is not a length.
pub fn history(function: &str, name: &str, length: Option<&str>) -> Result<Option<Need>, String> {
    let name = name.to_owned();
    Ok(Some(match function {
        "count" => {
            let length = length.map(|text| measured(text).ok_or_else(|| text.to_owned())).transpose()?;
            Need::Count { event: name, length }
        }
        "days_since" => Need::DaysSince(name),
        "last" => Need::Last(name),
        "score" => Need::Score(name),
        _ => return Ok(None),
    }))
}

/// The chain of dots that starts with this variable.
fn chain<'a>(expr: &Expr, above: Option<&ASTNode<'a>>) -> Option<&'a BinaryExpr> {
    match above {
        Some(ASTNode::Expr(Expr::Dot(chain, ..))) if std::ptr::eq(&raw const chain.lhs, expr) => Some(chain),
        _ => None,
    }
}

/// The first name of the rest of a chain.
pub fn property(rest: &Expr) -> Option<(&str, Position)> {
    match rest {
        Expr::Property(name, position) => Some((name.2.as_str(), *position)),
        Expr::Dot(chain, ..) | Expr::Index(chain, ..) => property(&chain.lhs),
        _ => None,
    }
}

/// What follows the first name of the rest of a chain.
fn second(rest: &Expr) -> Option<&Expr> {
    match rest {
        Expr::Dot(chain, ..) => Some(&chain.rhs),
        _ => None,
    }
}

/// The variable that a target of an assignment belongs to.
fn root(target: &Expr) -> Option<(&str, Position)> {
    match target {
        Expr::Variable(name, _, position) => Some((name.1.as_str(), *position)),
        Expr::Dot(chain, ..) | Expr::Index(chain, ..) => root(&chain.lhs),
        _ => None,
    }
}

fn compared_with_nothing(above: Option<&ASTNode>) -> bool {
    let Some(ASTNode::Expr(Expr::FnCall(call, _)) | ASTNode::Stmt(Stmt::FnCall(call, _))) = above else {
        return false;
    };
    matches!(call.name.as_str(), "==" | "!=") && call.args.iter().any(|arg| matches!(arg, Expr::Unit(_)))
}

/// A measured length as written in quotes: `7d`.
fn measured(text: &str) -> Option<Length> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (amount, unit) = text.split_at_checked(digits)?;
    let unit = match unit {
        "s" => Unit::Second,
        "m" => Unit::Minute,
        "h" => Unit::Hour,
        "d" => Unit::Day,
        "w" => Unit::Week,
        _ => return None,
    };
    let amount = amount.parse().ok().filter(|n| *n > 0)?;
    Some(Length { amount, unit })
}
