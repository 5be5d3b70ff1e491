//! The sounds of speech as the tract shapes that make them: formants, noise and lengths.
//!
//! The formants are rounded from what phonetics teaches of an adult speaker; lengths are those of an unhurried reader.
//! Not for spelling, and not for how a shape becomes samples.

/// One stretch of sound with constant targets, which the tract glides towards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shape {
    /// Its length at the common pace, in milliseconds.
    pub(super) ms: f32,
    /// The first three formants, in hertz.
    pub(super) formants: [f32; 3],
    /// How loud the voice source is.
    pub(super) voice: f32,
    /// How loud the breath through the tract is.
    pub(super) breath: f32,
    /// How loud the noise of a narrowing is.
    pub(super) noise: f32,
    /// The middle of that noise, in hertz.
    pub(super) noise_hz: f32,
    /// The width of that noise, in hertz.
    pub(super) noise_width: f32,
}

/// A sound of English, a little simplified, or a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[rustfmt::skip]
pub(super) enum Phone {
    // Vowels, after: fleece, kit, dress, trap, strut, palm, thought, lot, foot, goose, nurse, comma.
    Ii, Ih, E, Ae, Ah, Aa, Ao, Oh, Uh, Uu, Er, Schwa,
    // Gliding vowels, after: face, price, choice, mouth, goat.
    Ei, Ai, Oi, Au, Ou,
    P, B, T, D, K, G, Ch, J,
    F, V, Th, Dh, S, Z, Sh, Zh, H,
    M, N, Ng, L, R, W, Y,
    // The gap between two words, and the pauses of punctuation.
    Gap, Short, Middle, Long, Paragraph,
}

const fn voiced(ms: f32, voice: f32, f1: f32, f2: f32, f3: f32) -> Shape {
    Shape { ms, formants: [f1, f2, f3], voice, breath: 0.0, noise: 0.0, noise_hz: 3000.0, noise_width: 2000.0 }
}

const fn vowel(ms: f32, f1: f32, f2: f32, f3: f32) -> Shape {
    voiced(ms, 1.0, f1, f2, f3)
}

const fn hiss(ms: f32, voice: f32, noise: f32, noise_hz: f32, noise_width: f32) -> Shape {
    Shape { ms, formants: [320.0, 1700.0, 2600.0], voice, breath: 0.0, noise, noise_hz, noise_width }
}

const fn closed(ms: f32, voice: f32, f2: f32) -> Shape {
    voiced(ms, voice, 200.0, f2, 2500.0)
}

const fn puff(ms: f32, f2: f32) -> Shape {
    Shape { breath: 0.25, ..voiced(ms, 0.0, 450.0, f2, 2500.0) }
}

const fn silence(ms: f32) -> Shape {
    voiced(ms, 0.0, 500.0, 1500.0, 2500.0)
}

impl Phone {
    /// The shapes that make the sound, in order.
    pub(super) fn shapes(self) -> &'static [Shape] {
        match self {
            Self::Ii => const { &[vowel(125.0, 280.0, 2250.0, 2900.0)] },
            Self::Ih => const { &[vowel(80.0, 400.0, 1950.0, 2550.0)] },
            Self::E => const { &[vowel(95.0, 540.0, 1830.0, 2500.0)] },
            Self::Ae => const { &[vowel(110.0, 700.0, 1680.0, 2450.0)] },
            Self::Ah => const { &[vowel(90.0, 640.0, 1200.0, 2450.0)] },
            Self::Aa => const { &[vowel(150.0, 720.0, 1100.0, 2450.0)] },
            Self::Ao => const { &[vowel(145.0, 470.0, 800.0, 2500.0)] },
            Self::Oh => const { &[vowel(95.0, 580.0, 920.0, 2450.0)] },
            Self::Uh => const { &[vowel(85.0, 420.0, 1050.0, 2300.0)] },
            Self::Uu => const { &[vowel(125.0, 310.0, 950.0, 2250.0)] },
            Self::Er => const { &[vowel(135.0, 500.0, 1400.0, 2100.0)] },
            Self::Schwa => const { &[vowel(60.0, 500.0, 1450.0, 2450.0)] },
            Self::Ei => const { &[vowel(80.0, 520.0, 1850.0, 2500.0), vowel(65.0, 350.0, 2150.0, 2700.0)] },
            Self::Ai => const { &[vowel(90.0, 720.0, 1250.0, 2450.0), vowel(65.0, 380.0, 2050.0, 2600.0)] },
            Self::Oi => const { &[vowel(85.0, 500.0, 850.0, 2450.0), vowel(70.0, 390.0, 2000.0, 2550.0)] },
            Self::Au => const { &[vowel(90.0, 720.0, 1300.0, 2450.0), vowel(65.0, 430.0, 950.0, 2350.0)] },
            Self::Ou => const { &[vowel(80.0, 520.0, 1250.0, 2400.0), vowel(65.0, 380.0, 900.0, 2300.0)] },
            Self::P => const { &[closed(55.0, 0.0, 900.0), hiss(10.0, 0.0, 0.35, 1100.0, 1500.0), puff(25.0, 1100.0)] },
            Self::B => const { &[closed(50.0, 0.18, 900.0), hiss(8.0, 0.3, 0.2, 1000.0, 1500.0)] },
            Self::T => const { &[closed(50.0, 0.0, 1750.0), hiss(14.0, 0.0, 0.5, 4200.0, 2500.0), puff(22.0, 1750.0)] },
            Self::D => const { &[closed(45.0, 0.18, 1750.0), hiss(9.0, 0.3, 0.3, 3800.0, 2500.0)] },
            Self::K => const { &[closed(52.0, 0.0, 1900.0), hiss(16.0, 0.0, 0.5, 2100.0, 1000.0), puff(24.0, 1700.0)] },
            Self::G => const { &[closed(48.0, 0.18, 1900.0), hiss(11.0, 0.3, 0.3, 2000.0, 1000.0)] },
            Self::Ch => const { &[closed(45.0, 0.0, 1800.0), hiss(70.0, 0.0, 0.55, 3000.0, 1600.0)] },
            Self::J => const { &[closed(40.0, 0.18, 1800.0), hiss(50.0, 0.4, 0.4, 2900.0, 1600.0)] },
            Self::F => const { &[hiss(85.0, 0.0, 0.16, 5200.0, 5000.0)] },
            Self::V => const { &[hiss(60.0, 0.45, 0.09, 4800.0, 5000.0)] },
            Self::Th => const { &[hiss(80.0, 0.0, 0.14, 6000.0, 5000.0)] },
            Self::Dh => const { &[hiss(45.0, 0.5, 0.07, 5500.0, 5000.0)] },
            Self::S => const { &[hiss(90.0, 0.0, 0.5, 6200.0, 2400.0)] },
            Self::Z => const { &[hiss(70.0, 0.4, 0.3, 6000.0, 2400.0)] },
            Self::Sh => const { &[hiss(95.0, 0.0, 0.6, 3200.0, 1700.0)] },
            Self::Zh => const { &[hiss(70.0, 0.4, 0.35, 3000.0, 1700.0)] },
            Self::H => const { &[puff(55.0, 1450.0)] },
            Self::M => const { &[voiced(68.0, 0.45, 260.0, 1050.0, 2200.0)] },
            Self::N => const { &[voiced(62.0, 0.45, 260.0, 1600.0, 2500.0)] },
            Self::Ng => const { &[voiced(75.0, 0.45, 260.0, 2100.0, 2700.0)] },
            Self::L => const { &[voiced(60.0, 0.65, 360.0, 1150.0, 2700.0)] },
            Self::R => const { &[voiced(60.0, 0.65, 360.0, 1250.0, 1650.0)] },
            Self::W => const { &[voiced(60.0, 0.65, 310.0, 700.0, 2250.0)] },
            Self::Y => const { &[voiced(55.0, 0.65, 280.0, 2250.0, 2950.0)] },
            Self::Gap => const { &[silence(12.0)] },
            Self::Short => const { &[silence(170.0)] },
            Self::Middle => const { &[silence(260.0)] },
            Self::Long => const { &[silence(400.0)] },
            Self::Paragraph => const { &[silence(550.0)] },
        }
    }

    /// Whether it can carry a syllable.
    pub(super) fn is_vowel(self) -> bool {
        matches!(
            self,
            Self::Ii
                | Self::Ih
                | Self::E
                | Self::Ae
                | Self::Ah
                | Self::Aa
                | Self::Ao
                | Self::Oh
                | Self::Uh
                | Self::Uu
                | Self::Er
                | Self::Schwa
                | Self::Ei
                | Self::Ai
                | Self::Oi
                | Self::Au
                | Self::Ou
        )
    }

    /// Whether it is a pause that parts two phrases.
    pub(super) fn is_pause(self) -> bool {
        matches!(self, Self::Short | Self::Middle | Self::Long | Self::Paragraph)
    }
}
