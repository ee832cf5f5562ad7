use crate::matcher::Matcher;
use identity_core::test_request::RecordedRequest;

/// Returns the panic message for a call that no expectation matches.
pub(crate) fn unexpected_call(call: &RecordedRequest, matchers: &[Matcher]) -> String {
    let mut lines = vec![format!("MockTransport: unexpected call {call}")];
    let related: Vec<_> = matchers.iter().filter(|matcher| matcher.is_same_operation(call)).collect();
    if !related.is_empty() {
        lines.push("It differs from the expected calls:".to_owned());
        for matcher in related {
            lines.push(format!("  {matcher}"));
            lines.extend(matcher.mismatches(call).iter().map(|mismatch| format!("    {mismatch}")));
        }
    } else if matchers.is_empty() {
        lines.push("No calls are expected.".to_owned());
    } else {
        lines.push("Only these operations are expected:".to_owned());
        let mut names: Vec<_> = matchers.iter().map(|matcher| matcher.operation.to_string()).collect();
        names.sort();
        names.dedup();
        lines.extend(names.iter().map(|name| format!("  {name}")));
    }
    lines.join("\n")
}
