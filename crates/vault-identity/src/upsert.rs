use identity_core::{Endpoint, Error, Upsert};

use crate::{Client, Result};

/// Creates or updates an object.
///
/// The server returns the identifier only in the first response. If that response is lost, or is an ambiguous
/// error, the object is looked up by `new_name`, which is `None` if an identifier selects the object.
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
    let outcome = client.call_with_retry_info(write).await;
    let Some(name) = new_name else { return Ok(outcome?.0) };
    match outcome {
        Ok((Upsert::Updated, true)) => {
            // The write succeeded, so a failed lookup is not an error.
            let found = client.execute(&lookup(name)).await.ok().flatten();
            Ok(found.map_or(Upsert::Updated, |found| Upsert::Created(created(found))))
        }
        Ok((upsert, _)) => Ok(upsert),
        Err(error) => {
            rewrite_if_found(client, write, error, &lookup(name)).await.map(|(upsert, found)| match upsert {
                Upsert::Updated => Upsert::Created(created(found)),
                Upsert::Created(_) => upsert,
            })
        }
    }
}

/// Writes again after an ambiguous error if the object is found, because the server then does not create a
/// second one. Otherwise returns the error: the object may still have been stored.
pub(crate) async fn rewrite_if_found<E, L, F>(
    client: &Client,
    write: &E,
    error: Error,
    lookup: &L,
) -> Result<(E::Output, F)>
where
    E: Endpoint + Sync,
    L: Endpoint<Output = Option<F>> + Sync,
{
    let is_ambiguous = error.api().is_some() && error.may_have_been_applied() && !error.is_retryable();
    if !is_ambiguous {
        return Err(error);
    }
    let Ok(Some(found)) = client.execute(lookup).await else { return Err(error) };
    client.execute(write).await.map(|output| (output, found)).map_err(|_| error)
}
