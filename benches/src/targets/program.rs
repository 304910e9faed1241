//! Programs of others: where they are, and what version they are.

use std::error::Error;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where `.ci/install` and the comparison of robustness put programs when they are not root.
const TOOLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../.ci/tools");

pub struct Program {
    path: PathBuf,
    pub version: String,
}

impl Program {
    /// Looks on the PATH, where Debian has programs of administrators, and in `.ci/tools`.
    ///
    /// # Errors
    /// When it is in none of them, or does not run.
    pub fn find(name: &str, version: &str) -> Result<Program, String> {
        let on_path = std::env::var_os("PATH").unwrap_or_default();
        let places = std::env::split_paths(&on_path).chain([
            PathBuf::from("/usr/sbin"),
            Path::new(TOOLS).join("debian/usr/sbin"),
            Path::new(TOOLS).join("proxies/bin"),
        ]);
        let found = places.map(|place| place.join(name)).find(|path| path.is_file());
        let path = found.ok_or_else(|| format!("{name} is not installed"))?;
        Program::at(path, name, version)
    }

    /// # Errors
    /// When it does not tell its version.
    pub fn at(path: PathBuf, name: &str, version: &str) -> Result<Program, String> {
        let mut program = Program { path, version: String::new() };
        let asked = program.command().arg(version).stdout(Stdio::piped()).stderr(Stdio::piped()).output();
        let printed = asked.map_err(|error| format!("{name} does not run: {error}"))?;
        let text = [printed.stdout, printed.stderr].concat();
        program.version = version_in(&String::from_utf8_lossy(&text))
            .ok_or_else(|| format!("{name} does not tell its version"))?;
        Ok(program)
    }

    /// A command whose output goes nowhere.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        // Debian's packages, unpacked and not installed, have their libraries beside them.
        if let Some(debian) = self.path.ancestors().find(|folder| folder.ends_with("debian")) {
            command.env(
                "LD_LIBRARY_PATH",
                debian.join("usr/lib").join(format!("{}-linux-gnu", std::env::consts::ARCH)),
            );
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

/// The first thing that looks like `1.2.3`.
fn version_in(text: &str) -> Option<String> {
    let candidates = text.split(|character: char| !character.is_ascii_digit() && character != '.');
    candidates
        .map(|word| word.trim_matches('.'))
        .find(|word| word.matches('.').count() == 2)
        .map(str::to_owned)
}

/// A port for a program that cannot be told to choose one.
///
/// # Errors
/// When there is none.
pub fn free_address() -> Result<SocketAddr, Box<dyn Error>> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

#[cfg(test)]
mod tests {
    use super::version_in;

    #[test]
    fn versions_are_found_in_what_programs_print() {
        assert_eq!(version_in("nginx version: nginx/1.22.1\n").as_deref(), Some("1.22.1"));
        assert_eq!(version_in("HAProxy version 2.6.12-1+deb12u4 2026/10/17").as_deref(), Some("2.6.12"));
        assert_eq!(
            version_in("envoy  version: 9e55/1.40.0/Clean/RELEASE/BoringSSL").as_deref(),
            Some("1.40.0")
        );
        assert_eq!(version_in("no number"), None);
    }
}
