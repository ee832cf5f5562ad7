//! Lists the public API of the five crates in `docs/public-api.txt`, from the pages that rustdoc writes.
//!
//! `cargo run -p identity-tests --bin public-api` writes the list, and with `-- --check` it fails if the list
//! is out of date. It needs no more than a stable toolchain.

#![expect(clippy::unwrap_used, reason = "a development tool may panic")]

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const CRATES: [&str; 5] =
    ["identity_core", "identity_fake", "identity_hyper", "identity_mock", "vault_identity"];

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let pages = document(&root);
    let mut list = String::from(
        "The public API of the five crates with all features, without the methods of their trait implementations.\n\
         Written by `cargo run -p identity-tests --bin public-api`.\n",
    );
    let index = fs::read_to_string(pages.join("identity_core/index.html")).unwrap();
    let version = between(&index, "data-channel=\"", "\"").unwrap();
    writeln!(list, "rustdoc {version}").unwrap();
    for name in CRATES {
        Crate { pages: &pages, name }.module(name, &mut list);
    }

    let file = root.join("docs/public-api.txt");
    if env::args().all(|argument| argument != "--check") {
        fs::write(file, list).unwrap();
        return ExitCode::SUCCESS;
    }
    let committed = fs::read_to_string(file).unwrap();
    if !committed.contains(&format!("rustdoc {version}\n")) {
        println!("skipped: docs/public-api.txt was written by another version of rustdoc than {version}");
        return ExitCode::SUCCESS;
    }
    let Some((old, new)) = committed.lines().zip(list.lines()).find(|(old, new)| old != new) else {
        let is_equal = committed == list;
        return if is_equal { ExitCode::SUCCESS } else { out_of_date("a different end", "of the list") };
    };
    out_of_date(old, new)
}

fn out_of_date(old: &str, new: &str) -> ExitCode {
    eprintln!("docs/public-api.txt is out of date, from here on:\n- {old}\n+ {new}");
    eprintln!("Run `cargo run -p identity-tests --bin public-api`, and read what it changes.");
    ExitCode::FAILURE
}

/// Runs rustdoc, and returns the folder of its pages.
fn document(root: &Path) -> PathBuf {
    let target = env::current_exe().unwrap().ancestors().nth(2).unwrap().to_owned();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root).args(["doc", "--quiet", "--workspace", "--all-features", "--no-deps"]);
    cargo.arg("--target-dir").arg(&target);
    assert!(cargo.status().unwrap().success(), "rustdoc failed");
    target.join("doc")
}

struct Crate<'a> {
    pages: &'a Path,
    name: &'a str,
}

impl Crate<'_> {
    /// Lists a module: its re-exports, its items, and then the modules inside.
    fn module(&self, path: &str, list: &mut String) {
        let folder = self.pages.join(path.replace("::", "/"));
        let page = fs::read_to_string(folder.join("index.html")).unwrap();
        if let Some(origin) = self.origin(&page) {
            writeln!(list, "\n\n=== {path} (of {origin})").unwrap();
            return;
        }
        writeln!(list, "\n\n=== {path}").unwrap();
        let mut modules = Vec::new();
        for entry in page.split("<dt").skip(1) {
            let entry = entry.split("</dt>").next().unwrap();
            if let Some(code) = between(entry, "<code>", "</code>") {
                writeln!(list, "{}", text(code)).unwrap();
                continue;
            }
            let href = between(entry, "href=\"", "\"").unwrap();
            if let Some(name) = href.strip_suffix("/index.html") {
                modules.push(format!("{path}::{name}"));
            } else {
                self.item(path, &fs::read_to_string(folder.join(href)).unwrap(), list);
            }
        }
        for module in modules {
            self.module(&module, list);
        }
    }

    /// Returns the crate that an item or module is re-exported from, if it is.
    fn origin<'p>(&self, page: &'p str) -> Option<&'p str> {
        let source = between(page, "class=\"src\" href=\"", "\"").unwrap_or_default();
        let is_own = source.contains(&format!("/src/{}/", self.name));
        (!is_own).then(|| between(source, "/src/", "/").unwrap_or("another crate"))
    }

    /// Lists an item: its declaration, its methods, and the traits that it implements.
    fn item(&self, module: &str, page: &str, list: &mut String) {
        let title = between(page, "<title>", " in ").unwrap();
        if let Some(origin) = self.origin(page) {
            writeln!(list, "pub use {title} (of {origin})").unwrap();
            return;
        }
        let declaration = between(page, "<pre class=\"rust item-decl\">", "</pre>").unwrap();
        writeln!(list, "\n--- {module}::{title}\n{}", text(declaration)).unwrap();

        // What follows are the implementations that every type has.
        let own = page.split("id=\"synthetic-implementations\"").next().unwrap();
        let own = own.split("id=\"blanket-implementations\"").next().unwrap();
        let own = own.split("id=\"deref-methods-").next().unwrap();
        let start = ["id=\"implementations\"", "id=\"trait-implementations\"", "id=\"foreign-impls\""];
        let Some(start) = start.iter().filter_map(|start| own.find(start)).min() else { return };
        let mut traits = Vec::new();
        let mut is_inherent = false;
        for header in own[start..].split("class=\"code-header\">").skip(1) {
            let code = text(header.split("</h").next().unwrap());
            if !code.starts_with("impl") {
                if is_inherent {
                    writeln!(list, "    {}", code.replace('\n', "\n    ")).unwrap();
                }
                continue;
            }
            is_inherent = !code.contains(" for ");
            let of_this_type = code.strip_prefix("impl ").and_then(|code| code.strip_suffix(title));
            match of_this_type.and_then(|code| code.strip_suffix(" for ")) {
                _ if code.contains("StructuralPartialEq for ") => {}
                Some(name) => traits.push(name.to_owned()),
                None => writeln!(list, "{code}").unwrap(),
            }
        }
        if !traits.is_empty() {
            writeln!(list, "implements {}", traits.join(", ")).unwrap();
        }
    }
}

/// The text of some HTML, without the labels of its toggles.
fn text(html: &str) -> String {
    let mut text = String::new();
    for (number, part) in html.split("<summary").enumerate() {
        let part = if number == 0 { part } else { part.split_once("</summary>").unwrap().1 };
        let part = part.replace("</div>", "</div>\n").replace("<div class=\"where\"", "\n<div");
        for (number, part) in part.split('<').enumerate() {
            text += if number == 0 { part } else { part.split_once('>').unwrap().1 };
        }
    }
    for (entity, character) in
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")]
    {
        text = text.replace(entity, character);
    }
    let lines: Vec<_> = text.trim().lines().map(str::trim_end).collect();
    lines.join("\n")
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.split_once(start)?.1.split_once(end).map(|(middle, _)| middle)
}
