//! Lets steps panic while every provider has a key: nothing that is printed, logged or kept holds one, and the episode goes on.

use std::fs::File;
use std::io::{self, Read};
use std::process::Command as Process;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use greenroom::domain::call::Provider;
use greenroom::ledger::disk::{DiskFile, Kind, Listed, Standing};
use greenroom::provider::call::Vendor;
use greenroom::provider::endpoint::Endpoint;

use super::*;
use crate::secrets;

#[expect(dead_code, reason = "only its report of a panic is wanted")]
#[path = "../../src/main.rs"]
mod binary;

/// Where the child finds its servers; only it has this.
const BASE: &str = "GREENROOM_TEST_PANIC_BASE";

/// Keys that servers of a rehearsal take, and that change their looks in JSON, in an address and in base64.
const KEYS: [(Provider, Vendor, &str); 5] = [
    (Provider::Anthropic, Vendor::Anthropic, "rehearsal-Kt9/anthropic+4f9a1c7e\"x=="),
    (Provider::Gemini, Vendor::Gemini, "rehearsal-Kt9/gemini+5e8b2d6f\"x=="),
    (Provider::ElevenLabs, Vendor::ElevenLabs, "rehearsal-Kt9/elevenlabs+6d7c3e5a\"x=="),
    (Provider::OpenAi, Vendor::OpenAi, "rehearsal-Kt9/openai+7c6d4f4b\"x=="),
    (Provider::Perplexity, Vendor::Perplexity, "rehearsal-Kt9/perplexity+8b5e5a3c\"x=="),
];

/// The real disk, on which the second request that is kept and the second answer that arrives are met by a panic each, which tells
/// all that was to be written.
#[derive(Debug, Default)]
struct Panicking {
    kept: Arc<AtomicU64>,
    arrived: Arc<AtomicU64>,
}

struct PanickingFile {
    file: Box<dyn DiskFile>,
    counted: Option<Arc<AtomicU64>>,
    what: &'static str,
}

impl DiskFile for PanickingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let text = String::from_utf8_lossy(bytes);
        let is_meant = self.what == "answer" || text.starts_with("{\"vendor\":");
        if let Some(counted) = self.counted.as_ref().filter(|_| is_meant)
            && counted.fetch_add(1, Ordering::SeqCst) == 1
        {
            panic!("planted at an {}: {text}", self.what);
        }
        self.file.write(bytes)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.file.truncate(len)
    }

    fn try_lock(&self) -> io::Result<bool> {
        self.file.try_lock()
    }

    fn standing(&self, path: &Path) -> io::Result<Standing> {
        self.file.standing(path)
    }
}

impl Panicking {
    fn wrap(&self, path: &Path, file: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        let is_in = |part: &str| path.components().any(|component| component.as_os_str() == part);
        let (counted, what) = if is_in("blobs") {
            (Some(Arc::clone(&self.kept)), "artifact")
        } else if is_in("spool") && path.extension().is_some_and(|ext| ext == "body") {
            (Some(Arc::clone(&self.arrived)), "answer")
        } else {
            (None, "")
        };
        Box::new(PanickingFile { file, counted, what })
    }
}

impl Disk for Panicking {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        RealDisk.create_dir(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(self.wrap(path, RealDisk.create(path)?))
    }

    fn create_new(&self, path: &Path) -> io::Result<()> {
        RealDisk.create_new(path)
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(self.wrap(path, RealDisk.append(path)?))
    }

    fn patch(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
        RealDisk.patch(path, at, bytes)
    }

    fn reader(&self, path: &Path, from: u64) -> io::Result<Box<dyn Read + Send>> {
        RealDisk.reader(path, from)
    }

    fn kind(&self, path: &Path) -> io::Result<Option<Kind>> {
        RealDisk.kind(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Listed>> {
        RealDisk.list(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        RealDisk.sync_folder(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove_dir(path)
    }
}

/// The child: makes an episode to its end while two of its steps panic, with the log and the report of the program.
#[test]
fn panicking_child() {
    let Ok(base) = std::env::var(BASE) else { return };
    let data = PathBuf::from(std::env::var("GREENROOM_TEST_DATA").unwrap());
    let log = File::create(data.join("greenroom.log")).unwrap();
    let filter = tracing_subscriber::EnvFilter::new("trace");
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(Mutex::new(log)).init();
    binary::panics().unwrap();
    let mut options = options(&data, &base, Arc::new(Panicking::default()), Uncertain::Ask);
    for (provider, vendor, key) in KEYS {
        let endpoint = Endpoint::new(vendor, &format!("{base}/{provider}"), key.to_owned().into());
        options.endpoints.insert(provider, endpoint.map_err(|error| error.to_string()));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (handle, _) = open(options, runtime.handle()).unwrap();
    runtime.block_on(async {
        handle.begin(person(), new_episode("kilogram.md", 1)).await.unwrap();
        decide_until_over(&handle, &[EPISODE], Duration::from_secs(60), false).await.unwrap();
        handle.shutdown().await;
    });
}

#[test]
fn a_step_that_panics_while_keys_are_set_puts_them_nowhere_and_ends_nothing() {
    if std::env::var("GREENROOM_TEST_BASE").is_ok() || std::env::var(BASE).is_ok() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let servers = Options { seed: 7, pace: 0.0, ..Options::default() };
    let servers = runtime.block_on(Rehearsal::start(servers)).unwrap();
    let mut child = Process::new(std::env::current_exe().unwrap());
    child.args(["--exact", "panics::panicking_child", "--nocapture"]).env("GREENROOM_TEST_DATA", data);
    child.env(BASE, format!("http://{}", servers.addr())).env("RUST_BACKTRACE", "full");
    let out = child.output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success(), "two panics end no episode: {said}");
    for planted in ["planted at an artifact: {\"vendor\":", "planted at an answer: "] {
        assert_eq!(said.matches(planted).count(), 1, "{planted} is reported once");
    }
    assert_eq!(said.matches("What the ledger holds is safe").count(), 2, "{said}");
    let log = fs::read_to_string(data.join("greenroom.log")).unwrap();
    assert!(log.lines().count() > 20, "the log is written: {log}");
    let keys = KEYS.map(|(provider, _, key)| (provider.name(), key));
    let (mut all, files) = secrets::found_below(&keys, data);
    all.extend(secrets::found(&keys, "what was printed", said.as_bytes()));
    assert!(all.is_empty(), "{all:#?}");
    assert!(files > 50, "the episode was made: {files} files");
    // The keys were in use all the while: the servers refuse others.
    assert!(runtime.block_on(async { servers.meter() }).totals.completions > 10);
    runtime.block_on(servers.stop(Duration::from_secs(1)));
}
