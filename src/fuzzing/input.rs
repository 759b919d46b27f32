//! An input taken apart. Choices are taken from its end, so that the rest is a text that people read and write.

/// The rest of an input.
pub(super) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Input<'a> {
        Input(bytes)
    }

    /// The last byte; 0 where none is left.
    pub(super) fn byte(&mut self) -> u8 {
        let Some((last, rest)) = self.0.split_last() else { return 0 };
        self.0 = rest;
        *last
    }

    /// The last three bytes.
    pub(super) fn number(&mut self) -> usize {
        (0..3).fold(0, |number, _| number << 8 | usize::from(self.byte()))
    }

    /// One of these. There must be one.
    pub(super) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::from(self.byte()) % choices.len()]
    }

    /// Where to cut the rest in three.
    pub(super) fn cuts(&mut self) -> [usize; 2] {
        let mut cut = || usize::from(self.byte()) << 8 | usize::from(self.byte());
        let (first, second) = (cut(), cut());
        let at = |cut: usize| cut % (self.0.len() + 1);
        [at(first).min(at(second)), at(first).max(at(second))]
    }

    /// All that is left.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.0
    }
}

/// The bytes cut in three.
pub(super) fn pieces(bytes: &[u8], [first, second]: [usize; 2]) -> [&[u8]; 3] {
    [&bytes[..first], &bytes[first..second], &bytes[second..]]
}
