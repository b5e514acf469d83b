//! The engine scripts run in: built from nothing, so a script can do only what is listed here and
//! in `library`. Made once per compilation and once per evaluator.

use rhai::{Engine, OptimizationLevel};

use super::{compare, library};

/// Longest source, in bytes; checked before anything is parsed.
pub const MAX_SOURCE: usize = 16 * 1024;
/// Most operations of one run.
pub const MAX_OPERATIONS: u64 = 10_000;
/// Deepest nesting of calls of the script's own functions.
pub const MAX_CALLS: usize = 8;
/// Deepest nesting of expressions and blocks.
pub const MAX_DEPTH: usize = 32;
/// Longest text, in bytes.
pub const MAX_TEXT: usize = 1_024;
/// Most values in a list or a map, nested ones counted.
pub const MAX_ITEMS: usize = 100;
/// Most variables alive at once.
const MAX_VARIABLES: usize = 256;
/// Most functions a script may define.
const MAX_FUNCTIONS: usize = 64;

/// Words and signs that do not exist in a script. `**` is missing because its result for
/// fractions differs between machines; `pow` gives the same everywhere.
const DISABLED: &[&str] = &[
    "import",
    "export",
    "as",
    "eval",
    "Fn",
    "call",
    "curry",
    "is_def_var",
    "is_def_fn",
    "is_shared",
    "type_of",
    "this",
    "private",
    "**",
    "**=",
];

/// An engine with the limits and the library, without functions that need a running evaluator.
pub fn engine() -> Engine {
    let mut engine = Engine::new_raw();
    limit(&mut engine);
    for word in DISABLED {
        engine.disable_symbol(*word);
    }
    compare::register(&mut engine);
    library::register(&mut engine);
    engine
}

fn limit(engine: &mut Engine) {
    // Folding constants would hide calls from the survey, and saves nothing worth that.
    engine.set_optimization_level(OptimizationLevel::None);
    engine.set_strict_variables(true).set_fail_on_invalid_map_property(true).set_allow_anonymous_fn(false);
    engine.set_max_operations(MAX_OPERATIONS).set_max_call_levels(MAX_CALLS).set_max_expr_depths(MAX_DEPTH, MAX_DEPTH);
    engine.set_max_string_size(MAX_TEXT).set_max_array_size(MAX_ITEMS).set_max_map_size(MAX_ITEMS);
    engine.set_max_variables(MAX_VARIABLES).set_max_functions(MAX_FUNCTIONS).set_max_modules(0);
}
