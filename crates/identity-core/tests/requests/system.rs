use std::time::Duration;

use identity_core::prelude::*;

use crate::requests;

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn auth_mounts() {
    let config = MountTuning::new()
        .default_lease_ttl(HOUR)
        .max_lease_ttl(HOUR * 2)
        .token_type(MountTokenType::Batch)
        .listing_visibility(ListingVisibility::Unauthenticated)
        .force_no_cache(true)
        .description("people")
        .options([("a", "b")])
        .passthrough_request_headers(["X-Team"])
        .allowed_response_headers(["X-Trace"])
        .audit_non_hmac_request_keys(["role_id"])
        .audit_non_hmac_response_keys(["accessor"]);
    requests! {
        GET "sys/auth" {
            ListAuthMounts::new() => "sys/auth" idempotent;
        }
        GET "sys/internal/ui/mounts" {
            ListVisibleMounts::new() => "sys/internal/ui/mounts" idempotent;
        }
        GET "sys/auth/{path}" {
            ReadAuthMount::new("userpass") => "sys/auth/userpass" idempotent;
            ReadAuthMount::new("/team a/ldap/") => "sys/auth/team%20a%2Fldap" idempotent;
        }
        POST "sys/auth/{path}" {
            EnableAuthMount::new("userpass", "userpass") => "sys/auth/userpass" not_idempotent {"type": "userpass"};
            EnableAuthMount::new("people/", "userpass").description("people").local(true).seal_wrap(false)
                .options([("a", "b")]).config(MountTuning::new().max_lease_ttl(HOUR))
                => "sys/auth/people" not_idempotent
                {"type": "userpass", "description": "people", "local": true, "seal_wrap": false, "options": {"a": "b"},
                 "config": {"max_lease_ttl": 3600}};
        }
        DELETE "sys/auth/{path}" {
            DisableAuthMount::new("userpass/") => "sys/auth/userpass" idempotent;
        }
        POST "sys/auth/{path}/tune" {
            TuneAuthMount::new("people", MountTuning::new()) => "sys/auth/people/tune" idempotent {};
            TuneAuthMount::new("people", config.clone()) => "sys/auth/people/tune" idempotent
                {"default_lease_ttl": 3600, "max_lease_ttl": 7200, "token_type": "batch", "listing_visibility": "unauth",
                 "force_no_cache": true, "description": "people", "options": {"a": "b"},
                 "passthrough_request_headers": ["X-Team"], "allowed_response_headers": ["X-Trace"],
                 "audit_non_hmac_request_keys": ["role_id"], "audit_non_hmac_response_keys": ["accessor"]};
            TuneAuthMount::new("people", MountTuning::new().description("").passthrough_request_headers([""; 0]))
                => "sys/auth/people/tune" idempotent {"description": "", "passthrough_request_headers": []};
        }
        GET "sys/auth/{path}/tune" {
            ReadAuthMountTuning::new("people") => "sys/auth/people/tune" idempotent;
        }
    }
}

#[test]
fn policies() {
    requests! {
        POST "sys/policies/acl/{name}" {
            WritePolicy::new("readers", "path \"a\" {}") => "sys/policies/acl/readers" idempotent {"policy": "path \"a\" {}"};
            WritePolicy::new("team a/readers", "{}").ttl(HOUR).cas_required(true)
                .allow_wildcards_in_identity_templates(true).allow_slashes_in_identity_templates(false)
                => "sys/policies/acl/team%20a%2Freaders" idempotent
                {"policy": "{}", "ttl": 3600, "cas_required": true, "allow_wildcards_in_identity_templates": true,
                 "allow_slashes_in_identity_templates": false};
            WritePolicy::new("readers", "{}").cas(-1) => "sys/policies/acl/readers" not_idempotent
                {"policy": "{}", "cas": -1};
        }
        GET "sys/policies/acl/{name}" {
            ReadPolicy::new("readers") => "sys/policies/acl/readers" idempotent;
        }
        DELETE "sys/policies/acl/{name}" {
            DeletePolicy::new("readers") => "sys/policies/acl/readers" idempotent;
        }
        LIST "sys/policies/acl" {
            ListPolicies::new() => "sys/policies/acl" idempotent;
        }
    }
}

/// The system backend stays at its path if the identity engine is mounted elsewhere.
#[test]
fn the_mount_of_the_target_does_not_apply() {
    let target = Target::new("http://vault.test:8200").unwrap().with_mount("people").unwrap();
    assert_eq!(ListAuthMounts::new().request(&target).unwrap().uri().path(), "/v1/sys/auth");
}
