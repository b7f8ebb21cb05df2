//! How an edge that logs in asks for its password.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use secrecy::SecretString;

/// Reads the password; asked at each login anew, so that it can be changed without a restart. The
/// error is one line for the operator that names what could not be read.
pub type Password = Arc<dyn Fn() -> BoxFuture<'static, Result<SecretString, String>> + Send + Sync>;
