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
        command.args(["-addext", "keyUsage=critical,keyCertSign,cRLSign"]);
        run(new_key(&mut command, &authority.key).arg("-out").arg(&authority.ca));
        authority
    }

    /// Certificate and key of a server on this machine: `localhost` and 127.0.0.1.
    pub fn certify_this_machine(&self) -> (PathBuf, PathBuf) {
        self.certify("server", "IP:127.0.0.1,DNS:localhost")
    }

    /// Certificate and key for these subject alternative names, in files called after `name`.
    pub fn certify(&self, name: &str, alternatives: &str) -> (PathBuf, PathBuf) {
        let folder = self.ca.parent().expect("a folder");
        let [request, names, key, certificate] =
            ["request", "names", "key", "pem"].map(|end| folder.join(format!("{name}-leaf.{end}")));
        let mut command = openssl(&["req", "-subj", &format!("/CN={name}")]);
        run(new_key(&mut command, &key).arg("-out").arg(&request));
        std::fs::write(&names, format!("subjectAltName={alternatives}\nbasicConstraints=CA:FALSE\n"))
            .expect("the file is written");
        let mut command = openssl(&["x509", "-req", "-days", "2", "-CAcreateserial"]);
        command.arg("-in").arg(request).arg("-CA").arg(&self.ca).arg("-CAkey").arg(&self.key);
        run(command.arg("-extfile").arg(names).arg("-out").arg(&certificate));
        (certificate, key)
    }

    /// The same, over in so many seconds.
    pub fn certify_for(&self, seconds: i64, name: &str, alternatives: &str) -> (PathBuf, PathBuf) {
        let (certificate, key) = self.certify(name, alternatives);
        let folder = self.ca.parent().expect("a folder");
        std::fs::write(folder.join("short.txt"), "").expect("the file is written");
        let text = "[ca]\ndefault_ca=own\n[own]\ndatabase=short.txt\nnew_certs_dir=.\nrand_serial=yes\n\
                    default_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n";
        std::fs::write(folder.join("short.cnf"), text).expect("the file is written");
        let at = |seconds: i64| {
            let time = chrono::Utc::now() + chrono::Duration::seconds(seconds);
            time.format("%Y%m%d%H%M%SZ").to_string()
        };
        let mut command = openssl(&["ca", "-batch", "-notext", "-config", "short.cnf"]);
        command.current_dir(folder).arg("-cert").arg(&self.ca).arg("-keyfile").arg(&self.key);
        command.args(["-startdate", &at(-60), "-enddate", &at(seconds)]);
        command.arg("-in").arg(folder.join(format!("{name}-leaf.request")));
        command.arg("-extfile").arg(folder.join(format!("{name}-leaf.names")));
        run(command.arg("-out").arg(&certificate));
        (certificate, key)
    }

    /// A list (CRL) that revokes one certificate of this authority.
    pub fn revoke(&self, certificate: &Path) -> PathBuf {
        let folder = self.ca.parent().expect("a folder");
        let [settings, list] = ["ca.cnf", "revoked.crl"].map(|name| folder.join(name));
        std::fs::write(folder.join("index.txt"), "").expect("the file is written");
        std::fs::write(folder.join("crlnumber"), "01\n").expect("the file is written");
        let text = "[ca]\ndefault_ca=own\n[own]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\n\
                    default_crl_days=2\ncrl_extensions=extensions\n[extensions]\n\
                    authorityKeyIdentifier=keyid:always\n";
        std::fs::write(&settings, text).expect("the file is written");
        let own = |words: &[&str]| {
            let mut command = openssl(&["ca", "-config", "ca.cnf"]);
            command.current_dir(folder).arg("-cert").arg(&self.ca).arg("-keyfile").arg(&self.key).args(words);
            command
        };
        let certificate = certificate.to_str().expect("a path of text");
        run(&mut own(&["-revoke", certificate]));
        let mut command = own(&["-gencrl", "-out"]);
        run(command.arg(&list));
        list
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
