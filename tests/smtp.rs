//! Does every letter get the outcome that is true, whatever the relay does, and the same bytes at
//! every attempt?

mod smtp {
    mod composed;
    mod encrypted;
    mod outcomes;
    mod relay;
    mod reuse;
    mod speed;
}
