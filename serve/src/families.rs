//! Families of metrics on one page, as Prometheus reads them.

use prometheus::core::Collector;
use prometheus::{Encoder, Error, GaugeVec, IntCounterVec, Opts, Registry, TextEncoder};

type Result = std::result::Result<(), Error>;

/// What stands on one page: nothing yet, by default.
#[derive(Debug, Default)]
pub struct Families(Registry);

impl Families {
    /// The page, as text.
    pub fn text(&self) -> std::result::Result<String, Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.0.gather(), &mut text)?;
        String::from_utf8(text).map_err(|error| Error::Msg(error.to_string()))
    }

    fn add(&self, family: impl Collector + 'static) -> Result {
        self.0.register(Box::new(family))
    }

    /// A value of now.
    pub fn gauge(&self, name: &str, help: &str, value: f64) -> Result {
        self.gauges(name, help, &[], [(vec![], value)])
    }

    /// Values of now, told apart by labels.
    pub fn gauges<'a>(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        values: impl IntoIterator<Item = (Vec<&'a str>, f64)>,
    ) -> Result {
        let gauges = GaugeVec::new(Opts::new(name, help), labels)?;
        for (of, value) in values {
            gauges.get_metric_with_label_values(&of)?.set(value);
        }
        self.add(gauges)
    }

    /// What only grows.
    pub fn counter(&self, name: &str, help: &str, value: u64) -> Result {
        self.counters(name, help, &[], [(vec![], value)])
    }

    /// The same, told apart by a label.
    pub fn counters<'a>(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        values: impl IntoIterator<Item = (Vec<&'a str>, u64)>,
    ) -> Result {
        let counters = IntCounterVec::new(Opts::new(name, help), labels)?;
        for (of, value) in values {
            counters.get_metric_with_label_values(&of)?.inc_by(value);
        }
        self.add(counters)
    }
}
