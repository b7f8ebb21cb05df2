//! Real mail servers to try things with, until Ctrl-C: `make rig`.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "it talks to its user")]

#[path = "mod.rs"]
pub mod rig;

use rig::{PASSWORD, Rig, program};

fn main() {
    let rig = Rig::start();
    let config = rig.watchpost_config();
    println!("Dovecot and Postfix run on localhost until you press Ctrl-C.\n");
    for (what, how) in [
        ("IMAP over TLS", rig.imaps_port().to_string()),
        ("IMAP with STARTTLS", rig.imap_port().to_string()),
        ("submission over TLS", rig.submissions_port().to_string()),
        ("submission with STARTTLS", rig.submission_port().to_string()),
        ("mail from outside", rig.mx_port().to_string()),
        ("users", "every address of every *.example domain".to_owned()),
        ("password", PASSWORD.to_owned()),
        ("certificate authority", rig.ca().display().to_string()),
        ("configuration", config.display().to_string()),
        ("logs, mails, queue", rig.dir().display().to_string()),
    ] {
        println!("  {what:<26}{how}");
    }
    println!("\nTo try it, in another terminal:\n");
    println!("  {} run --config {}", program().display(), config.display());
    println!(
        "  curl smtp://localhost:{} --mail-from you@reporter.example \\\n       \
         --mail-rcpt security@project.example --upload-file mail.eml",
        rig.mx_port()
    );
    println!(
        "  curl --cacert {} --user you@reporter.example:{PASSWORD} \\\n       \
         'imaps://localhost:{}/INBOX;UID=1'\n",
        rig.ca().display(),
        rig.imaps_port()
    );
    until_told_to_end();
    println!("\nStopping.");
}

fn until_told_to_end() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(async {
        let kind = tokio::signal::unix::SignalKind::terminate();
        let mut terminate = tokio::signal::unix::signal(kind).unwrap();
        tokio::select! {
            asked = tokio::signal::ctrl_c() => asked.unwrap(),
            _ = terminate.recv() => {}
        }
    });
}
