//! Limits the memory that the lists and maps of a large response take while it is decoded, to about three
//! times its length. Without the limit, a response of tiny elements would take many times as much.
//!
//! The limit is a thread-local, because serde's traits cannot pass it on.

use std::cell::Cell;
use std::mem::size_of;

use serde::de::Error;

/// Smaller responses are not limited.
pub(crate) const SMALL: usize = 64 * 1024;

/// The minimum for strings, which take 24 bytes each: a million short names are allowed.
const MIN_FOR_STRINGS: usize = 24 * 1024 * 1024;

/// The minimum for elements larger than a string.
const MIN_FOR_OTHERS: usize = 4 * 1024 * 1024;

/// The size of a `serde_json::Value` in a tree.
const TREE_NODE_SIZE: usize = 80;

pub(crate) const TOO_LARGE: &str = "it would take more than three times its length in memory";

#[derive(Clone, Copy)]
struct Room {
    len: usize,
    strings: usize,
    others: usize,
    is_full: bool,
}

thread_local! {
    static ROOM: Cell<Option<Room>> = const { Cell::new(None) };
}

/// Decodes a response of this length within the limit.
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
    ROOM.set(Some(Room { len, strings: 0, others: 0, is_full: false }));
    let result = decode();
    // An element that exceeds the limit is an error, unlike one that cannot be decoded.
    if ROOM.get().is_some_and(|room| room.is_full) { Err(E::custom(TOO_LARGE)) } else { result }
}

/// Returns `true` while a large response is decoded.
pub(crate) fn is_limited() -> bool {
    ROOM.get().is_some()
}

/// Accounts for a list of `T` that grows from `len` elements to `len + more`.
pub(crate) fn grow<T, E: Error>(len: usize, more: usize) -> Result<(), E> {
    if size_of::<T>() <= size_of::<[usize; 4]>() {
        return take::<T, E>(more);
    }
    // A reallocation may copy, and the copy exists beside the old one.
    take::<T, E>(len + more)?;
    if let Some(mut room) = ROOM.get() {
        room.others -= len * size_of::<T>();
        ROOM.set(Some(room));
    }
    Ok(())
}

/// Accounts for `number` elements of `T`.
pub(crate) fn take<T, E: Error>(number: usize) -> Result<(), E> {
    let Some(mut room) = ROOM.get() else { return Ok(()) };
    let size = number.saturating_mul(size_of::<T>());
    if size_of::<T>() <= size_of::<[usize; 4]>() {
        room.strings = room.strings.saturating_add(size);
        room.is_full |= room.strings > MIN_FOR_STRINGS.max(room.len.saturating_mul(3) / 2);
    } else {
        room.others = room.others.saturating_add(size);
        // The rest of three times the length is for strings.
        room.is_full |= room.others > MIN_FOR_OTHERS.max(room.len.saturating_mul(11) / 4);
    }
    ROOM.set(Some(room));
    if room.is_full { Err(E::custom(TOO_LARGE)) } else { Ok(()) }
}

/// Accounts for JSON that becomes a tree of values.
pub(crate) fn take_tree<E: Error>(json: &[u8]) -> Result<(), E> {
    let values = json.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count();
    take::<[u8; TREE_NODE_SIZE], E>(values)
}
