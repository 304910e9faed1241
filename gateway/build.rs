//! Has the linker put what requests go through side by side (`layout.ld`, by `make layout`).

use std::env;
use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=layout.ld");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    // The names in it are those of one architecture, and of code that was optimized.
    let has_the_names = is("PROFILE", "release")
        && is("CARGO_CFG_TARGET_ARCH", "x86_64")
        && is("CARGO_CFG_TARGET_OS", "linux");
    // This linker knows no such scripts.
    let knows_scripts = env::var("CARGO_ENCODED_RUSTFLAGS").is_ok_and(|flags| !flags.contains("mold"));
    if has_the_names && knows_scripts {
        let folder = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", Path::new(&folder).join("layout.ld").display());
    }
}
