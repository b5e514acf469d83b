//! What the eight rules of the workload decide up to 2026-07-05T00:00:00Z: for each how often it
//! fires, the sum of the seconds since 2026-01-05T00:00:00Z, and the sum of the leads' numbers.
//! Found by a reference written apart from this program; the same for the clean and the dirty
//! log of a size.
//!
//! 1. The number of opens in `(t - 7 days, t]` rises from below 3 to 3.
//! 2. Likewise for 3 views of the pricing page in 14 days.
//! 3. Every view of the pricing page.
//! 4. The first reply of a lead.
//! 5. 30 days after the last open, click, view, reply, demo or booking while hot (rules 1 and 2
//!    make a lead hot); the lead then is warm.
//! 6. Mails sent and calls since the last reply, demo or booking reach 8.
//! 7. Points (open 5, click 10, demo 50, pricing 15) first reach 60.
//! 8. Every booked meeting.

/// One row a rule.
pub type Truth = [[u64; 3]; 8];

/// 1,000 leads, 100,000 events, seed 42.
pub const SMALL: Truth = [
    [3_139, 27_893_712_102, 1_529_030],
    [257, 2_593_620_652, 128_200],
    [2_423, 22_486_887_690, 1_192_704],
    [529, 3_935_413_275, 260_334],
    [464, 4_828_757_653, 227_056],
    [1_681, 15_547_953_510, 831_778],
    [784, 5_804_919_156, 387_826],
    [556, 4_995_876_226, 281_773],
];

/// 10,000 leads, 1,000,000 events, seed 42.
pub const LARGE: Truth = [
    [32_086, 286_618_138_509, 159_952_501],
    [2_551, 24_240_749_100, 12_674_660],
    [24_331, 220_931_830_842, 120_562_236],
    [5_584, 41_300_292_109, 27_841_614],
    [4_438, 47_262_393_681, 22_187_224],
    [17_157, 156_982_129_159, 85_041_457],
    [7_808, 57_044_164_533, 38_777_777],
    [5_505, 50_631_509_333, 27_504_964],
];
