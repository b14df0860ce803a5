//! How values are spelt in JSON: types that a field's schema names in place of the text that it is.

use std::borrow::Cow;

use fairshare_audit::registry::State;
use fairshare_params::Geometry;
use fairshare_params::role::Role;
use fairshare_params::rules::Settlement;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// Texts of one form.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $schema:tt;)*) => {$(
        $(#[$doc])*
        pub struct $name;

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

texts! {
    /// A whole number as a decimal string: JSON's numbers are exact up to 2^53 only.
    Decimal: { "type": "string", "pattern": "^(0|[1-9][0-9]*)$" };
    /// Base units with at most one digit after the point: pools are kept in tenths.
    Units: { "type": "string", "pattern": "^(0|[1-9][0-9]*)(\\.[1-9])?$" };
    /// How a ledger pays.
    SettlementName: { "type": "string", "enum": Settlement::ALL.map(Settlement::name) };
    /// 32 bytes in hexadecimal.
    Hash: { "type": "string", "pattern": "^0x[0-9a-f]{64}$" };
    /// BLAKE2b-512 of a ceremony's file, as ceremonies publish it.
    FileHash: { "type": "string", "pattern": "^[0-9a-f]{128}$" };
    /// The address of an account or a contract, with the checksum of EIP-55.
    Checksummed: { "type": "string", "pattern": "^0x[0-9a-fA-F]{40}$" };
    /// A signature on secp256k1, in hexadecimal: r, s and v.
    Signature: { "type": "string", "pattern": "^0x[0-9a-f]{130}$" };
    /// What a contribution consists of.
    RoleName: { "type": "string", "enum": [Role::Data.name(), Role::Compute.name()] };
    /// How a policy makes a weight of a data score.
    WeightingName: { "type": "string", "enum": ["divergence", "records-divergence"] };
    /// Where an epoch stands.
    StateName: { "type": "string", "enum": State::ALL.map(State::name) };
    /// What is to be said of a posted root.
    VerdictName: { "type": "string", "enum": ["true", "false", "unknown", "nothing-pending"] };
    /// The circuits' shape.
    GeometryName: { "type": "string", "enum": Geometry::ALL.each_ref().map(Geometry::name) };
}
