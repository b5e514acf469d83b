//! Numbers as people write them: exact decimals, 18 digits before the point and nine after. Sums,
//! differences and comparisons are exact; products, quotients and what a log has beyond nine digits
//! are rounded half to even, the same on every machine.

use std::cmp::Ordering;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Neg, Sub};

use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

/// An exact decimal number.
///
/// It counts billionths in 96 bits, lowest first, so that a value, a property and a contribution to a
/// score take no more room than with a floating-point number.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Decimal([u32; 3]);

/// A number that has more than 18 digits before the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

/// Digits after the point.
const PLACES: u32 = 9;
/// So many billionths are one.
const UNIT: i128 = 1_000_000_000;
/// One more than the largest number, in billionths.
const LIMIT: i128 = 1_000_000_000_000_000_000 * UNIT;
/// Below this, whole numbers are exact as floating point.
const EXACT: i128 = 1 << 53;

impl Decimal {
    /// 0
    pub const ZERO: Self = Self([0; 3]);
    /// 1
    pub const ONE: Self = Self::wrapped(UNIT);
    /// The largest number.
    pub const MAX: Self = Self::wrapped(LIMIT - 1);
    /// The smallest step: one billionth.
    pub const STEP: Self = Self::wrapped(1);

    /// So many billionths; those beyond the bounds cannot be told apart.
    const fn wrapped(billionths: i128) -> Self {
        Self([billionths as u32, (billionths >> 32) as u32, (billionths >> 64) as u32])
    }

    const fn billionths(self) -> i128 {
        let [low, middle, high] = self.0;
        ((high as i32 as i128) << 64) | ((middle as i128) << 32) | low as i128
    }

    fn of(billionths: i128) -> Option<Self> {
        (-LIMIT < billionths && billionths < LIMIT).then(|| Self::wrapped(billionths))
    }

    /// The nearest number there is: sums of scores stop at the bounds.
    fn bounded(billionths: i128) -> Self {
        Self::wrapped(billionths.clamp(1 - LIMIT, LIMIT - 1))
    }

    /// A whole number.
    #[must_use]
    pub fn whole(number: i64) -> Option<Self> {
        Self::of(i128::from(number) * UNIT)
    }

    /// A number as JSON and the language write it: `-12.5`, `1e3`.
    ///
    /// # Errors
    /// It has more than 18 digits before the point. A text that is no number reads as far as it is one.
    pub fn parse(text: &str) -> Result<Self, TooLarge> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, ""));
        let (before, after) = digits.split_once('.').unwrap_or((digits, ""));
        let exponent = whole_exponent(exponent) - after.len() as i64 + i64::from(PLACES);
        let digits = before.bytes().chain(after.bytes()).filter(u8::is_ascii_digit).skip_while(|digit| *digit == b'0');
        let count = digits.clone().count() as i64;
        if count == 0 {
            return Ok(Self::ZERO);
        }
        if count.saturating_add(exponent) > 27 {
            return Err(TooLarge);
        }
        let kept = count.saturating_add(exponent.min(0)).max(0) as usize;
        let mut billionths = digits.clone().take(kept).fold(0, |sum, digit| sum * 10 + i128::from(digit - b'0'));
        if exponent >= 0 {
            billionths *= 10_i128.pow(exponent as u32);
        } else if count.saturating_add(exponent) >= 0 {
            let mut rest = digits.skip(kept);
            let first = rest.next().unwrap_or(b'0');
            let half = match first.cmp(&b'5') {
                Ordering::Equal if rest.any(|digit| digit != b'0') => Ordering::Greater,
                order => order,
            };
            billionths += i128::from(half == Ordering::Greater || (half == Ordering::Equal && billionths % 2 == 1));
        }
        Self::of(if negative { -billionths } else { billionths }).ok_or(TooLarge)
    }

    /// The number that a floating-point number is written as at its shortest: of 0.1 it is 0.1. `None`
    /// where it is too large, or none.
    #[must_use]
    pub fn from_f64(number: f64) -> Option<Self> {
        if number.is_nan() || number.abs() >= LIMIT as f64 / UNIT as f64 {
            return None;
        }
        // Of two numbers with so few digits no two are the same floating-point number.
        let near = (number * UNIT as f64).round();
        if near.abs() <= 1e15 && (near / UNIT as f64).to_bits() == number.to_bits() {
            return Some(Self::wrapped(near as i128));
        }
        if number.abs() < 1e-11 {
            return Some(Self::ZERO);
        }
        Self::parse(&number.to_string()).ok()
    }

    /// The floating-point number nearest to it.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        let billionths = self.billionths();
        if billionths.abs() <= EXACT {
            return billionths as f64 / UNIT as f64;
        }
        self.to_string().parse().unwrap_or(0.0)
    }

    /// The same as a whole number, where it is one.
    #[must_use]
    pub fn to_whole(self) -> Option<i64> {
        let billionths = self.billionths();
        (billionths % UNIT == 0).then_some((billionths / UNIT) as i64)
    }

    /// Whether it is below zero.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.billionths() < 0
    }

    /// It without its sign.
    #[must_use]
    pub fn abs(self) -> Self {
        Self::wrapped(self.billionths().abs())
    }

    /// The largest whole number that is not above it.
    #[must_use]
    pub fn floor(self) -> Self {
        Self::bounded(self.billionths().div_euclid(UNIT) * UNIT)
    }

    /// The sum, where it is not too large.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        Self::of(self.billionths() + other.billionths())
    }

    /// The difference, where it is not too large.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        Self::of(self.billionths() - other.billionths())
    }

    /// The product, rounded to nine digits, where it is not too large.
    #[must_use]
    pub fn times(self, other: Self) -> Option<Self> {
        let (a, b) = (self.billionths(), other.billionths());
        let product = (a / UNIT).checked_mul(b)?;
        Self::of(product.checked_add(half_to_even(a % UNIT * b, UNIT))?)
    }

    /// The quotient, rounded to nine digits; `None` where there is none or it is too large.
    #[must_use]
    pub fn over(self, other: Self) -> Option<Self> {
        let by = other.billionths();
        (by != 0).then(|| Self::of(half_to_even(self.billionths() * UNIT, by)))?
    }

    /// A number between two others, where there is one.
    #[must_use]
    pub fn between(low: Self, high: Self) -> Option<Self> {
        let middle = Self::wrapped((low.billionths() + high.billionths()).div_euclid(2));
        (low < middle && middle < high).then_some(middle)
    }

    /// It with so many digits after the point; what lies in the middle goes away from zero.
    #[must_use]
    pub fn rounded(self, places: u32) -> Self {
        let unit = 10_i128.pow(PLACES.saturating_sub(places));
        let billionths = self.billionths();
        Self::bounded((billionths + billionths.signum() * (unit / 2)) / unit * unit)
    }

    /// What is left of it when time has halved it: it times 2 to the power of -`age` / `half_life`,
    /// rounded to nine digits. All of it is done with whole numbers, so that every machine agrees.
    #[must_use]
    pub fn faded(self, age: i64, half_life: i64) -> Self {
        let half_life = half_life.max(1);
        let (halvings, rest) = (age.div_euclid(half_life), age.rem_euclid(half_life));
        if self == Self::ZERO || (halvings == 0 && rest == 0) {
            return self;
        }
        // So often halved, the largest number is less than half of the smallest step.
        if halvings > 92 {
            return Self::ZERO;
        }
        let part = ((rest as u128) << 64) / half_life as u128;
        let factor = u128::from(power_of_half(part as u64));
        let shift = 63 + halvings.max(-18);
        let all = self.billionths().unsigned_abs();
        // Ninety bits times sixty-four: in two parts, of which the lower one is only asked whether it is there.
        let (high, low) = ((all >> 45) * factor, (all & ((1 << 45) - 1)) * factor);
        let (sum, lost) = (high + (low >> 45), low & ((1 << 45) - 1) != 0);
        let shift = (shift - 45) as u32;
        let (kept, rest) = if shift >= 127 { (0, 0) } else { (sum >> shift, sum & ((1 << shift) - 1)) };
        let half = if shift >= 127 { u128::MAX } else { 1 << (shift - 1) };
        let up = match rest.cmp(&half) {
            Ordering::Greater => true,
            Ordering::Equal => lost || kept % 2 == 1,
            Ordering::Less => false,
        };
        let worth = i128::try_from(kept + u128::from(up)).unwrap_or(LIMIT);
        Self::bounded(if self.is_negative() { -worth } else { worth })
    }

    /// The digits, with so many after the point, without a sign.
    fn digits(self, places: usize) -> String {
        let unit = 10_i128.pow(PLACES.saturating_sub(places as u32));
        let rounded = half_to_even(self.billionths().abs(), unit) * unit;
        let (whole, part) = (rounded / UNIT, rounded % UNIT);
        if places == 0 {
            return whole.to_string();
        }
        let part = format!("{part:09}");
        format!("{whole}.{:0<places$}", part.get(..places).unwrap_or(&part))
    }
}

/// 2 to the power of minus a part of one, as a part of 2^63. `part` counts in 2^-64.
fn power_of_half(part: u64) -> u64 {
    /// 2 to the power of minus 1/2, 1/4, ... 1/256, as parts of 2^63.
    const ROOTS: [u64; 8] = [
        6_521_908_912_666_391_106,
        7_755_900_482_342_532_474,
        8_457_869_449_776_733_335,
        8_832_331_321_595_618_838,
        9_025_734_193_507_008_925,
        9_124_017_994_966_720_698,
        9_173_560_510_430_823_462,
        9_198_432_556_164_277_331,
    ];
    /// The natural logarithm of 2 as a part of 2^64.
    const LN_2: u64 = 12_786_308_645_202_655_660;
    const ONE: u64 = 1 << 63;
    let times = |a: u64, b: u64, shift: u32| ((u128::from(a) * u128::from(b)) >> shift) as u64;
    // What is less than 1/256 is a short series; the bits above are factors of their own.
    let y = times(part & (u64::MAX >> 8), LN_2, 64);
    let mut power = (1..=6).rev().fold(ONE, |sum, n| ONE - times(y, sum, 64) / n);
    for (bit, root) in ROOTS.iter().enumerate() {
        if part & (1 << (63 - bit)) != 0 {
            power = times(power, *root, 63);
        }
    }
    power
}

/// The exponent of a number, as far as it matters.
fn whole_exponent(text: &str) -> i64 {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let size = digits
        .bytes()
        .filter(u8::is_ascii_digit)
        .fold(0_i64, |sum, digit| (sum * 10 + i64::from(digit - b'0')).min(1_000_000_000));
    if negative { -size } else { size }
}

/// A quotient, rounded half to even.
fn half_to_even(number: i128, by: i128) -> i128 {
    let (whole, rest) = (number / by, number % by);
    let up = match (rest.abs() * 2).cmp(&by.abs()) {
        Ordering::Greater => true,
        Ordering::Equal => whole % 2 != 0,
        Ordering::Less => false,
    };
    if up { whole + number.signum() * by.signum() } else { whole }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        self.billionths().cmp(&other.billionths())
    }
}

/// Stops at the bounds.
impl Add for Decimal {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::bounded(self.billionths() + other.billionths())
    }
}

/// Stops at the bounds.
impl Sub for Decimal {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self::bounded(self.billionths() - other.billionths())
    }
}

impl Neg for Decimal {
    type Output = Self;

    fn neg(self) -> Self {
        Self::wrapped(-self.billionths())
    }
}

impl Sum for Decimal {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

impl From<u32> for Decimal {
    fn from(number: u32) -> Self {
        Self::wrapped(i128::from(number) * UNIT)
    }
}

impl From<i32> for Decimal {
    fn from(number: i32) -> Self {
        Self::wrapped(i128::from(number) * UNIT)
    }
}

/// As many digits after the point as it has, or as are asked for.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = match f.precision() {
            Some(places) if places <= PLACES as usize => self.digits(places),
            Some(places) => format!("{}{:0<rest$}", self.digits(PLACES as usize), "", rest = places - PLACES as usize),
            None => {
                let digits = self.digits(PLACES as usize);
                digits.trim_end_matches('0').trim_end_matches('.').to_owned()
            }
        };
        let is_zero = digits.bytes().all(|digit| matches!(digit, b'0' | b'.'));
        f.pad_integral(is_zero || !self.is_negative(), "", &digits)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// For people a number as JSON has it, for machines its billionths.
impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_i128(self.billionths());
        }
        let near = self.to_f64();
        if Self::from_f64(near) == Some(*self) {
            return serializer.serialize_f64(near);
        }
        match RawValue::from_string(self.to_string()) {
            Ok(raw) => raw.serialize(serializer),
            Err(_) => serializer.serialize_f64(near),
        }
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return deserializer.deserialize_f64(NumberVisitor);
        }
        Self::of(i128::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("a number is too large"))
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Decimal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Decimal, E> {
        Decimal::from_f64(number).ok_or_else(|| E::custom("a number is too large"))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Decimal, E> {
        Decimal::of(i128::from(number) * UNIT).ok_or_else(|| E::custom("a number is too large"))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Decimal, E> {
        Decimal::whole(number).ok_or_else(|| E::custom("a number is too large"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn cents_add_up() {
        assert_eq!(of("0.7") + of("0.1"), of("0.8"));
        assert_eq!(of("200.10") + of("200.20") + of("99.70"), of("500"));
        assert_eq!(of("0.1").times(of("3")).unwrap(), of("0.3"));
    }

    #[test]
    fn what_is_beyond_nine_digits_is_rounded_half_to_even() {
        assert_eq!(of("0.0000000005"), Decimal::ZERO);
        assert_eq!(of("0.0000000015").to_string(), "0.000000002");
        assert_eq!(of("0.0000000025").to_string(), "0.000000002");
        assert_eq!(of("0.00000000250000000000000000000001").to_string(), "0.000000003");
        assert_eq!(of("-1.0000000015e0").to_string(), "-1.000000002");
        assert_eq!(of("1").over(of("3")).unwrap().to_string(), "0.333333333");
        assert_eq!(of("2").over(of("3")).unwrap().to_string(), "0.666666667");
    }

    #[test]
    fn eighteen_digits_stand_before_the_point() {
        assert_eq!(of("999999999999999999.999999999"), Decimal::MAX);
        assert_eq!(Decimal::parse("1000000000000000000"), Err(TooLarge));
        assert_eq!(Decimal::parse("999999999999999999.9999999995"), Err(TooLarge));
        assert_eq!(Decimal::parse("1e400"), Err(TooLarge));
        assert_eq!(of("1e-400"), Decimal::ZERO);
        assert_eq!(of("0e400"), Decimal::ZERO);
        assert_eq!(of("1.5e3").to_string(), "1500");
        assert_eq!(Decimal::MAX.plus(Decimal::STEP), None);
        assert_eq!(Decimal::MAX + Decimal::ONE, Decimal::MAX);
        assert_eq!(Decimal::MAX.times(of("1.000000001")), None);
        assert_eq!(Decimal::ONE.over(Decimal::ZERO), None);
    }

    #[test]
    fn they_print_as_people_write_them() {
        assert_eq!(format!("{} {:+} {:.2} {:.0}", of("12.50"), of("5"), of("-0.005"), of("0.5")), "12.5 +5 0.00 0");
        assert_eq!(of("2.345").rounded(2).to_string(), "2.35");
        assert_eq!(of("-2.345").rounded(2).to_string(), "-2.35");
        assert_eq!(
            serde_json::to_string(&[of("7"), of("0.80"), of("123456789012345678.123456789")]).unwrap(),
            "[7.0,0.8,123456789012345678.123456789]"
        );
    }

    #[test]
    fn halves_are_exact() {
        assert_eq!(of("10").faded(14, 14), of("5"));
        assert_eq!(of("10").faded(28, 14), of("2.5"));
        assert_eq!(Decimal::MAX.faded(0, 14), Decimal::MAX);
        assert_eq!(Decimal::MAX.faded(i64::MAX, 1), Decimal::ZERO);
        assert_eq!(of("10").faded(-7, 14).to_string(), "14.142135624");
    }

    proptest! {
        #[test]
        fn a_number_and_its_text_are_the_same(billionths in (1 - LIMIT)..LIMIT) {
            let number = Decimal::wrapped(billionths);
            prop_assert_eq!(number.billionths(), billionths);
            prop_assert_eq!(Decimal::parse(&number.to_string()), Ok(number));
            let bytes = postcard::to_allocvec(&number).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Decimal>(&bytes).unwrap(), number);
        }

        /// As a floating-point number is written, so it is read, however it is read.
        #[test]
        fn a_float_is_what_it_is_written_as(number in prop_oneof![-1e17..1e17_f64, -1e6..1e6_f64, -1.0..1.0_f64, (-9_999_999_i64..9_999_999).prop_map(|n| n as f64 / 100.0)]) {
            let read = Decimal::parse(&number.to_string()).unwrap();
            prop_assert_eq!(Decimal::from_f64(number), Some(read));
            if Decimal::from_f64(read.to_f64()) == Some(read) {
                prop_assert_eq!(serde_json::from_str::<Decimal>(&serde_json::to_string(&read).unwrap()).unwrap(), read);
            }
        }

        #[test]
        fn the_order_is_that_of_numbers(a in -LIMIT..LIMIT, b in -LIMIT..LIMIT) {
            let (x, y) = (Decimal::bounded(a), Decimal::bounded(b));
            prop_assert_eq!(x.cmp(&y), x.billionths().cmp(&y.billionths()));
            prop_assert_eq!(x.minus(y).is_some(), (x.billionths() - y.billionths()).abs() < LIMIT);
        }

        /// What fades is what floating point says, as far as that can tell, and never grows.
        #[test]
        fn what_fades_is_near_and_only_falls(points in -100_000_000_000_000_i64..100_000_000_000_000, age in 0_i64..40_000_000, half_life in 1_i64..10_000_000, more in 0_i64..1000) {
            let points = Decimal::wrapped(i128::from(points));
            let worth = points.faded(age, half_life);
            let float = points.to_f64() * (-(age as f64) / half_life as f64).exp2();
            prop_assert!((worth.to_f64() - float).abs() <= 1e-9 + float.abs() * 1e-14, "{} {}", worth, float);
            prop_assert!(points.faded(age + more, half_life).abs() <= worth.abs());
        }
    }
}
