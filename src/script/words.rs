//! What is said about mistakes in scripts: the engine's errors in the author's words.

use rhai::{EvalAltResult, LexError, ParseError, ParseErrorType, Position};

use super::{INPUTS, ScriptError, ScriptPlace, library, place, sandbox};
use crate::words::{counted, nearest};

/// A type in words, from its name in the engine.
pub fn kind(type_name: &str) -> &'static str {
    match type_name {
        "()" => "a missing value",
        "i64" | "f64" => "a number",
        "bool" => "a truth value",
        "char" | "string" | "String" | "&str" | "&mut &str" => "a text",
        name if name.contains("ImmutableString") => "a text",
        "array" => "a list",
        name if name.contains("Vec<") => "a list",
        "map" => "a map",
        name if name.contains("Map<") => "a map",
        name if name.contains("ange") => "a range",
        "Fn" => "a function",
        name if name.contains("FnPtr") => "a function",
        _ => "a value",
    }
}

/// A source over the limit, pointed at its first byte too many.
pub fn too_long(text: &str) -> ScriptError {
    let mut end = sandbox::MAX_SOURCE;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = text.get(..end).unwrap_or("");
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    let place = ScriptPlace { line: line as u32, column: column as u32, byte: end as u32 };
    let message = format!("the script is {} bytes long; at most {} are allowed", text.len(), sandbox::MAX_SOURCE);
    ScriptError { place, message, help: Some("split it into several scores".into()) }
}

/// A mistake in the syntax, or a variable that does not exist.
pub fn syntax(error: &ParseError, text: &str) -> ScriptError {
    let (message, help) = match error.err_type() {
        ParseErrorType::BadInput(lex) => lexical(lex),
        ParseErrorType::Reserved(word) => forbidden(word),
        ParseErrorType::UnknownOperator(sign) if matches!(sign.as_str(), "**" | "**=") => forbidden(sign),
        ParseErrorType::VariableUndefined(name) => unknown_variable(name),
        other => (structure(other), None),
    };
    ScriptError { place: place(position(error.position(), text), text), message, help }
}

/// The end of the text, where the engine knows no place.
fn position(known: Position, text: &str) -> Position {
    if !known.is_none() {
        return known;
    }
    let line = text.lines().count().max(1);
    let column = text.lines().last().unwrap_or("").chars().count() + 1;
    Position::new(u16::try_from(line).unwrap_or(u16::MAX), u16::try_from(column).unwrap_or(u16::MAX))
}

fn lexical(error: &LexError) -> (String, Option<String>) {
    match error {
        LexError::UnexpectedInput(s) if s == "|" => forbidden("Fn"),
        LexError::UnexpectedInput(s) => (format!("`{s}` has no meaning here"), None),
        LexError::UnterminatedString => ("the text in quotes does not end".into(), Some("close it with `\"`".into())),
        LexError::StringTooLong(_) => (too_large("text"), None),
        LexError::MalformedEscapeSequence(s) => {
            (format!("`{s}` is not an escape"), Some("write `\\n`, `\\\"` or `\\\\`".into()))
        }
        LexError::MalformedNumber(s) => (format!("`{s}` is not a number"), None),
        LexError::MalformedChar(s) => {
            (format!("`{s}` is not one character"), Some("texts stand in double quotes".into()))
        }
        LexError::MalformedIdentifier(s) => (format!("`{s}` is not a name"), None),
        LexError::ImproperSymbol(s, _) => forbidden(s),
        _ => ("this cannot be read".into(), None),
    }
}

fn forbidden(word: &str) -> (String, Option<String>) {
    let (why, help) = match word {
        "import" | "export" | "as" => ("a script cannot use other files", "put everything it needs into this one"),
        "eval" => ("a script cannot run text as a script", "write what it should do"),
        "**" | "**=" => ("there is no such operator", "use `pow(base, exponent)`"),
        "Fn" | "call" | "curry" => {
            return ("functions cannot be handed around".into(), Some("call the function by its name".into()));
        }
        "===" => ("there is no such operator", "use `==`"),
        "!==" => ("there is no such operator", "use `!=`"),
        _ => return (format!("`{word}` cannot be used in a script"), None),
    };
    (format!("`{word}`: {why}"), Some(help.into()))
}

/// A variable that does not exist where it is used.
pub fn unknown_variable(name: &str) -> (String, Option<String>) {
    let help = if INPUTS.contains(&name) {
        Some("functions see only what they are given; make it a parameter".into())
    } else {
        nearest(name, INPUTS).map(|near| format!("did you mean `{near}`?"))
    };
    (
        format!("there is no variable `{name}`"),
        help.or_else(|| Some("define it with `let`; facts are `lead.NAME`".into())),
    )
}

fn structure(error: &ParseErrorType) -> String {
    match error {
        ParseErrorType::UnexpectedEOF => "the script ends too early".into(),
        ParseErrorType::UnknownOperator(s) => format!("there is no operator `{s}`"),
        ParseErrorType::MissingToken(token, _) => format!("expected `{token}` here"),
        ParseErrorType::DuplicatedProperty(s) => format!("`{s}` is given twice"),
        ParseErrorType::DuplicatedVariable(s) => format!("`{s}` is defined twice"),
        ParseErrorType::PropertyExpected => "expected a name here".into(),
        ParseErrorType::VariableExpected => "expected the name of a variable here".into(),
        ParseErrorType::ForbiddenVariable(s) => format!("`{s}` cannot be a variable"),
        ParseErrorType::MismatchedType(wanted, got) => format!("expected {} here, not {}", kind(wanted), kind(got)),
        ParseErrorType::ExprExpected(_) => "expected a value here".into(),
        ParseErrorType::WrongFnDefinition => "functions are defined at the top of a script, not inside a block".into(),
        ParseErrorType::FnDuplicatedDefinition(s, _) => format!("the function `{s}` is defined twice"),
        ParseErrorType::FnMissingName => "the function has no name".into(),
        ParseErrorType::FnMissingParams(s) => format!("the function `{s}` has no parameters; write `{s}()`"),
        ParseErrorType::FnDuplicatedParam(s, p) => format!("the function `{s}` has two parameters `{p}`"),
        ParseErrorType::FnMissingBody(s) => format!("the function `{s}` has no body"),
        ParseErrorType::AssignmentToConstant(s) if INPUTS.contains(&s.as_str()) => format!("`{s}` cannot be changed"),
        ParseErrorType::AssignmentToConstant(s) => format!("`{s}` is a constant and cannot be changed"),
        ParseErrorType::AssignmentToInvalidLHS(_) => "nothing can be assigned to this".into(),
        ParseErrorType::VariableExists(s) => format!("`{s}` is already defined"),
        ParseErrorType::ModuleUndefined(_) => "there are no modules in a script".into(),
        ParseErrorType::ExprTooDeep => format!("this is nested more than {} deep", sandbox::MAX_DEPTH),
        ParseErrorType::TooManyFunctions => "the script defines too many functions".into(),
        ParseErrorType::LiteralTooLarge(what, _) => too_large(what),
        ParseErrorType::LoopBreak => "`break` and `continue` stand inside loops only".into(),
        ParseErrorType::WrongSwitchDefaultCase => "`_` must be the last case".into(),
        ParseErrorType::MalformedIndexExpr(_) => "this cannot be an index".into(),
        _ => "this is not a statement".into(),
    }
}

fn too_large(what: &str) -> String {
    let what = what.to_ascii_lowercase();
    if what.contains("map") {
        format!("the map has more than {} values", sandbox::MAX_ITEMS)
    } else if what.contains("array") {
        format!("the list has more than {} values", sandbox::MAX_ITEMS)
    } else {
        format!("the text is longer than {} bytes", sandbox::MAX_TEXT)
    }
}

/// What went wrong in a run, and where.
pub fn fault(error: &EvalAltResult) -> (String, Position) {
    if let EvalAltResult::ErrorInFunctionCall(_, _, inner, at) = error {
        let (message, position) = fault(inner);
        return (message, if position.is_none() { *at } else { position });
    }
    (runtime(error), error.position())
}

fn runtime(error: &EvalAltResult) -> String {
    use EvalAltResult as E;
    match error {
        E::ErrorRuntime(words, _) => words.to_string(),
        E::ErrorTooManyOperations(_) => {
            format!("the script did not end within {} operations", sandbox::MAX_OPERATIONS)
        }
        E::ErrorStackOverflow(_) => format!("functions call each other more than {} deep", sandbox::MAX_CALLS),
        E::ErrorTooManyVariables(_) => "the script has too many variables".into(),
        E::ErrorDataTooLarge(what, _) => too_large(what),
        E::ErrorFunctionNotFound(signature, _) => not_for(signature),
        E::ErrorPropertyNotFound(name, _) => format!("there is no `{name}` in the map"),
        E::ErrorDotExpr(words, _) => {
            quoted(words).map_or_else(|| "this value has no parts".into(), |name| format!("this value has no `{name}`"))
        }
        E::ErrorIndexingType(types, _) => {
            let of = types.split(" [").next().unwrap_or("");
            format!("{} has no parts to pick from", kind(of))
        }
        E::ErrorIndexNotFound(index, _) => format!("there is nothing at `{index}`"),
        E::ErrorArrayBounds(count, index, _) => format!("there is no item {index} in a list of {count}"),
        E::ErrorStringBounds(count, index, _) => format!("there is no character {index} in a text of {count}"),
        E::ErrorFor(_) => "`for` goes through a list or a range of whole numbers".into(),
        E::ErrorMismatchDataType(wanted, got, _) if wanted.is_empty() => format!("{} does not fit here", kind(got)),
        E::ErrorMismatchDataType(wanted, got, _) => format!("expected {} here, not {}", kind(wanted), kind(got)),
        E::ErrorArithmetic(words, _) if words.contains("zero") => "division by zero".into(),
        E::ErrorArithmetic(..) => "the result is too large for a whole number".into(),
        E::ErrorVariableNotFound(name, _) => format!("there is no variable `{name}`"),
        E::ErrorAssignmentToConstant(name, _) => format!("`{name}` is a constant and cannot be changed"),
        E::ErrorNonPureMethodCallOnConstant(name, _) => format!("`{name}` cannot change a constant"),
        _ => "the script cannot go on here".into(),
    }
}

/// `+ (i64, bool)` in words.
fn not_for(signature: &str) -> String {
    let (name, types) = signature.split_once('(').unwrap_or((signature, ""));
    let types: Vec<&str> =
        types.strip_suffix(')').unwrap_or(types).split(", ").filter(|t| !t.is_empty()).map(kind).collect();
    let with = match types.split_last() {
        None => "nothing".into(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    };
    format!("`{}` cannot be used with {with}", name.trim())
}

fn quoted(words: &str) -> Option<&str> {
    words.split('\'').nth(1)
}

/// An input's name given to something else.
pub fn hides_input(name: &str) -> (String, String) {
    (format!("`{name}` is an input of every script and cannot be defined again"), "choose another name".into())
}

/// Where a function is defined, which the engine does not keep.
pub fn definition(name: &str, text: &str) -> ScriptPlace {
    let found = text.match_indices("fn ").find_map(|(at, keyword)| {
        let rest = text.get(at + keyword.len()..)?.trim_start();
        let starts = rest.strip_prefix(name)?.trim_start().starts_with('(');
        starts.then(|| text.len() - rest.len())
    });
    let byte = found.unwrap_or(0);
    let before = text.get(..byte).unwrap_or("");
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    ScriptPlace { line: before.matches('\n').count() as u32 + 1, column: column as u32, byte: byte as u32 }
}

/// What to do about a function that does not exist.
pub fn unknown_function_help<'a>(name: &str, own: impl Iterator<Item = &'a str>) -> String {
    match name {
        "sleep" => return "a script cannot wait; take the line out".into(),
        "timestamp" => return "a script sees no clock; use `now`".into(),
        "rand" | "random" => return "a script sees no chance; the same lead must get the same score".into(),
        _ => {}
    }
    let known = library::FUNCTIONS.iter().map(|(known, _)| *known).chain(own);
    nearest(name, known).map_or_else(
        || "define it with `fn`, or see the functions a script may call".into(),
        |near| format!("did you mean `{near}`?"),
    )
}

/// `1 value`, `2 or 3 values`.
pub fn values(counts: &[usize]) -> String {
    let words: Vec<String> = counts.iter().map(ToString::to_string).collect();
    format!("{} {}", words.join(" or "), counted(counts == [1], "value"))
}
