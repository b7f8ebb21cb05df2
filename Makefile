.PHONY: help demo test sim soak bench rig fuzz fmt servers machine

help: ## this text
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 16

demo: servers ## Watchpost at work: real mail servers, real mails, what each sender gets back
	@cargo build --locked --bin watchpost
	@cargo run --locked --example demo

test: machine ## every check, the tests against real mail servers and a real systemd included
	cargo fmt --check
	cargo clippy --all-targets --locked -- -D warnings
	cargo test --locked
	FIRST=1 SEEDS=1000 cargo test --locked --profile sim --test worlds

sim: ## worlds that nobody saw before: SEEDS=n of them; or SEED=n, the whole story of one
	SEED=$(SEED) SEEDS=$(or $(SEEDS),1000) cargo test --locked --profile sim --test worlds in_every -- --nocapture

soak: ## seven days and ten thousand mails, with faults, in some minutes: SEED=n for others
	SEED=$(SEED) cargo test --locked --profile sim --test soak a_week_of -- --ignored --nocapture
	SEED=$(SEED) cargo test --locked --profile sim --test soak a_week_without -- --ignored --nocapture

bench: servers ## how fast it is beside what is possible here; BENCH="--quick", "--full" or names of figures
	@cargo bench --locked --bench bench -- $(BENCH)

rig: servers ## real mail servers to try things with, until Ctrl-C
	@cargo build --locked --bin watchpost
	@cargo run --locked --example rig

fuzz: ## look for mails and answers that break it: TARGET=mail, or all; SECONDS=60 each
	@fuzz/explore

fmt: ## format the code
	cargo fmt
	cargo fmt --manifest-path fuzz/Cargo.toml

servers: # Dovecot and Postfix, if they are missing
	@tests/rig/install

machine: # the same, and what boots a system of its own
	@tests/rig/install debootstrap systemd-container
