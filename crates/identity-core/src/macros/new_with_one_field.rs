/// Generates `new` for request structs with one field, which identifies the object of the request.
macro_rules! new_with_one_field {
    ($($type:ident { $field:ident: $of:ty })*) => {
        $(impl $type {
            #[doc = concat!("Creates the request for the object with this `", stringify!($field), "`.")]
            pub fn new($field: impl Into<$of>) -> Self {
                Self { $field: $field.into() }
            }
        })*
    };
}

pub(crate) use new_with_one_field;
