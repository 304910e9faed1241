//! A certificate authority of a test's own, made with the `openssl` command.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub struct Authority {
    /// Its certificate, as PEM.
    pub ca: PathBuf,
    key: PathBuf,
}

impl Authority {
    /// A new authority whose files are in `folder`.
    pub fn new(folder: &Path, name: &str) -> Authority {
        let authority =
            Authority { ca: folder.join(format!("{name}.pem")), key: folder.join(format!("{name}.key")) };
        let subject = format!("/CN={name}");
        let mut command = openssl(&["req", "-x509", "-days", "2", "-subj", &subject]);
        run(new_key(&mut command, &authority.key).arg("-out").arg(&authority.ca));
        authority
    }

    /// Certificate and key of a server on this machine: `localhost` and 127.0.0.1.
    pub fn certify_this_machine(&self) -> (PathBuf, PathBuf) {
        let [request, names, key, certificate] =
            ["request", "names", "server-key", "server"].map(|end| self.ca.with_extension(end));
        let mut command = openssl(&["req", "-subj", "/CN=upstream"]);
        run(new_key(&mut command, &key).arg("-out").arg(&request));
        std::fs::write(&names, "subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n")
            .expect("the file is written");
        let mut command = openssl(&["x509", "-req", "-days", "2", "-CAcreateserial"]);
        command.arg("-in").arg(request).arg("-CA").arg(&self.ca).arg("-CAkey").arg(&self.key);
        run(command.arg("-extfile").arg(names).arg("-out").arg(&certificate));
        (certificate, key)
    }
}

fn openssl(words: &[&str]) -> Command {
    let mut command = Command::new("openssl");
    command.args(words);
    command
}

fn new_key<'c>(command: &'c mut Command, key: &Path) -> &'c mut Command {
    let words = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout"];
    command.args(words).arg(key)
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().expect("openssl is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
