//! The voices of the program `espeak-ng`, where it is installed and a show asks for them.
//!
//! The text goes in on its standard input and the name of the voice as an argument of its own: no shell reads either.

use std::ffi::OsStr;
use std::io::Write;
use std::process::{Command, Stdio};

/// What a voice's id begins with when it is one of these.
pub(super) const PREFIX: &str = "espeak-ng_";

/// The program, as the folders of `PATH` have it.
const PROGRAM: &str = "espeak-ng";

/// The bytes in front of the samples in what the program writes, and where its sample rate stands in them.
const HEADER: usize = 44;
const RATE_AT: std::ops::Range<usize> = 24..28;

/// Samples of the text in a voice of the program, such as `en-gb`, at a rate.
///
/// # Errors
///
/// With what to do, where the program is not there, does not know the voice, or says nothing.
pub(super) fn speak(text: &str, voice: &str, rate: u32) -> Result<Vec<i16>, String> {
    speak_with(OsStr::new(PROGRAM), text, voice, rate)
}

fn speak_with(program: &OsStr, text: &str, voice: &str, rate: u32) -> Result<Vec<i16>, String> {
    let missing = |e: std::io::Error| {
        format!("espeak-ng cannot be run ({e}): install it, or set `engine = \"provider\"` in the show")
    };
    let mut child = Command::new(program)
        .args(["-v", voice, "--stdin", "--stdout"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(missing)?;
    let input = child.stdin.take();
    let written = input.map_or(Ok(()), |mut input| input.write_all(text.as_bytes()));
    let output = child.wait_with_output().map_err(missing)?;
    if written.is_err() || !output.status.success() {
        return Err(format!("espeak-ng did not speak in the voice `{voice}`: `espeak-ng --voices` lists those it has"));
    }
    samples(&output.stdout, rate).ok_or_else(|| "espeak-ng wrote no sound".to_owned())
}

/// The samples behind the header, at another rate. The header's lengths are those of a stream and mean nothing.
fn samples(wav: &[u8], rate: u32) -> Option<Vec<i16>> {
    let from = u32::from_le_bytes(wav.get(RATE_AT)?.try_into().ok()?);
    let pairs = wav.get(HEADER..)?.chunks_exact(2);
    let spoken: Vec<i16> = pairs.filter_map(|pair| Some(i16::from_le_bytes(pair.try_into().ok()?))).collect();
    if spoken.is_empty() || from == 0 {
        return None;
    }
    let length = spoken.len() as u64 * u64::from(rate) / u64::from(from);
    let at = |n: u64| usize::try_from(n).ok().and_then(|n| spoken.get(n)).copied().map_or(0, i64::from);
    let between = |n: u64| {
        let place = n * u64::from(from);
        let (whole, part) = (place / u64::from(rate), i64::try_from(place % u64::from(rate)).unwrap_or(0));
        let (here, next) = (at(whole), at(whole + 1));
        i16::try_from(here + (next - here) * part / i64::from(rate)).unwrap_or(0)
    };
    Some((0..length).map(between).collect())
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    /// The bytes of a stream of 2,205 samples, each one more than the one before, 22,050 a second.
    fn wav() -> Vec<u8> {
        let mut wav = vec![0; HEADER];
        wav[RATE_AT].copy_from_slice(&22_050_u32.to_le_bytes());
        wav.extend((0..2_205_i16).flat_map(i16::to_le_bytes));
        wav
    }

    /// A program of this content. A shell writes it: a file that this process had open for writing may be too busy to run.
    fn stand_in(folder: &Path, content: &str) -> PathBuf {
        let program = folder.join("stand-in");
        let write = "printf '#!/bin/sh\\nPATH=/usr/bin:/bin\\n%s\\n' \"$1\" > \"$0\" && chmod 700 \"$0\"";
        let written = Command::new("/bin/sh")
            .env("PATH", "/usr/bin:/bin")
            .arg("-c")
            .arg(write)
            .arg(&program)
            .arg(content)
            .status()
            .unwrap();
        assert!(written.success());
        program
    }

    #[test]
    fn a_streamed_wav_is_read_and_brought_to_another_rate() {
        let wav = wav();
        let spoken = samples(&wav, 44_100).unwrap();
        assert_eq!(spoken.len(), 4_410);
        assert_eq!(&spoken[..6], &[0, 0, 1, 1, 2, 2], "between two samples lies their mean");
        assert_eq!(samples(&wav[..HEADER], 24_000), None);
        assert_eq!(samples(b"short", 24_000), None);
    }

    #[test]
    fn a_program_is_given_the_voice_and_the_text_and_its_samples_are_taken() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("said.wav"), wav()).unwrap();
        let program =
            stand_in(folder.path(), "cd \"$(dirname \"$0\")\" && echo \"$*\" > asked && cat >> asked && cat said.wav");
        let spoken = speak_with(program.as_os_str(), "A word; $(a shell) sees none.", "en-gb", 22_050).unwrap();
        assert_eq!(spoken, (0..2_205).collect::<Vec<i16>>());
        let asked = std::fs::read_to_string(folder.path().join("asked")).unwrap();
        assert_eq!(asked, "-v en-gb --stdin --stdout\nA word; $(a shell) sees none.");
    }

    #[test]
    fn a_voice_that_cannot_speak_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("none");
        let why = speak_with(missing.as_os_str(), "A word.", "en-gb", 24_000).unwrap_err();
        assert!(why.contains("cannot be run") && why.contains("install it, or set `engine = \"provider\"`"), "{why}");
        let refuses = stand_in(folder.path(), "cat > /dev/null; exit 1");
        let why = speak_with(refuses.as_os_str(), "A word.", "no-such-voice", 24_000).unwrap_err();
        assert!(why.contains("did not speak in the voice `no-such-voice`") && why.contains("--voices"), "{why}");
        let silent = stand_in(folder.path(), "cat > /dev/null");
        let why = speak_with(silent.as_os_str(), "A word.", "en-gb", 24_000).unwrap_err();
        assert_eq!(why, "espeak-ng wrote no sound");
    }
}
