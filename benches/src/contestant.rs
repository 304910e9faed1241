//! A row of a workload before it is measured: a target, how it is set up, and what it is asked.

use std::net::SocketAddr;
use std::time::Duration;

use crate::lab::Lab;
use crate::parts::load;
use crate::parts::load::connection::{Connect, Plain};
use crate::parts::load::exchange::Exchange;
use crate::parts::tls::Tls;
use crate::targets::{Setup, Site, Target};

/// How long a target may take until it answers.
const PATIENCE: Duration = Duration::from_secs(15);

pub struct Contestant<'a> {
    pub name: String,
    pub target: &'a dyn Target,
    pub setup: Setup,
    /// Whether it reads its configuration anew all the time.
    pub reloads: bool,
    /// What it is asked in a round, given where it listens.
    pub exchange: Box<dyn Fn(SocketAddr) -> Result<Exchange, String> + 'a>,
}

impl<'a> Contestant<'a> {
    /// A row that is called as its target is.
    pub fn new(
        target: &'a dyn Target,
        setup: Setup,
        exchange: impl Fn(SocketAddr) -> Result<Exchange, String> + 'a,
    ) -> Contestant<'a> {
        Contestant {
            name: target.name().to_owned(),
            target,
            setup,
            reloads: false,
            exchange: Box::new(exchange),
        }
    }

    pub fn called(self, name: &str) -> Contestant<'a> {
        Contestant { name: name.to_owned(), ..self }
    }

    /// How it is connected to.
    ///
    /// # Errors
    /// When there is no certificate to trust.
    pub fn connect(&self, lab: &Lab, address: SocketAddr) -> Result<Box<dyn Connect>, String> {
        match self.setup {
            Setup::Tls => Ok(Box::new(Tls { address, configuration: lab.client(b"http/1.1")? })),
            _ => Ok(Box::new(Plain(address))),
        }
    }

    /// Starts it, and asks until the answer is right.
    ///
    /// # Errors
    /// Says why it does not start, or what was wrong when patience had run out.
    pub fn start(&self, lab: &Lab) -> Result<Site, String> {
        let folder = lab.folder().map_err(|error| error.to_string())?;
        let site = self.target.start(lab, &self.setup, folder).map_err(|error| error.to_string())?;
        let exchange = (self.exchange)(site.address)?;
        load::wait_for(self.connect(lab, site.address)?.as_ref(), &exchange, PATIENCE)?;
        Ok(site)
    }
}

/// All targets that can do so, asked the same.
pub fn everybody<'a>(
    lab: &'a Lab,
    setup: &Setup,
    exchange: impl Fn(SocketAddr) -> Exchange + Clone + 'a,
) -> Vec<Contestant<'a>> {
    let able = lab.targets.iter().filter(|target| target.can(setup));
    able.map(|target| {
        let exchange = exchange.clone();
        Contestant::new(target.as_ref(), setup.clone(), move |host| Ok(exchange(host)))
    })
    .collect()
}

/// The gateway with a configuration of its own; nothing where it has not been built.
pub fn gateway<'a>(
    lab: &'a Lab,
    name: &str,
    setup: &Setup,
    exchange: impl Fn(SocketAddr) -> Result<Exchange, String> + 'a,
) -> Option<Contestant<'a>> {
    let target = lab.target("tollgate")?;
    Some(Contestant::new(target, setup.clone(), exchange).called(name))
}
