//! The pictures of the page. Everything is laid out here, from the model alone; colors are the page's.

mod moves;
mod timeline;

pub use moves::moves;
pub use timeline::timeline;

/// How wide a text of this size is about; wide rather than narrow, so that nothing touches.
fn width(text: &str, size: f64) -> f64 {
    let wide = |c: char| match c {
        'i' | 'l' | 'j' | 't' | 'f' | 'r' | 'I' | '.' | ',' | ':' | '\'' | '|' | ' ' => 0.34,
        'm' | 'w' | 'M' | 'W' => 0.88,
        c if c.is_ascii_uppercase() => 0.7,
        c if c.is_ascii() => 0.58,
        _ => 1.0,
    };
    text.chars().map(wide).sum::<f64>() * size
}

/// A number with at most one decimal.
fn round(number: f64) -> f64 {
    (number * 10.0).round() / 10.0 + 0.0
}

/// The class with the color of a tier: from the first, which is warm, to the last, which is gray.
pub fn tint(at: usize, of: usize) -> &'static str {
    const TINTS: [&str; 6] = ["t0", "t1", "t2", "t3", "t4", "t5"];
    // Few tiers take colors that are far apart.
    let place = match of {
        0 | 1 => 0,
        2 => at * 4,
        4 => [0, 1, 4, 5].get(at).copied().unwrap_or(5),
        of => (at * 5 + (of - 1) / 2) / (of - 1),
    };
    TINTS.get(place).copied().unwrap_or("t5")
}

/// Places as near as can be to the wished ones, which rise; each is at least its gap behind the one before.
fn spread(wished: &[f64], gaps: &[f64]) -> Vec<f64> {
    let offsets: Vec<f64> = gaps
        .iter()
        .scan(0.0, |sum, gap| {
            *sum += gap;
            Some(*sum)
        })
        .collect();
    // Marks that would touch form a block around the mean of where they want to be.
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for (place, offset) in wished.iter().zip(&offsets) {
        let mut block = (place - offset, 1_usize);
        while let Some((mean, count)) = blocks.last().copied() {
            if mean <= block.0 {
                break;
            }
            blocks.pop();
            let sum = mean * count as f64 + block.0 * block.1 as f64;
            block = (sum / (count + block.1) as f64, count + block.1);
        }
        blocks.push(block);
    }
    let means = blocks.into_iter().flat_map(|(mean, count)| std::iter::repeat_n(mean, count));
    means.zip(offsets).map(|(mean, offset)| mean + offset).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_keep_their_distance_and_their_order() {
        let wished = [0.0, 1.0, 2.0, 50.0, 50.0, 100.0];
        let places = spread(&wished, &[10.0; 6]);
        assert!(places.windows(2).all(|pair| pair[1] - pair[0] > 9.999), "{places:?}");
        assert_eq!(places, [-9.0, 1.0, 11.0, 45.0, 55.0, 100.0]);
        assert_eq!(spread(&[], &[]), Vec::<f64>::new());
    }

    #[test]
    fn few_tiers_differ_in_color() {
        for of in 1..=6 {
            let tints: std::collections::BTreeSet<_> = (0..of).map(|at| tint(at, of)).collect();
            assert_eq!(tints.len(), of);
        }
    }
}
