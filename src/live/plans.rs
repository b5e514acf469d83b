//! Plans of this process by the bytes of their rulebooks: whoever opens a store again and again, as
//! a watching run does, compiles its rulebook once.

use std::sync::{Arc, Mutex, PoisonError};

use crate::plan::Plan;

/// So many are kept.
const KEPT: usize = 8;

static PLANS: Mutex<Vec<(blake3::Hash, Arc<Plan>)>> = Mutex::new(Vec::new());

/// The plan of a rulebook, made where it is not known yet.
///
/// # Errors
/// What making it says.
pub(super) fn of<E>(rulebook: &[u8], make: impl FnOnce() -> Result<Plan, E>) -> Result<Arc<Plan>, E> {
    let hash = blake3::hash(rulebook);
    let plans = || PLANS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, plan)) = plans().iter().find(|(known, _)| *known == hash) {
        return Ok(Arc::clone(plan));
    }
    let plan = Arc::new(make()?);
    let mut plans = plans();
    if plans.len() == KEPT {
        plans.remove(0);
    }
    plans.push((hash, Arc::clone(&plan)));
    Ok(plan)
}
