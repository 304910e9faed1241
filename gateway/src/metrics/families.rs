//! Families and their series, written in the form of the registry's own.

use std::fmt;

use prometheus_client::encoding::{
    DescriptorEncoder, EncodeGaugeValue, EncodeMetric, MetricEncoder, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Unit;

/// Begins families.
pub struct Families<'e>(pub DescriptorEncoder<'e>);

impl Families<'_> {
    pub fn counter<'s>(&'s mut self, name: &'s str, help: &str) -> Result<Family<'s>, fmt::Error> {
        self.begin(MetricType::Counter, name, help, None)
    }

    pub fn gauge<'s>(&'s mut self, name: &'s str, help: &str) -> Result<Family<'s>, fmt::Error> {
        self.begin(MetricType::Gauge, name, help, None)
    }

    /// The name ends with the unit, if there is one, and a counter's with `_total` after that.
    pub fn begin<'s>(
        &'s mut self,
        kind: MetricType,
        name: &'s str,
        help: &str,
        unit: Option<&'s Unit>,
    ) -> Result<Family<'s>, fmt::Error> {
        // The registry ends what it describes in the same way.
        self.0.encode_descriptor(name, &format!("{help}."), unit, kind).map(Family)
    }
}

/// Writes the series of one family.
pub struct Family<'e>(MetricEncoder<'e>);

impl Family<'_> {
    /// Its only series.
    pub fn alone(&mut self, value: &impl EncodeGaugeValue) -> fmt::Result {
        self.0.encode_gauge(value)
    }

    pub fn value(&mut self, labels: &[(&str, &str)], value: &impl EncodeGaugeValue) -> fmt::Result {
        self.0.encode_family(&labels)?.encode_gauge(value)
    }

    pub fn count(&mut self, labels: &[(&str, &str)], value: u64) -> fmt::Result {
        self.0.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&value, None)
    }

    pub fn histogram(&mut self, labels: &[(&str, &str)], histogram: &Histogram) -> fmt::Result {
        histogram.encode(self.0.encode_family(&labels)?)
    }
}
