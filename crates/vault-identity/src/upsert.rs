use identity_core::{Endpoint, Error, Upsert};

use crate::{Client, Result};

/// Creates or updates an object.
///
/// The server returns the identifier only in the first response. If that was lost, or replaced by an unclear
/// error, the object is looked up by its name, unless it was to be found by its identifier.
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
    let client = &client.composite();
    let outcome = client.call_and_tell(write).await;
    let Some(name) = new_name else { return Ok(outcome?.0) };
    match outcome {
        Ok((Upsert::Updated, true)) => {
            // It has been written, whatever becomes of this.
            let found = client.call(&lookup(name)).await.ok().flatten();
            Ok(found.map_or(Upsert::Updated, |found| Upsert::Created(created(found))))
        }
        Ok((upsert, _)) => Ok(upsert),
        Err(error) => {
            write_again(client, write, error, &lookup(name)).await.map(|(upsert, found)| match upsert {
                Upsert::Updated => Upsert::Created(created(found)),
                Upsert::Created(_) => upsert,
            })
        }
    }
}

/// Writes an object again after an unclear error of the server, if it is found: then the server finds it too,
/// and does not create a second one. If it is not found, it may be stored all the same, and the error stands.
pub(crate) async fn write_again<E, L, F>(
    client: &Client,
    write: &E,
    error: Error,
    lookup: &L,
) -> Result<(E::Output, F)>
where
    E: Endpoint + Sync,
    L: Endpoint<Output = Option<F>> + Sync,
{
    let is_unclear = error.api().is_some() && error.may_have_been_applied() && !error.is_retryable();
    if !is_unclear {
        return Err(error);
    }
    let Ok(Some(found)) = client.call(lookup).await else { return Err(error) };
    client.call(write).await.map(|output| (output, found)).map_err(|_| error)
}
