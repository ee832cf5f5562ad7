use std::ffi::OsString;

use identity_core::error::RequestError;

/// The variables of the process, or of a test.
pub(super) struct Variables<'a>(pub(super) &'a dyn Fn(&str) -> Option<OsString>);

impl Variables<'_> {
    /// Parses the first of `BAO_X` and `VAULT_X` that is set and not empty. Errors name the variable.
    pub(super) fn read<T>(
        &self,
        name: &str,
        parse: impl FnOnce(String) -> Result<T, RequestError>,
    ) -> Result<Option<T>, RequestError> {
        for prefix in ["BAO_", "VAULT_"] {
            let name = format!("{prefix}{name}");
            let Some(value) = (self.0)(&name).filter(|value| !value.is_empty()) else { continue };
            let value = value.into_string().map_err(|_| invalid("is not Unicode"));
            return value.and_then(parse).map(Some).map_err(|error| error.of(name));
        }
        Ok(None)
    }

    /// Parses a boolean as Go's `strconv.ParseBool` does, and fails for any other value. Defaults to `false`.
    #[cfg(feature = "hyper")]
    pub(super) fn flag(&self, name: &str) -> Result<bool, RequestError> {
        let flag = self.read(name, |value| match value.as_str() {
            "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
            "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
            _ => Err(invalid("must be `true` or `false`")),
        });
        Ok(flag?.unwrap_or(false))
    }
}

/// Returns the error for an invalid value. [`Variables::read`] adds the name of the variable.
pub(super) fn invalid(problem: &'static str) -> RequestError {
    RequestError::new("", problem)
}
