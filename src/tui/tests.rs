//! Tests of the console: keys are spelled, effects are served from the fixture, screens are read as text.

mod acts;
mod desk;
mod moves;
mod promises;
mod shots;
mod storm;
mod truth;
