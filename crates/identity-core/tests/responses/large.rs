//! Responses of a size or depth that no server should send.

use std::time::{Duration, Instant};

use identity_core::prelude::*;

use crate::{error, outcome, response};

#[test]
fn deep_nesting_does_not_exhaust_the_stack() {
    const DEPTH: usize = 200_000;
    let arrays = format!("{}{}", "[".repeat(DEPTH), "]".repeat(DEPTH));
    let objects = format!("{}1{}", r#"{"a":"#.repeat(DEPTH), "}".repeat(DEPTH));
    for deep in [arrays, objects] {
        let data = response(200, format!(r#"{{"data":{deep}}}"#));
        assert_eq!(outcome::<ReadEntityById>(&data), "undecodable");
        assert_eq!(outcome::<CreateEntity>(&data), "undecodable");
        assert_eq!(outcome::<LookupGroup>(&data), "undecodable");

        let field = |name| response(200, format!(r#"{{"data":{{"id":"x","{name}":{deep}}}}}"#));
        assert_eq!(outcome::<ReadEntityById>(&field("metadata")), "undecodable");
        assert_eq!(outcome::<ReadGroupById>(&field("alias")), "undecodable");
        assert_eq!(outcome::<ReadOidcRole>(&field("ttl")), "undecodable");
        assert_eq!(outcome::<ReadEntityById>(&field("new")), "value");

        let info = response(200, format!(r#"{{"data":{{"keys":["x"],"key_info":{{"x":{deep}}}}}}}"#));
        assert_eq!(outcome::<ListEntities>(&info), "value");
        let jwks = response(200, format!(r#"{{"keys":[{{"kty":"RSA","new":{deep}}}]}}"#));
        assert_eq!(outcome::<ReadJwks>(&jwks), "undecodable");
        let warnings = response(200, format!(r#"{{"data":{{"id":"x"}},"warnings":{deep}}}"#));
        assert_eq!(outcome::<WithMeta<ReadEntityById>>(&warnings), "value");

        for body in [format!(r#"{{"errors":{deep}}}"#), format!(r#"{{"errors":["x",{deep}]}}"#), deep] {
            assert_eq!(outcome::<ListEntities>(&response(404, &*body)), "api error");
            assert_eq!(error::<MergeEntities>(400, body).api().unwrap().status(), 400);
        }
    }
}

#[test]
fn whether_there_is_none_does_not_depend_on_who_asks() {
    for depth in [0, 100, 200, 100_000] {
        let deep = format!(r#"{{"errors":[],"x":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        let response = response(404, deep);
        let error = ReadEntityById::parse_response(&response).unwrap_err();
        let maybe = Maybe::<ReadEntityById>::parse_response(&response);
        assert_eq!(error.is_not_found(), maybe.is_ok(), "{depth}");
        assert_eq!(maybe.is_ok(), ListEntities::parse_response(&response).is_ok(), "{depth}");
    }
}

/// A list of entities, each with a name and an alias.
fn list(length: usize) -> http::Response<Vec<u8>> {
    let (mut keys, mut infos) = (Vec::new(), Vec::new());
    for number in 0..length {
        keys.push(format!(r#""7fbd40c1-{number:08}""#));
        infos.push(format!(
            r#""7fbd40c1-{number:08}":{{"name":"n{number}","aliases":[{{"id":"7fbd40c1-9a2e-4c53-8b0d-0000{number:08}","mount_accessor":"auth_userpass_6b81bdea","mount_path":"auth/userpass/","mount_type":"userpass","name":"n{number}"}}]}}"#
        ));
    }
    let (keys, infos) = (keys.join(","), infos.join(","));
    response(200, format!(r#"{{"data":{{"keys":[{keys}],"key_info":{{{infos}}}}}}}"#))
}

#[test]
fn time_grows_with_the_length_of_a_list() {
    let best_of_five = |length| {
        let response = list(length);
        let time = || {
            let start = Instant::now();
            let list = ListEntities::parse_response(&response).unwrap();
            assert_eq!((list.len(), list.key_info.len()), (length, length));
            start.elapsed()
        };
        (0..5).map(|_| time()).min().unwrap()
    };
    let short = best_of_five(5_000).max(Duration::from_millis(1));
    let long = best_of_five(50_000);
    // A machine with other things to do may take its time; what grows with the square takes 100 times as
    // long.
    assert!(long < short * 50, "{short:?}, then {long:?} for ten times as many");
}
