//! How much memory the lists and maps of a large response may take when it is decoded: about three times its
//! length. A response of tiny elements would take many times as much.
//!
//! Serde's traits have no place for such a state, so it belongs to the thread while it decodes.

use std::cell::Cell;
use std::mem::size_of;

use serde::de::Error;

/// Smaller responses do no harm, and cost nothing here.
pub(crate) const SMALL: usize = 64 * 1024;

/// For texts, which take 24 bytes each: a million short names are not too many.
const LEAST_FOR_TEXTS: usize = 24 * 1024 * 1024;

/// For elements that are larger than a text.
const LEAST: usize = 4 * 1024 * 1024;

/// What a value of any shape takes in a tree.
const VALUE: usize = 80;

/// The text of the error when there is no more room.
pub(crate) const PROBLEM: &str = "it would take more than three times its length in memory";

#[derive(Clone, Copy)]
struct Room {
    len: usize,
    texts: usize,
    others: usize,
    is_full: bool,
}

thread_local! {
    static ROOM: Cell<Option<Room>> = const { Cell::new(None) };
}

/// Decodes a response of this length, and holds it to its room.
pub(crate) fn within<T, E: Error>(len: usize, decode: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    struct Reset;

    impl Drop for Reset {
        fn drop(&mut self) {
            ROOM.set(None);
        }
    }

    if len < SMALL {
        return decode();
    }
    let _reset = Reset;
    ROOM.set(Some(Room { len, texts: 0, others: 0, is_full: false }));
    let result = decode();
    // An element that found no room is not just left out, as one that cannot be read.
    if ROOM.get().is_some_and(|room| room.is_full) { Err(E::custom(PROBLEM)) } else { result }
}

/// Whether a large response is decoded.
pub(crate) fn is_limited() -> bool {
    ROOM.get().is_some()
}

/// Takes room for a list of `T` that grows from `len` elements to `len + more`.
pub(crate) fn grow<T, E: Error>(len: usize, more: usize) -> Result<(), E> {
    if size_of::<T>() <= size_of::<[usize; 4]>() {
        return take::<T, E>(more);
    }
    // Allocators may copy what grows.
    take::<T, E>(len + more)?;
    if let Some(mut room) = ROOM.get() {
        room.others -= len * size_of::<T>();
        ROOM.set(Some(room));
    }
    Ok(())
}

/// Takes room for `number` elements of `T`.
pub(crate) fn take<T, E: Error>(number: usize) -> Result<(), E> {
    let Some(mut room) = ROOM.get() else { return Ok(()) };
    let size = number.saturating_mul(size_of::<T>());
    if size_of::<T>() <= size_of::<[usize; 4]>() {
        room.texts = room.texts.saturating_add(size);
        room.is_full |= room.texts > LEAST_FOR_TEXTS.max(room.len.saturating_mul(3) / 2);
    } else {
        room.others = room.others.saturating_add(size);
        // The rest is for the texts.
        room.is_full |= room.others > LEAST.max(room.len.saturating_mul(11) / 4);
    }
    ROOM.set(Some(room));
    if room.is_full { Err(E::custom(PROBLEM)) } else { Ok(()) }
}

/// Takes room for JSON that becomes a tree of values.
pub(crate) fn take_tree<E: Error>(json: &[u8]) -> Result<(), E> {
    let values = json.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count();
    take::<[u8; VALUE], E>(values)
}
