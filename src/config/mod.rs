//! What people set: the environment, the folders, the settings, the show, the pipeline and the prices. Each is read once,
//! checked whole and handed on as values; every fault names its file, line and column.

pub mod environment;
pub mod fault;
pub mod paths;
pub mod prices;
pub mod provider;
mod reader;
pub mod show;
