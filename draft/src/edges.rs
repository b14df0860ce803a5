//! Edges of a numeric feature: quantiles of a sample, rounded.
//!
//! All bins get about equally many records. A number that is more frequent than two bins together gets a bin
//! of its own. Then each edge moves to the number with the fewest digits nearby. This moves at most a tenth
//! of a bin's records to another bin, and none where there are few different numbers.

/// A number of the sample, and how often it is there.
type Value = (f64, usize);

/// The sample's numbers in order, equal ones together. Minus zero is zero.
pub(crate) fn values(numbers: impl Iterator<Item = f64>) -> Vec<Value> {
    let mut sorted: Vec<f64> = numbers.map(|number| number + 0.0).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut values: Vec<Value> = Vec::new();
    for number in sorted {
        match values.last_mut() {
            Some((last, count)) if *last == number => *count += 1,
            _ => values.push((number, 1)),
        }
    }
    values
}

/// At most `bins - 1` edges, at least one, ascending and finite. `range` is that of all numbers, which may be
/// wider than the sample's.
pub(crate) fn edges(values: &[Value], range: (f64, f64), bins: usize) -> Vec<f64> {
    let cuts = cuts(values, bins.max(2));
    let records: usize = values.iter().map(|(_, count)| count).sum();
    let slack = records / (10 * bins.max(1));
    let mut found: Vec<f64> = Vec::new();
    for (index, &cut) in cuts.iter().enumerate() {
        let floor = index.checked_sub(1).and_then(|before| cuts.get(before)).copied().unwrap_or(0);
        let ceiling = cuts.get(index + 1).copied().unwrap_or(values.len());
        // A number with a bin of its own shares it with none.
        let beside = [cut, cut.wrapping_sub(1)].iter().any(|place| is_heavy(values, *place, records, bins));
        let slack = if beside { 0 } else { slack };
        let (low, high) = window(values, cut, floor, ceiling, slack);
        let low = found.last().map_or(low, |last| low.max(*last));
        if let Some((target, _)) = values.get(cut) {
            found.push(simplest(low, high, *target));
        }
    }
    if found.is_empty() { only(values, range).into_iter().collect() } else { found }
}

/// Whether a number is as frequent as two bins together.
fn is_heavy(values: &[Value], place: usize, records: usize, bins: usize) -> bool {
    values.get(place).is_some_and(|(_, count)| count.saturating_mul(bins) >= 2 * records)
}

/// Where bins begin, as places among the values: from 1 on, ascending.
fn cuts(values: &[Value], bins: usize) -> Vec<usize> {
    if values.len() <= bins {
        return (1..values.len()).collect();
    }
    let records: usize = values.iter().map(|(_, count)| count).sum();
    let is_heavy = |place: usize| is_heavy(values, place, records, bins);
    let (mut cuts, mut filled, mut left) = (Vec::new(), 0usize, records);
    for (place, (_, count)) in values.iter().enumerate() {
        let open = bins - cuts.len();
        // What is left is shared by the bins that are left.
        let full = filled > 0 && (2 * filled + count) * open > 2 * (left + filled);
        let alone = filled > 0 && (is_heavy(place) || is_heavy(place.wrapping_sub(1)));
        if open > 1 && (full || alone) {
            cuts.push(place);
            filled = 0;
        }
        filled += count;
        left -= count;
    }
    cuts
}

/// The numbers among which an edge may be: above the first, up to the second. All of them part the sample
/// alike but for `slack` records on either side, and none is beyond the next edges' places.
fn window(values: &[Value], cut: usize, floor: usize, ceiling: usize, slack: usize) -> (f64, f64) {
    let (mut first, mut last) = (cut.saturating_sub(1), cut);
    let count = |place: usize| values.get(place).map_or(usize::MAX, |(_, count)| *count);
    let mut moved = 0usize;
    while first > floor && moved.saturating_add(count(first)) <= slack {
        moved += count(first);
        first -= 1;
    }
    moved = 0;
    while last + 1 < ceiling && moved.saturating_add(count(last)) <= slack {
        moved += count(last);
        last += 1;
    }
    let number = |place: usize| values.get(place).map_or(0.0, |(number, _)| *number);
    (number(first), number(last))
}

/// The number of fewest digits that is above `low` and not above `high`, of several the closest to `target`,
/// which is one of them.
fn simplest(low: f64, high: f64, target: f64) -> f64 {
    let fits = |number: &f64| *number > low && *number <= high && number.is_finite();
    if fits(&0.0) {
        return 0.0;
    }
    for digits in 0..17usize {
        let rounded = format!("{target:.digits$e}");
        let Some((head, exponent)) = rounded.split_once('e') else { break };
        // One step of the last digit, up and down.
        let places = exponent.parse::<i32>().unwrap_or_default() - i32::try_from(digits).unwrap_or_default();
        let last: Option<i64> = head.replace('.', "").parse().ok();
        // Below a power of ten, a step is a tenth: 0.9 has as few digits as 1.
        let near = last.into_iter().flat_map(|last| {
            let below = if last.abs() == 1 { (9 * last, places - 1) } else { (last, places) };
            [(last, places), (last - 1, places), (last + 1, places), below]
        });
        let near = near.filter_map(|(number, places)| format!("{number}e{places}").parse::<f64>().ok());
        let best = near.filter(fits).min_by(|a, b| (a - target).abs().total_cmp(&(b - target).abs()));
        if let Some(best) = best {
            return best + 0.0;
        }
    }
    target
}

/// The edge where the sample has one number alone: between it and the farthest of the others, if there are
/// others.
fn only(values: &[Value], (least, most): (f64, f64)) -> Option<f64> {
    let (number, _) = values.first().copied().unwrap_or((most, 0));
    if most > number {
        let middle = number / 2.0 + most / 2.0;
        return Some(simplest(number, most, if middle > number { middle } else { most }));
    }
    (number >= least && number.is_finite()).then_some(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(numbers: &[f64], bins: usize) -> Vec<f64> {
        let values = values(numbers.iter().copied());
        let range = (values[0].0, values[values.len() - 1].0);
        edges(&values, range, bins)
    }

    #[test]
    fn few_numbers_get_a_bin_each() {
        assert_eq!(of(&[1.0, 1.0, 2.0, 3.0, 7.0], 10), [2.0, 3.0, 7.0]);
        assert_eq!(of(&[0.12345, 0.98765], 10), [0.9]);
        assert_eq!(of(&[-1.0, 1.0], 10), [0.0]);
    }

    #[test]
    fn quantiles_are_rounded_where_that_moves_few_records() {
        let numbers: Vec<f64> = (0..10_000).map(|number| f64::from(number) / 10_000.0 + 0.000_01).collect();
        assert_eq!(of(&numbers, 4), [0.25, 0.5, 0.75]);
        let numbers: Vec<f64> = (0..10_007).map(|number| f64::from(number) * 1.234_567).collect();
        assert_eq!(of(&numbers, 4), [3_000.0, 6_000.0, 9_000.0]);
    }

    #[test]
    fn a_frequent_number_has_its_own_bin() {
        let numbers: Vec<f64> = (0..1_000).map(|number| f64::from((number % 2) * number)).collect();
        let edges = of(&numbers, 8);
        // Half of them are 0, the others odd, and share the bins that are left.
        assert_eq!(edges[0], 1.0);
        assert_eq!(edges.len(), 7);
        let mixed: Vec<f64> = (-500..500).map(|number: i32| f64::from(number)).chain([7.5; 800]).collect();
        let edges = of(&mixed, 8);
        let place = edges.partition_point(|edge| *edge <= 7.5);
        let bin = (edges[place - 1], edges[place]);
        assert!(bin.0 > 7.0 && bin.0 <= 7.5 && bin.1 > 7.5 && bin.1 <= 8.0, "{edges:?}");
    }

    #[test]
    fn one_number_in_the_sample_still_has_an_edge() {
        assert_eq!(edges(&[(0.0, 9)], (0.0, 40.0), 8), [20.0]);
        assert_eq!(edges(&[(5.0, 9)], (-3.0, 5.0), 8), [5.0]);
        assert_eq!(edges(&[(5.0, 9)], (5.0, 5.0), 8), [5.0]);
        assert_eq!(edges(&[], (f64::INFINITY, f64::NEG_INFINITY), 8), Vec::<f64>::new());
    }

    fn numbers() -> impl Strategy<Value = Vec<f64>> {
        let any = any::<f64>().prop_filter("finite", |number| number.is_finite());
        let some = prop_oneof![any, (-20i32..20).prop_map(f64::from), Just(0.0), 0.0..1e-3f64];
        prop::collection::vec(some, 2..300)
    }

    proptest! {
        #[test]
        fn edges_ascend_are_finite_and_part_the_sample(numbers in numbers(), bins in 2usize..40) {
            let values = values(numbers.iter().copied());
            prop_assume!(values.len() > 1);
            let edges = of(&numbers, bins);
            prop_assert!(!edges.is_empty() && edges.len() < bins);
            prop_assert!(edges.iter().all(|edge| edge.is_finite()));
            prop_assert!(edges.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", edges);
            // Each edge has sampled numbers on both sides.
            prop_assert!(edges.iter().all(|edge| values[0].0 < *edge && *edge <= values[values.len() - 1].0));
        }

        #[test]
        fn no_bin_of_distinct_numbers_is_much_larger_than_another(bins in 2usize..33, scale in 1e-9..1e9f64) {
            let numbers: Vec<f64> = (0..5_000).map(|number| f64::from(number) * scale).collect();
            let edges = of(&numbers, bins);
            prop_assert_eq!(edges.len() + 1, bins);
            let mut counts = vec![0usize; bins];
            numbers.iter().for_each(|number| counts[edges.partition_point(|edge| edge <= number)] += 1);
            let even = 5_000 / bins;
            prop_assert!(counts.iter().all(|count| count.abs_diff(even) <= even / 4 + 2), "{:?}", counts);
        }
    }
}
