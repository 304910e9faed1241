//! What policies start with, in their tests.

use std::sync::Arc;

use crate::audit::{Sink, Target};
use crate::policy::{Memory, OnFailure, Services};

/// A policy at one place, with what is said here and nothing else.
#[derive(Default)]
pub struct Alone {
    pub memory: Option<Memory>,
    pub shared: Option<OnFailure>,
    pub sink: Option<Arc<dyn Sink>>,
}

impl Services for Alone {
    fn memory(&self) -> Option<Memory> {
        self.memory.clone()
    }

    fn place(&self) -> &str {
        "crm/gold/calls"
    }

    fn shared_limits(&self) -> Option<OnFailure> {
        self.shared
    }

    fn sink(&self, _: &Target) -> Result<Arc<dyn Sink>, String> {
        self.sink.clone().ok_or_else(|| "nothing can be written".to_owned())
    }
}
