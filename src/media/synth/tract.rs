//! The voice source, the noise and the resonances of the throat: from shapes to samples.
//!
//! Made for speed: sines and exponentials are worked out once in five milliseconds, a sample costs only products and
//! sums. Everything is brought to one level at the end, so that two voices differ in sound and not in loudness.

use std::f32::consts::PI;

use super::Voice;
use super::phones::Shape;

/// A stretch of sound to render.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// Its length.
    pub(super) samples: usize,
    /// What the tract moves towards.
    pub(super) shape: &'static Shape,
    /// The pitch it moves towards, in hertz.
    pub(super) pitch_hz: f32,
    /// The factor on its loudness.
    pub(super) level: f32,
}

/// The root mean square of what is sounded, of full scale: about -20 dB.
const LEVEL: f32 = 0.1;
/// Below this a sample is passed straight, above it is bent, and nothing reaches full scale.
const KNEE: f32 = 0.7;
/// The noise of a quiet room, of full scale: about -80 dB, since a voice on dead silence sounds like a dropout.
const ROOM: f32 = 0.000_15;
/// Formants above the third hardly move.
const FOURTH_HZ: f32 = 3500.0;
/// Widths of the four resonances, in hertz.
const WIDTHS: [f32; 4] = [80.0, 100.0, 140.0, 260.0];

/// Renders the spans and a tail in which the last of them dies away.
pub(super) fn render(spans: &[Span], tail: usize, voice: &Voice, sample_rate: u32) -> Vec<i16> {
    let mut tract = Tract::new(voice, sample_rate);
    let total = spans.iter().map(|span| span.samples).sum::<usize>() + tail;
    let mut sound = Vec::with_capacity(total);
    for span in spans {
        tract.run(span, &mut sound);
    }
    if let Some(last) = spans.last() {
        const REST: &Shape = &Shape {
            ms: 0.0,
            formants: [500.0, 1500.0, 2500.0],
            voice: 0.0,
            breath: 0.0,
            noise: 0.0,
            noise_hz: 3000.0,
            noise_width: 2000.0,
        };
        tract.run(&Span { samples: tail, shape: REST, ..*last }, &mut sound);
    }
    levelled(&sound, voice.seed)
}

/// One level for all, peaks bent instead of cut, and a room's noise beneath.
fn levelled(sound: &[f32], seed: u64) -> Vec<i16> {
    let (sum, count) = sound.iter().fold((0.0_f64, 0_u32), |(sum, count), sample| {
        let power = f64::from(sample * sample);
        if power > 1e-7 { (sum + power, count + 1) } else { (sum, count) }
    });
    let rms = (sum / f64::from(count.max(1))).sqrt() as f32;
    let gain = if rms > 1e-6 { LEVEL / rms } else { 0.0 };
    let mut room = Noise(seed.rotate_left(17) | 1);
    let sample = |sound: &f32| {
        let loud = sound * gain + room.next() * ROOM;
        let over = loud.abs() - KNEE;
        let bent = if over > 0.0 { (KNEE + over * 0.28 / (over + 0.28)).copysign(loud) } else { loud };
        (bent * 32_767.0).round() as i16
    };
    sound.iter().map(sample).collect()
}

/// Noise between -1 and 1 that is the same each time: Marsaglia's xorshift on 64 bits.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        // The upper 24 bits fit a float exactly.
        (self.0 >> 40) as f32 / 8_388_608.0 - 1.0
    }
}

/// A two-pole resonance, as in Klatt's synthesiser (J. Acoust. Soc. Am. 67, 1980).
#[derive(Clone, Copy, Default)]
struct Resonance {
    gain: f32,
    first: f32,
    second: f32,
    one: f32,
    two: f32,
}

impl Resonance {
    fn tune(&mut self, hz: f32, width: f32, sample_rate: f32) {
        let hz = hz.min(0.45 * sample_rate);
        let radius = (-PI * width / sample_rate).exp();
        self.second = -radius * radius;
        self.first = 2.0 * radius * (2.0 * PI * hz / sample_rate).cos();
        self.gain = 1.0 - self.first - self.second;
    }

    fn run(&mut self, input: f32) -> f32 {
        let output = self.gain * input + self.first * self.one + self.second * self.two;
        self.two = self.one;
        self.one = output;
        output
    }

    /// The same poles as a band that lets its middle through unchanged and holds back what lies below and above.
    fn band(&mut self, input: f32) -> f32 {
        let before = self.two;
        let output = input + self.first * self.one + self.second * self.two;
        self.two = self.one;
        self.one = output;
        (output - before) * 0.5 * (1.0 + self.second)
    }
}

struct Tract<'a> {
    voice: &'a Voice,
    sample_rate: f32,
    frame: usize,
    resonances: [Resonance; 4],
    narrowing: Resonance,
    noise: Noise,
    formants: [f32; 3],
    pitch_hz: f32,
    phase: f32,
    source: f32,
    levels: [f32; 3],
}

impl<'a> Tract<'a> {
    fn new(voice: &'a Voice, sample_rate: u32) -> Self {
        Self {
            voice,
            sample_rate: sample_rate as f32,
            frame: (sample_rate / 200).max(1) as usize,
            resonances: [Resonance::default(); 4],
            narrowing: Resonance::default(),
            noise: Noise(voice.seed),
            formants: [500.0, 1500.0, 2500.0],
            pitch_hz: voice.pitch_hz,
            phase: 0.0,
            source: 0.0,
            levels: [0.0; 3],
        }
    }

    fn run(&mut self, span: &Span, sound: &mut Vec<f32>) {
        let mut left = span.samples;
        while left > 0 {
            let length = left.min(self.frame);
            self.frame(span, length, sound);
            left -= length;
        }
    }

    /// Moves the targets on once and renders at most five milliseconds.
    fn frame(&mut self, span: &Span, length: usize, sound: &mut Vec<f32>) {
        let shape = span.shape;
        // A short frame moves less, so that the pace of a glide does not depend on how spans fall.
        let share = length as f32 / self.frame as f32;
        for (now, target) in self.formants.iter_mut().zip(shape.formants) {
            *now += (target * self.voice.size - *now) * (0.28 * share);
        }
        let wobble = 1.0 + 0.006 * self.noise.next();
        self.pitch_hz += (span.pitch_hz * wobble - self.pitch_hz) * (0.15 * share);
        let targets = [shape.voice * span.level, shape.breath, shape.noise * span.level];
        let before = self.levels;
        for (now, target) in self.levels.iter_mut().zip(targets) {
            *now += (target - *now) * (0.6 * share);
        }
        if before.iter().chain(&self.levels).all(|level| *level < 1e-3) && targets.iter().all(|t| *t == 0.0) {
            // Silence costs nothing, and a resonance that has died away must not linger in tiny numbers.
            self.levels = [0.0; 3];
            self.resonances.iter_mut().for_each(|r| (r.one, r.two) = (0.0, 0.0));
            (self.narrowing.one, self.narrowing.two, self.source) = (0.0, 0.0, 0.0);
            sound.resize(sound.len() + length, 0.0);
            return;
        }
        let [f1, f2, f3] = self.formants;
        let hertz = [f1, f2, f3, FOURTH_HZ * self.voice.size];
        for ((resonance, hz), width) in self.resonances.iter_mut().zip(hertz).zip(WIDTHS) {
            resonance.tune(hz, width, self.sample_rate);
        }
        self.narrowing.tune(shape.noise_hz, shape.noise_width, self.sample_rate);
        self.samples(before, length, sound);
    }

    fn samples(&mut self, before: [f32; 3], length: usize, sound: &mut Vec<f32>) {
        let step = self.pitch_hz / self.sample_rate;
        let open = 1.0 / self.voice.open;
        let (edge, airy) = (self.voice.edge, self.voice.breath);
        let [mut voiced, mut breath, mut hiss] = before;
        let [voiced_to, breath_to, hiss_to] = self.levels;
        let each = 1.0 / length.max(1) as f32;
        let (voiced_step, breath_step, hiss_step) =
            ((voiced_to - voiced) * each, (breath_to - breath) * each, (hiss_to - hiss) * each);
        let [mut r1, mut r2, mut r3, mut r4] = self.resonances;
        for _ in 0..length {
            voiced += voiced_step;
            breath += breath_step;
            hiss += hiss_step;
            self.phase += step;
            if self.phase >= 1.0 {
                self.phase -= 1.0;
            }
            // The slope of a glottal pulse: a parabola while the folds are open, nothing while they are closed.
            let x = self.phase * open;
            let pulse = if x < 1.0 { x * (2.0 - 3.0 * x) } else { 0.0 };
            self.source += edge * (pulse - self.source);
            let noise = self.noise.next();
            let excitation = self.source * voiced + noise * (breath + airy * voiced);
            let through = r4.run(r3.run(r2.run(r1.run(excitation))));
            sound.push(through + self.narrowing.band(noise * hiss));
        }
        self.resonances = [r1, r2, r3, r4];
    }
}
