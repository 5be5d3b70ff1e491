use proptest::prelude::*;

use super::*;

fn file() -> Vec<u8> {
    encode(&[0, 1, -1, i16::MAX, i16::MIN], 24_000).unwrap()
}

/// The file with a little-endian number written over it.
fn with(offset: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = file();
    file[offset..offset + bytes.len()].copy_from_slice(bytes);
    file
}

fn segment<'a>(name: &'a str, sample_rate: u32, samples: &'a [i16], pause_ms: u32) -> Segment<'a> {
    Segment { name, sample_rate, samples, pause_ms }
}

#[test]
fn a_file_is_laid_out_as_the_standard_says() {
    let file = file();
    assert_eq!(file.len() as u64, header::LENGTH + 10);
    assert_eq!(&file[..4], b"RIFF");
    assert_eq!(file[4..8], 46_u32.to_le_bytes());
    assert_eq!(&file[8..16], b"WAVEfmt ");
    assert_eq!(file[20..22], 1_u16.to_le_bytes());
    assert_eq!(file[24..28], 24_000_u32.to_le_bytes());
    assert_eq!(&file[36..40], b"data");
    assert_eq!(file[40..44], 10_u32.to_le_bytes());
}

#[test]
fn a_header_that_lies_is_refused_and_says_about_what() {
    let what = |file: &[u8]| match (decode(file), measure(Cursor::new(file))) {
        (Err(WavError::Lies { what, .. }), Err(WavError::Lies { what: again, .. })) if what == again => what,
        other => panic!("{other:?}"),
    };
    assert_eq!(what(&with(4, &u32::MAX.to_le_bytes())), "the length of the file");
    assert_eq!(what(&with(40, &12_u32.to_le_bytes())), "the length of a part");
    assert_eq!(what(&with(40, &u32::MAX.to_le_bytes())), "the length of a part");
    assert_eq!(what(&with(28, &24_000_u32.to_le_bytes())), "the number of bytes a second");
    assert_eq!(what(&with(32, &4_u16.to_le_bytes())), "the size of a frame");
    let cut = &file()[..52];
    assert_eq!(what(cut), "the length of the file");
    let mut twice = file();
    twice.extend_from_slice(b"data\x02\0\0\0\0\0");
    twice[4..8].copy_from_slice(&56_u32.to_le_bytes());
    assert_eq!(what(&twice), "the number of format or data parts");
}

#[test]
fn other_forms_are_refused_by_name() {
    assert!(matches!(decode(&with(20, &3_u16.to_le_bytes())), Err(WavError::Form { what: "the format", found: 3 })));
    assert!(matches!(decode(&with(22, &2_u16.to_le_bytes())), Err(WavError::Form { found: 2, .. })));
    assert!(matches!(decode(&with(34, &24_u16.to_le_bytes())), Err(WavError::Form { found: 24, .. })));
    assert!(matches!(decode(&with(24, &0_u32.to_le_bytes())), Err(WavError::SampleRate(0))));
    assert!(matches!(decode(b"ID3\x04 an mp3 file"), Err(WavError::NotWav)));
    assert!(matches!(decode(b"RIFF"), Err(WavError::NotWav)));
    assert!(matches!(decode(b"RIFF\x04\0\0\0WAVE"), Err(WavError::Missing("fmt"))));
    assert!(matches!(encode(&[0], 0), Err(WavError::SampleRate(0))));
}

#[test]
fn parts_of_other_programs_are_passed_over() {
    let mut listed = file();
    listed.splice(36..36, *b"LIST\x03\0\0\0abc\0");
    let length = listed.len() as u32 - 8;
    listed[4..8].copy_from_slice(&length.to_le_bytes());
    assert_eq!(decode(&listed).unwrap(), decode(&file()).unwrap());
}

#[test]
fn the_extensible_form_of_plain_samples_is_read() {
    let mut extended = file();
    extended[16..20].copy_from_slice(&40_u32.to_le_bytes());
    extended[20..22].copy_from_slice(&0xFFFE_u16.to_le_bytes());
    let rest = *b"\x16\0\x10\0\0\0\0\0\x01\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71";
    extended.splice(36..36, rest);
    let length = extended.len() as u32 - 8;
    extended[4..8].copy_from_slice(&length.to_le_bytes());
    assert_eq!(decode(&extended).unwrap(), decode(&file()).unwrap());
    // The same with the tag of floating point.
    extended[44] = 3;
    assert!(matches!(decode(&extended), Err(WavError::Form { what: "the format", found: 3 })));
}

#[test]
fn a_measure_is_exact_and_rounds_only_for_people() {
    let measure = measure(Cursor::new(encode(&[0; 22_051], 44_100).unwrap())).unwrap();
    assert_eq!(measure, Measure { frames: 22_051, sample_rate: 44_100 });
    assert_eq!(measure.ms(), 500);
    assert_eq!(Measure { frames: 35, sample_rate: 44_100 }.ms(), 1);
    assert!((measure.seconds() - 0.500_022_675).abs() < 1e-9);
}

#[test]
fn segments_are_joined_with_their_pauses() {
    let mut out = Cursor::new(Vec::new());
    let mut joiner = Joiner::new(&mut out);
    assert_eq!(joiner.push(segment("one", 8_000, &[1, 2, 3], 1)).unwrap(), 0);
    assert_eq!(joiner.push(segment("two", 8_000, &[4], 2_000)).unwrap(), 11);
    assert_eq!(joiner.push(segment("three", 8_000, &[5; 20_000], 0)).unwrap(), 16_012);
    let measured = joiner.finish().unwrap();
    assert_eq!(measured, Measure { frames: 36_012, sample_rate: 8_000 });
    let pcm = decode(out.get_ref()).unwrap();
    assert_eq!(&pcm.samples[..12], &[1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 4]);
    assert!(pcm.samples[12..16_012].iter().all(|s| *s == 0) && pcm.samples[16_012..].iter().all(|s| *s == 5));
}

#[test]
fn a_segment_of_another_rate_is_named_and_leaves_the_file_whole() {
    let mut out = Cursor::new(Vec::new());
    let mut joiner = Joiner::new(&mut out);
    joiner.push(segment("intro", 24_000, &[1], 0)).unwrap();
    let fault = joiner.push(segment("outro", 44_100, &[2], 0)).unwrap_err();
    assert!(
        matches!(&fault, WavError::Mismatch { segment, found: 44_100, expected: 24_000 } if segment == "outro"),
        "{fault}"
    );
    assert!(fault.to_string().contains("outro"), "{fault}");
    joiner.finish().unwrap();
    assert_eq!(decode(out.get_ref()).unwrap().samples, [1]);
}

#[test]
fn what_is_too_large_is_refused_before_it_is_written() {
    let mut out = Cursor::new(Vec::new());
    let mut joiner = Joiner::new(&mut out);
    let fault = joiner.push(segment("long", 192_000, &[], u32::MAX)).unwrap_err();
    assert!(matches!(fault, WavError::TooLarge(_)), "{fault}");
    drop(joiner);
    assert!(out.get_ref().is_empty());
    assert!(matches!(join(&[], &mut out), Err(WavError::NoSegment)));
}

#[test]
fn an_empty_segment_makes_an_empty_file_that_can_be_read() {
    assert_eq!(decode(&encode(&[], 24_000).unwrap()).unwrap().samples, Vec::<i16>::new());
}

proptest! {
    #[test]
    fn what_was_written_is_read_again(samples in proptest::collection::vec(any::<i16>(), 0..300), rate in SAMPLE_RATES) {
        let file = encode(&samples, rate).unwrap();
        let frames = samples.len() as u64;
        prop_assert_eq!(measure(Cursor::new(&file)).unwrap(), Measure { frames, sample_rate: rate });
        prop_assert_eq!(decode(&file).unwrap(), Pcm { sample_rate: rate, samples });
    }

    #[test]
    fn damage_never_panics_and_never_changes_a_length_unseen(at in 0usize..54, byte in any::<u8>(), cut in 0usize..=54) {
        let mut bytes = with(at, &[byte]);
        bytes.truncate(cut);
        if let Ok(pcm) = decode(&bytes) {
            prop_assert_eq!(pcm.samples.len(), 5);
        }
    }
}
