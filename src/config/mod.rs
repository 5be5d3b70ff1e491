//! What people set: the environment, the folders, the settings, the show, the pipeline and the prices. Each is read once,
//! checked whole and handed on as values; every fault names its file, line and column.

pub mod canaries;
pub mod environment;
pub mod fault;
pub mod files;
pub mod models;
pub mod network;
pub mod paths;
pub mod persons;
pub mod pipeline;
pub mod prices;
mod reader;
pub mod role;
pub mod rubric;
pub mod secrets;
pub mod settings;
pub mod show;
mod template;
pub mod upgrade;
