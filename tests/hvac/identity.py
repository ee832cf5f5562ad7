"""Calls all 46 methods of hvac's Identity class, each write twice.

    pip install hvac==2.4.0
    cargo run -p vault-identity-fake --features server --bin fake-vault -- --listen 127.0.0.1:8200 --root-token root
    python tests/hvac/identity.py http://127.0.0.1:8200 root
"""

import sys

import hvac

address, token = sys.argv[1:]
client = hvac.Client(url=address, token=token)
identity = client.secrets.identity
called = set()


def call(method, *args, **kwargs):
    """Calls a method of the class and records its name."""
    called.add(method)
    return getattr(identity, method)(*args, **kwargs)


def twice(method, *args, **kwargs):
    """Makes a call twice and returns the first response."""
    first = call(method, *args, **kwargs)
    call(method, *args, **kwargs)
    return first


def rejected(method, *args, **kwargs):
    """Asserts that a call is an error, as it is with the real server."""
    try:
        call(method, *args, **kwargs)
    except hvac.exceptions.VaultError:
        return
    raise AssertionError(f"{method} succeeded")


client.sys.enable_auth_method("userpass", path="hvac")
accessor = client.sys.list_auth_methods()["data"]["hvac/"]["accessor"]

# Entities.
rejected("list_entities")
alice = twice("create_or_update_entity", "alice", metadata={"team": "eng"}, policies=["dev"])["data"]["id"]
bob = twice("create_or_update_entity_by_name", "bob", metadata={"team": "ops"})["data"]["id"]
assert call("read_entity", alice)["data"]["metadata"] == {"team": "eng"}
assert call("read_entity_by_name", "BOB")["data"]["id"] == bob
twice("update_entity", alice, metadata={"team": "qa"})
assert call("list_entities")["data"]["key_info"][alice]["name"] == "alice"
assert sorted(call("list_entities_by_name")["data"]["keys"]) == ["alice", "bob"]
carol = call("create_or_update_entity", "carol")["data"]["id"]
call("merge_entities", from_entity_ids=[carol], to_entity_id=bob)
assert call("read_entity", bob)["data"]["merged_entity_ids"] == [carol]

# Their aliases.
alias = twice("create_or_update_entity_alias", "alice", canonical_id=alice, mount_accessor=accessor)["data"]["id"]
assert call("read_entity_alias", alias)["data"]["canonical_id"] == alice
twice("update_entity_alias", alias, name="alice2", canonical_id=alice, mount_accessor=accessor)
assert call("list_entity_aliases")["data"]["keys"] == [alias]

# Groups.
team = twice("create_or_update_group", "team", member_entity_ids=[alice], policies=["dev"])["data"]["id"]
other = twice("create_or_update_group_by_name", "other")["data"]["id"]
assert call("read_group", team)["data"]["member_entity_ids"] == [alice]
assert call("read_group_by_name", "TEAM")["data"]["id"] == team
twice("update_group", other, "other", member_group_ids=[team])
assert call("read_entity", alice)["data"]["inherited_group_ids"] == [other]
assert sorted(call("list_groups")["data"]["keys"]) == sorted([team, other])
assert sorted(call("list_groups_by_name")["data"]["keys"]) == ["other", "team"]

# Their aliases.
theirs = call("create_or_update_group", "theirs", group_type="external")["data"]["id"]
group_alias = call(
    "create_or_update_group_alias", "ldap", canonical_id=theirs, mount_accessor=accessor
)["data"]["id"]
rejected("create_or_update_group_alias", "ldap", canonical_id=theirs, mount_accessor=accessor)
twice("update_group_alias", entity_id=group_alias, name="ldap2", canonical_id=theirs, mount_accessor=accessor)
assert call("read_group_alias", group_alias)["data"]["name"] == "ldap2"
assert call("list_group_aliases")["data"]["keys"] == [group_alias]

# Lookup.
assert call("lookup_entity", alias_name="alice2", alias_mount_accessor=accessor)["data"]["id"] == alice
assert call("lookup_group", name="team")["data"]["id"] == team

# Identity tokens.
twice("configure_tokens_backend", issuer="https://vault.example.com:8200")
assert call("read_tokens_backend_configuration")["data"]["issuer"] == "https://vault.example.com:8200"
twice("create_named_key", "key", allowed_client_ids=["*"], algorithm="ES256")
assert call("read_named_key", "key")["data"]["algorithm"] == "ES256"
assert sorted(call("list_named_keys")["data"]["keys"]) == ["default", "key"]
twice("rotate_named_key", "key", verification_ttl="24h")
client_id = "audience"
twice("create_or_update_role", "role", key="key", client_id=client_id, ttl="1h")
assert call("read_role", "role")["data"]["client_id"] == client_id
assert call("list_roles")["data"]["keys"] == ["role"]
rejected("generate_signed_id_token", "role")  # The root token has no entity.
assert call("introspect_signed_id_token", "garbage")["active"] is False
assert call("read_well_known_configurations")["issuer"].startswith("https://vault.example.com:8200")
assert call("read_active_public_keys")["keys"]

# And away again.
twice("delete_role", "role")
twice("delete_named_key", "key")
twice("delete_group_alias", entity_id=group_alias)
twice("delete_group", theirs)
twice("delete_group_by_name", "other")
twice("delete_group", team)
twice("delete_entity_alias", alias)
twice("delete_entity", alice)
twice("delete_entity_by_name", "bob")
rejected("list_entities")
rejected("list_groups")

methods = {
    name
    for name in vars(type(identity))
    if not name.startswith("_") and name != "validate_member_id_params_for_group_type"
}
assert called == methods, called ^ methods
print(f"{len(called)} methods, all as expected")
