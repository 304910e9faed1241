//! What a message asks for, as logs and the filter of lists have it.

use tollgate_protocol::envelope::{Envelope, Message, Target};

use crate::policies;
use crate::respond::Answered;

/// What a message asks for, as logs have it.
#[derive(Debug)]
pub struct Call {
    pub method: String,
    /// The tool, prompt or resource.
    pub name: Option<String>,
    pub asks_for_a_list: bool,
    /// The ids of what asks for a list.
    pub answered: Option<Answered>,
}

impl Call {
    /// Of the first message with a method.
    pub fn of(envelope: &Envelope<'_>) -> Option<Call> {
        let message = envelope.messages().iter().find(|message| message.method().is_some())?;
        let name = match &message.target {
            Target::None | Target::Task(_) => None,
            Target::Tool(name) | Target::Prompt(name) | Target::Resource(name) | Target::Template(name) => {
                Some(name)
            }
        };
        let asks_for_a_list = envelope.messages().iter().filter_map(Message::method).any(is_list);
        let answered = asks_for_a_list.then(|| policies::answered(envelope)).flatten();
        let name = name.map(|name| beginning(name).to_owned());
        Some(Call { method: beginning(message.method()?).to_owned(), name, asks_for_a_list, answered })
    }
}

/// What a line of the log has room for.
fn beginning(text: &str) -> &str {
    const BYTES_MAX: usize = 256;
    text.get(..text.floor_char_boundary(BYTES_MAX)).unwrap_or_default()
}

fn is_list(method: &str) -> bool {
    matches!(method, "tools/list" | "prompts/list" | "resources/list" | "resources/templates/list")
}
