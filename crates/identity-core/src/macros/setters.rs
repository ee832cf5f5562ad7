/// Generates setters for optional fields of request structs. A field that is not set is not sent.
///
/// ```text
/// setters!(Type, OtherType {
///     /// What it means.
///     policies(texts) => params.policies;
/// });
/// ```
///
/// The kind in parentheses is the type of the argument: `text`, `flag`, `duration`, `number(Type)`,
/// `value(Type)`, or a collection: `texts`, `values(Type)`, `map`.
macro_rules! setters {
    ($type:ident, $($more:ident),+ { $($rows:tt)* }) => {
        setters!($type { $($rows)* });
        setters!($($more),+ { $($rows)* });
    };
    ($type:ident { $($(#[$doc:meta])* $name:ident($kind:ident $(($of:ty))?) => $($field:ident).+;)* }) => {
        impl $type {
            $(setters!(@one $(#[$doc])* $name $kind $(($of))? => $($field).+);)*
        }
    };
    (@one $(#[$doc:meta])* $name:ident text => $($field:ident).+) => {
        $(#[$doc])*
        #[must_use]
        pub fn $name(mut self, $name: impl Into<String>) -> Self {
            self.$($field).+ = Some($name.into());
            self
        }
    };
    (@one $(#[$doc:meta])* $name:ident flag => $($field:ident).+) => {
        $(#[$doc])*
        #[must_use]
        pub fn $name(mut self, $name: bool) -> Self {
            self.$($field).+ = Some($name);
            self
        }
    };
    (@one $(#[$doc:meta])* $name:ident duration => $($field:ident).+) => {
        $(#[$doc])*
        #[must_use]
        pub fn $name(mut self, $name: std::time::Duration) -> Self {
            self.$($field).+ = Some($name);
            self
        }
    };
    (@one $(#[$doc:meta])* $name:ident number($of:ty) => $($field:ident).+) => {
        $(#[$doc])*
        #[must_use]
        pub fn $name(mut self, $name: $of) -> Self {
            self.$($field).+ = Some($name);
            self
        }
    };
    (@one $(#[$doc:meta])* $name:ident value($of:ty) => $($field:ident).+) => {
        $(#[$doc])*
        #[must_use]
        pub fn $name(mut self, $name: impl Into<$of>) -> Self {
            self.$($field).+ = Some($name.into());
            self
        }
    };
    (@one $(#[$doc:meta])* $name:ident texts => $($field:ident).+) => {
        setters!(@one $(#[$doc])* $name values(String) => $($field).+);
    };
    (@one $(#[$doc:meta])* $name:ident values($of:ty) => $($field:ident).+) => {
        $(#[$doc])*
        #[must_use]
        pub fn $name(mut self, $name: impl IntoIterator<Item = impl Into<$of>>) -> Self {
            self.$($field).+ = Some($name.into_iter().map(Into::into).collect());
            self
        }
    };
    (@one $(#[$doc:meta])* $name:ident map => $($field:ident).+) => {
        $(#[$doc])*
        #[must_use]
        pub fn $name(mut self, $name: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
            self.$($field).+ = Some($name.into_iter().map(|(key, value)| (key.into(), value.into())).collect());
            self
        }
    };
}

pub(crate) use setters;
