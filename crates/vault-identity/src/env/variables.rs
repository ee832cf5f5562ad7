use std::ffi::OsString;

use identity_core::error::RequestError;

/// The variables of a process, or of a test.
pub(super) struct Variables<'a>(pub(super) &'a dyn Fn(&str) -> Option<OsString>);

impl Variables<'_> {
    /// The first of `BAO_X` and `VAULT_X` that is set and not empty, as `parse` understands it. Its errors name
    /// the variable.
    pub(super) fn read<T>(
        &self,
        name: &str,
        parse: impl FnOnce(String) -> Result<T, RequestError>,
    ) -> Result<Option<T>, RequestError> {
        for prefix in ["BAO_", "VAULT_"] {
            let name = format!("{prefix}{name}");
            let Some(value) = (self.0)(&name).filter(|value| !value.is_empty()) else { continue };
            let value = value.into_string().map_err(|_| refusal("is not Unicode"));
            return value.and_then(parse).map(Some).map_err(|error| error.of(name));
        }
        Ok(None)
    }

    /// Whether it is true. Only the words that Go knows will do, so that none means what it does not say.
    #[cfg(feature = "hyper")]
    pub(super) fn is_true(&self, name: &str) -> Result<bool, RequestError> {
        let truth = self.read(name, |value| match value.as_str() {
            "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
            "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
            _ => Err(refusal("must be `true` or `false`")),
        });
        Ok(truth?.unwrap_or(false))
    }
}

/// What is wrong with a variable, which [`Variables::read`] names.
pub(super) fn refusal(problem: &'static str) -> RequestError {
    RequestError::new("", problem)
}
