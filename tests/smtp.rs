//! Does every letter get the outcome that is true, whatever the relay does, and the same bytes at
//! every attempt?

#[cfg(test)]
mod smtp {
    mod composed;
    mod encrypted;
    mod login;
    mod outcomes;
    mod pipelining;
    mod relay;
    mod reuse;
    mod speed;
}
