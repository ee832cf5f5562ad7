use std::error::Error;
use std::fmt;

/// An error of a development server or cluster, with a message for the developer.
///
/// `Debug` prints the same text as `Display`, so that it is readable in a panic and when `main` returns it.
pub struct DevServerError(String);

impl DevServerError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for DevServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DevServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for DevServerError {}

/// Returns the last lines of a program's output, indented.
pub(crate) fn tail(output: &[u8]) -> String {
    const LINES: usize = 15;

    let text = String::from_utf8_lossy(output);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    if lines.is_empty() {
        return "    (nothing)".to_owned();
    }
    let tail = &lines[lines.len().saturating_sub(LINES)..];
    tail.iter().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::tail;

    #[test]
    fn tail_keeps_the_last_lines() {
        let output = "first\n".repeat(9) + &"last\n".repeat(15);
        assert_eq!(tail(output.as_bytes()), ["    last"; 15].join("\n"));
    }

    #[test]
    fn tail_of_empty_output() {
        assert_eq!(tail(b"\n"), "    (nothing)");
    }
}
