//! The committed artifact: what `npm run build` wrote and `npm run check` compares with the source.

use alloy_sol_types::SolConstructor;
use fairshare_params::address::Address;

use crate::calldata::evm_address;
use crate::interface::RoyaltyVault;

/// The artifact's text: interface, creation bytecode, compiler and its settings.
pub const ROYALTY_VAULT_JSON: &str = include_str!("../artifacts/RoyaltyVault.json");

/// Why an artifact cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArtifactError {
    /// Not JSON.
    #[error("the artifact is not JSON; `npm run build` writes it anew")]
    Json(#[from] serde_json::Error),
    /// A field is missing or is not text.
    #[error("the artifact has no text field `{field}`; `npm run build` writes it anew")]
    Field {
        /// The field.
        field: &'static str,
    },
    /// The bytecode is not hexadecimal.
    #[error("the artifact's bytecode is not 0x and hexadecimal digits; `npm run build` writes it anew")]
    Bytecode,
}

/// What a vault is deployed with; see the constructor in `RoyaltyVault.sol` for the bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// The token that is paid.
    pub token: Address,
    /// Who appoints the other roles and pauses.
    pub owner: Address,
    /// Who posts roots.
    pub operator: Address,
    /// Who vetoes them.
    pub guardian: Address,
    /// Seconds between a root's posting and its activation.
    pub challenge_window: u64,
    /// The lowest epoch.
    pub first_epoch: u64,
}

impl Deployment {
    /// Data of the transaction that deploys the vault: the bytecode and the constructor's arguments.
    pub fn creation_code(&self) -> Result<Vec<u8>, ArtifactError> {
        let mut code = bytecode(ROYALTY_VAULT_JSON)?;
        let arguments = RoyaltyVault::constructorCall {
            token: evm_address(&self.token),
            owner: evm_address(&self.owner),
            operator: evm_address(&self.operator),
            guardian: evm_address(&self.guardian),
            challengeWindow: self.challenge_window,
            firstEpoch: self.first_epoch,
        };
        code.extend(arguments.abi_encode());
        Ok(code)
    }
}

/// The creation bytecode of an artifact, given its text.
pub fn bytecode(artifact: &str) -> Result<Vec<u8>, ArtifactError> {
    let artifact: serde_json::Value = serde_json::from_str(artifact)?;
    let field = "bytecode";
    let text = artifact.get(field).and_then(|value| value.as_str()).ok_or(ArtifactError::Field { field })?;
    let digits = text.strip_prefix("0x").ok_or(ArtifactError::Bytecode)?;
    hex::decode(digits).map_err(|_| ArtifactError::Bytecode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spoilt_artifact_is_refused_and_says_where() {
        assert!(matches!(bytecode("{"), Err(ArtifactError::Json(_))));
        for text in ["{}", "[]", r#"{"bytecode":7}"#] {
            assert!(matches!(bytecode(text), Err(ArtifactError::Field { field: "bytecode" })), "{text}");
        }
        for text in [r#"{"bytecode":"6001"}"#, r#"{"bytecode":"0x6"}"#, r#"{"bytecode":"0x__$lib$__"}"#] {
            assert!(matches!(bytecode(text), Err(ArtifactError::Bytecode)), "{text}");
        }
        assert_eq!(bytecode(r#"{"bytecode":"0x6001"}"#).unwrap(), [0x60, 0x01]);
    }

    #[test]
    fn the_arguments_follow_the_bytecode_one_word_each() {
        let [token, owner, operator, guardian] = [1, 2, 3, 4].map(|byte| Address([byte; 20]));
        let deployment =
            Deployment { token, owner, operator, guardian, challenge_window: 0x5555, first_epoch: 0x66 };
        let code = deployment.creation_code().unwrap();
        let (bytecode, arguments) = code.split_at(code.len() - 6 * 32);
        assert_eq!(bytecode, super::bytecode(ROYALTY_VAULT_JSON).unwrap());
        let word = |bytes: &[u8]| [vec![0; 32 - bytes.len()], bytes.to_vec()].concat();
        let expected =
            [&[1; 20][..], &[2; 20], &[3; 20], &[4; 20], &[0x55, 0x55], &[0x66]].map(word).concat();
        assert_eq!(arguments, expected);
    }
}
