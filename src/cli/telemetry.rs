//! Exports the spans of paid calls to a collector of OpenTelemetry, by its protocol over HTTP as JSON.
//!
//! Only spans leave, only those of paid calls, and they hold no prompt and no answer. A collector that is down costs spans and
//! nothing else. A build without the feature `otlp` exports nothing and says so.

use tracing_subscriber::{Layer, Registry};

/// A layer that passes spans on.
pub(super) type Spans = Box<dyn Layer<Registry> + Send + Sync>;

#[cfg(feature = "otlp")]
pub(super) use self::exporting::{Export, layer};

/// What keeps an export going: there is none in this build.
#[cfg(not(feature = "otlp"))]
pub(super) struct Export;

/// The layer that exports to an address.
///
/// # Errors
///
/// Always: this build cannot.
#[cfg(not(feature = "otlp"))]
pub(super) fn layer(_: &str) -> Result<(Spans, Export), String> {
    Err("this build cannot; build greenroom with `--features otlp`, or remove `telemetry.otlp`".to_owned())
}

#[cfg(feature = "otlp")]
mod exporting {
    use std::time::Duration;

    use opentelemetry::trace::TracerProvider;
    use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing_subscriber::Layer;
    use tracing_subscriber::filter::filter_fn;

    use super::Spans;
    use crate::engine::executor::CALLS;

    /// The longest that one export, or the last one at the end, may take.
    const PATIENCE: Duration = Duration::from_secs(5);

    /// What keeps an export going; the spans that wait are sent when it is dropped.
    pub(in crate::cli) struct Export(SdkTracerProvider);

    impl Drop for Export {
        fn drop(&mut self) {
            if let Err(error) = self.0.shutdown_with_timeout(PATIENCE) {
                tracing::warn!(%error, "the last spans were not exported");
            }
        }
    }

    /// The layer that exports to an address, such as `http://127.0.0.1:4318`.
    ///
    /// # Errors
    ///
    /// When the exporter cannot be set up.
    pub(in crate::cli) fn layer(address: &str) -> Result<(Spans, Export), String> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpJson)
            .with_endpoint(format!("{}/v1/traces", address.trim_end_matches('/')))
            .with_timeout(PATIENCE)
            .build()
            .map_err(|error| error.to_string())?;
        let resource = Resource::builder_empty()
            .with_attributes([
                opentelemetry::KeyValue::new("service.name", "greenroom"),
                opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            ])
            .build();
        let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build();
        let layer = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("greenroom"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(|metadata| metadata.target() == CALLS));
        Ok((layer.boxed(), Export(provider)))
    }

    #[cfg(test)]
    mod tests;
}
