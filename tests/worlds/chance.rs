//! Chance that can be had again: the same seed draws the same lots.

/// splitmix64: a counter, mixed. Quite good enough to draw lots with.
#[derive(Clone)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn of(seed: u64) -> Chance {
        Chance(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from the first to the last, both included.
    pub(super) fn number(&mut self, first: i64, last: i64) -> i64 {
        let many = u64::try_from(last - first + 1).unwrap();
        first + i64::try_from(self.next() % many).unwrap()
    }

    /// True in so many of a hundred times.
    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    pub(super) fn one<T: Clone>(&mut self, of: &[T]) -> T {
        let many = u64::try_from(of.len()).unwrap();
        of[usize::try_from(self.next() % many).unwrap()].clone()
    }

    /// Something, in so many of a hundred times.
    pub(super) fn perhaps<T>(
        &mut self,
        percent: u64,
        what: impl FnOnce(&mut Chance) -> T,
    ) -> Option<T> {
        self.percent(percent).then(|| what(self))
    }
}
