use identity_core::{Endpoint, Upsert};

use crate::{Client, Result};

/// Makes a call that creates or updates. If the transport has repeated it and the last answer is of an update, it may be an earlier attempt
/// that has created the object, and the answer with the identifier was lost: so the object of that name is looked up, unless it was to be found by its identifier.
pub(crate) async fn upsert<E, L, T, F>(
    client: &Client,
    write: &E,
    new_name: Option<&str>,
    lookup: impl FnOnce(&str) -> L + Send,
    created: impl FnOnce(F) -> T + Send,
) -> Result<Upsert<T>>
where
    E: Endpoint<Output = Upsert<T>> + Sync,
    L: Endpoint<Output = Option<F>> + Send + Sync,
    T: Send,
    F: Send,
{
    let (upsert, in_doubt) = client.call_and_tell(write).await?;
    if let (Upsert::Updated, true, Some(name)) = (&upsert, in_doubt, new_name) {
        // It has been written, whatever becomes of this.
        if let Ok(Some(found)) = client.call(&lookup(name)).await {
            return Ok(Upsert::Created(created(found)));
        }
    }
    Ok(upsert)
}
