//! The logs and the hand-written loop the engine is measured with.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test may panic")]

#[path = "../benches/workload/by_hand.rs"]
mod by_hand;
#[path = "../benches/workload/generate.rs"]
mod generate;
#[path = "../benches/workload/truth.rs"]
#[expect(dead_code, reason = "the large log is for the bench")]
mod truth;

use generate::Workload;

fn small(dirty: bool) -> Vec<u8> {
    generate::bytes(Workload { leads: 1_000, events: 100_000, seed: 42, dirty })
}

/// The truth was found for these bytes and no others.
#[test]
fn the_bytes_are_the_ones_the_truth_was_found_for() {
    for (dirty, length, hash) in [
        (false, 14_794_042, "f87802eab1bd8515aff0a1ec5e02e0c986c81cd75b17c2e5d5c90a339ff55bf0"),
        (true, 14_939_688, "9c7266b91be1d6919c43a6a13af94f6ed3b684943d86aa965a33a48b74b49a82"),
    ] {
        let log = small(dirty);
        assert_eq!((log.len(), blake3::hash(&log).to_hex().as_str()), (length, hash));
    }
}

#[test]
fn the_loop_by_hand_finds_the_truth() {
    let (clean, dirty) = (small(false), small(true));
    assert_eq!(by_hand::from_clean_json(&clean), truth::SMALL);
    assert_eq!(by_hand::from_json(&clean), truth::SMALL);
    assert_eq!(by_hand::from_json(&dirty), truth::SMALL);
}
