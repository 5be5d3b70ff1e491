//! Programs of the machine that the binary may start: each test brings its own on a `PATH` of its own, so that what happens to
//! be installed decides nothing.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{Home, ran};

/// A second of a quiet tone, as `espeak-ng` streams it.
fn wav() -> Vec<u8> {
    let mut wav = b"RIFF\0\0\0\0WAVEfmt ".to_vec();
    wav.extend(16_u32.to_le_bytes());
    wav.extend([1_u16, 1].into_iter().flat_map(u16::to_le_bytes));
    wav.extend([22_050_u32, 44_100].into_iter().flat_map(u32::to_le_bytes));
    wav.extend([2_u16, 16].into_iter().flat_map(u16::to_le_bytes));
    wav.extend(b"data\0\0\0\0");
    wav.extend((0..22_050_i16).flat_map(|n| (n % 100 * 40).to_le_bytes()));
    wav
}

/// A program of this name on the home's `PATH`. A shell writes it: a file that this process had open for writing may be too
/// busy to run.
fn stand_in(home: &Home, name: &str, content: &str) {
    fs::create_dir_all(home.path("bin")).expect("a folder");
    let write =
        "printf '#!/bin/sh\nPATH=/usr/bin:/bin\ncd \"${0%%/*}\" || exit\n%s\n' \"$1\" > \"$0\" && chmod 700 \"$0\"";
    let program = home.path("bin").join(name);
    let written =
        Command::new("/bin/sh").env("PATH", "/usr/bin:/bin").arg("-c").arg(write).arg(&program).arg(content).status();
    assert!(written.expect("a shell").success());
}

#[test]
fn a_show_that_speaks_with_a_program_finds_it_on_its_path_and_says_where_there_is_none() {
    let home = Home::new();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/shows/open-questions-short.toml");
    let text = fs::read_to_string(sample).expect("the sample show");
    let text =
        text.replace("engine = \"provider\"", "engine = \"espeak-ng\"").replace("\"elevenlabs\"", "\"espeak-ng\"");
    let show = home
        .file("mine.toml", text.replace("EXAVITQu4vr4xnSDxMaL", "en-gb").replace("JBFqnCBsd6RMkjVDRZzb", "no-such"));
    let rehearse = ["rehearse", "--headless", "--pace", "0", "--show", &show.to_string_lossy()];

    // A voice that the program does not have. The real one takes `no-such` for Norwegian.
    stand_in(&home, "espeak-ng", "cat > /dev/null\n[ \"$2\" = en-gb ] && exec cat said.wav\nexit 1");
    home.file("bin/said.wav", wav());
    let refused = home.run(&rehearse);
    assert_eq!(refused.code, 3, "{}{}", refused.out, refused.err);
    let shown = home.run(&["--studio", "rehearsal", "episode", "show", "1"]);
    assert!(shown.out.contains("did not speak in the voice `no-such`"), "{}{}", shown.out, refused.err);

    // One that speaks in both voices.
    stand_in(&home, "espeak-ng", "cat > /dev/null\necho \"$2\" >> asked\nexec cat said.wav");
    let retried = home.run(&["--studio", "rehearsal", "--as", "Ada", "episode", "retry", "1", "voice"]);
    assert_eq!(retried.code, 0, "{}", retried.err);
    let spoken = home.run(&rehearse);
    // A second of it is too little for a line, which the next gate measures.
    assert!(spoken.err.contains("voice: done"), "{}", spoken.err);
    let asked = fs::read_to_string(home.path("bin/asked")).expect("the voices that were asked for");
    assert!(
        asked.lines().any(|voice| voice == "no-such") && asked.lines().all(|v| v == "en-gb" || v == "no-such"),
        "{asked}"
    );

    // None at all.
    let bare = Home::new();
    let none = ran(bare.command(&rehearse).output().expect("the binary runs"));
    assert_eq!(none.code, 3, "{}{}", none.out, none.err);
    let shown = bare.run(&["--studio", "rehearsal", "episode", "show", "1"]);
    assert!(shown.out.contains("espeak-ng cannot be run"), "{}", shown.out);
}
