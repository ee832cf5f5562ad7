use std::thread;

use identity_core::{
    Upsert,
    entity::{CreateEntity, DeleteEntityById, ListEntities, ReadEntityById},
};
use identity_mock::{MockTransport, Sequence};

use super::{call, failure, without_locations};

fn read(mock: &MockTransport, times: usize) {
    for _ in 0..times {
        assert!(call(mock, &ReadEntityById::new("e1")).unwrap_err().is_not_found());
    }
}

/// Creates a mock that expects a read this many times.
macro_rules! expecting {
    ($times:expr) => {{
        let mock = MockTransport::new();
        mock.expect(&ReadEntityById::new("e1")).times($times).not_found();
        mock
    }};
}

#[test]
fn calls_are_expected_once_by_default() {
    let mock = MockTransport::new();
    mock.expect(&ReadEntityById::new("e1")).not_found();
    read(&mock, 1);
    assert!(failure(|| read(&mock, 1)).contains("called 2 times which is more than the expected 1"));
    failure(|| drop(mock));
}

#[test]
fn times_takes_numbers_and_ranges() {
    read(&expecting!(3), 3);
    read(&expecting!(0), 0);
    for times in 0..3 {
        read(&expecting!(..), times);
        read(&expecting!(..=2), times);
        read(&expecting!(..3), times);
    }
    read(&expecting!(1..), 5);
    read(&expecting!(1..=2), 2);
    assert!(failure(|| read(&expecting!(2), 1)).contains("called 1 time(s) which is fewer than expected 2"));
    assert!(
        failure(|| read(&expecting!(1..), 0)).contains("called 0 time(s) which is fewer than expected 1")
    );
    assert!(
        failure(|| read(&expecting!(..=2), 3)).contains("called 3 times which is more than the expected 2")
    );
    assert!(failure(|| read(&expecting!(0), 1)).contains("should not have been called"));
}

#[test]
fn calls_are_unordered_by_default() {
    let mock = MockTransport::new();
    mock.expect_any::<CreateEntity>().respond_with(&Upsert::Updated);
    mock.expect(&ReadEntityById::new("e1")).not_found();
    read(&mock, 1);
    assert_eq!(call(&mock, &CreateEntity::named("alice")).unwrap(), Upsert::Updated);
}

fn expect_in_order(sequence: &mut Sequence, mock: &MockTransport) {
    mock.expect(&ReadEntityById::new("e1")).times(2).in_sequence(sequence).not_found();
    mock.expect(&DeleteEntityById::new("e1")).in_sequence(sequence).respond_with(&());
    mock.expect(&ReadEntityById::new("e1")).in_sequence(sequence).not_found();
}

#[test]
fn sequences_are_enforced() {
    let mock = MockTransport::new();
    expect_in_order(&mut Sequence::new(), &mock);
    read(&mock, 2);
    call(&mock, &DeleteEntityById::new("e1")).unwrap();
    read(&mock, 1);
}

#[test]
fn calls_out_of_sequence_fail() {
    let message = failure(|| {
        let mock = MockTransport::new();
        expect_in_order(&mut Sequence::new(), &mock);
        read(&mock, 1);
        call(&mock, &DeleteEntityById::new("e1")).unwrap();
    });
    assert_eq!(
        message,
        "MockTransport::send(DELETE identity/entity/id/{id} with id=\"e1\", called too often or out of sequence): \
         Method sequence violation"
    );
}

#[test]
fn sequences_can_span_mocks() {
    let (first, second) = (MockTransport::new(), MockTransport::new());
    let mut sequence = Sequence::new();
    first.expect_any::<ReadEntityById>().in_sequence(&mut sequence).not_found();
    second.expect_any::<ReadEntityById>().in_sequence(&mut sequence).not_found();
    failure(|| read(&second, 1));
    failure(|| drop(second));
    read(&first, 1);
}

#[test]
#[should_panic(expected = "Expectation(LIST identity/entity/id, expected at ")]
fn missing_calls_fail_on_drop() {
    let mock = MockTransport::new();
    mock.expect(&ListEntities::new()).not_found();
}

#[test]
fn the_last_clone_verifies() {
    let mock = MockTransport::new();
    let kept = mock.clone();
    mock.expect(&ListEntities::new()).not_found();
    drop(mock);
    assert!(failure(|| drop(kept)).contains("LIST identity/entity/id"));
}

#[test]
fn dropping_during_a_panic_does_not_panic() {
    let message = failure(|| {
        let mock = MockTransport::new();
        mock.expect(&ListEntities::new()).not_found();
        panic!("the test's own");
    });
    assert_eq!(message, "the test's own");
}

#[test]
fn checkpoints_verify_and_reset() {
    let mock = expecting!(1);
    read(&mock, 1);
    mock.checkpoint();
    mock.expect(&ListEntities::new()).not_found();
    assert_eq!(
        without_locations(file!(), &failure(|| mock.checkpoint())),
        "MockTransport::send: Expectation(LIST identity/entity/id, expected at HERE) called 0 time(s) \
         which is fewer than expected 1"
    );
    assert!(failure(|| read(&mock, 1)).contains("No calls are expected."));
    assert!(failure(|| mock.checkpoint()).contains("an earlier call failed"));
    mock.checkpoint();
}

#[test]
fn failures_on_other_threads_reach_the_test() {
    let mock = expecting!(1);
    let other = mock.clone();
    let thread = thread::spawn(move || drop(call(&other, &DeleteEntityById::new("e1"))));
    assert!(thread.join().is_err());
    read(&mock, 1);
    assert_eq!(
        failure(|| drop(mock)),
        "MockTransport: an earlier call failed, and its panic did not reach the test: \
         DELETE identity/entity/id/{id} with id=\"e1\""
    );
}
