use crate::call::Call;
use crate::matcher::Matcher;

/// What to tell of a call that no expectation is about.
pub(crate) fn unexpected(call: &Call, expectations: &[Matcher]) -> String {
    let mut lines = vec![format!("MockTransport: unexpected call {call}")];
    let related: Vec<_> = expectations.iter().filter(|matcher| matcher.is_of(call.operation)).collect();
    if !related.is_empty() {
        lines.push("It differs from what is expected:".to_owned());
        for matcher in related {
            lines.push(format!("  {matcher}"));
            lines.extend(matcher.objections(call).iter().map(|objection| format!("    {objection}")));
        }
    } else if expectations.is_empty() {
        lines.push("No calls are expected.".to_owned());
    } else {
        lines.push("Expected are only:".to_owned());
        let mut names: Vec<_> = expectations.iter().map(|matcher| matcher.operation.to_string()).collect();
        names.sort();
        names.dedup();
        lines.extend(names.iter().map(|name| format!("  {name}")));
    }
    lines.join("\n")
}
