//! Where the socket of a studio is: in its folder, or behind a link there where that path is too long for a socket or its file
//! system takes none.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;

/// The name of the socket, or of the link to it, in the studio's folder.
pub(super) const NAME: &str = "socket";

/// Where sockets stand that have no room in their studio's folder. The path of a socket has about a hundred bytes, so that the
/// folder is the shortest that every system has; the folders in it are open to their owner alone.
const SHORT: &str = "/tmp";

/// A socket that is listened on; dropping it removes it.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) listener: UnixListener,
    /// The socket, with its folder where that is its own.
    socket: PathBuf,
    folder: Option<PathBuf>,
    link: Option<PathBuf>,
}

impl Drop for Bound {
    fn drop(&mut self) {
        // What cannot be removed is found stale by the next owner.
        let _: io::Result<()> = fs::remove_file(&self.socket);
        if let Some(link) = &self.link {
            let _: io::Result<()> = fs::remove_file(link);
        }
        if let Some(folder) = &self.folder {
            let _: io::Result<()> = fs::remove_dir(folder);
        }
    }
}

/// Listens for a studio of which the caller holds the lock. What an owner that was killed left there is removed.
pub(super) fn bind(studio: &Path, uid: u32) -> io::Result<Bound> {
    let name = studio.join(NAME);
    if let Ok(target) = fs::read_link(&name)
        && target.starts_with(SHORT)
    {
        // It may belong to somebody else by now, who then keeps it.
        let _: io::Result<()> = fs::remove_file(&target);
        let _: io::Result<()> = target.parent().map_or(Ok(()), fs::remove_dir);
    }
    match fs::remove_file(&name) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    match listen(&name) {
        Ok(listener) => Ok(Bound { listener, socket: name, folder: None, link: None }),
        Err(_) => {
            let folder = own_folder(uid)?;
            let socket = folder.join("s");
            let listener = listen(&socket)?;
            let bound = Bound { listener, socket: socket.clone(), folder: Some(folder), link: Some(name.clone()) };
            std::os::unix::fs::symlink(&socket, &name)?;
            Ok(bound)
        }
    }
}

/// Where the socket of a studio is connected to.
pub(super) fn socket(studio: &Path) -> PathBuf {
    let name = studio.join(NAME);
    fs::read_link(&name).unwrap_or(name)
}

fn listen(path: &Path) -> io::Result<UnixListener> {
    let listener = UnixListener::bind(path)?;
    // Until here the mask of the process decides; the account of whoever connects is looked at in any case.
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// A new folder that nobody else can enter.
fn own_folder(uid: u32) -> io::Result<PathBuf> {
    let pid = std::process::id();
    for n in 0..100 {
        let folder = Path::new(SHORT).join(format!("greenroom-{uid}-{pid}-{n}"));
        match fs::DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made.map(|()| folder),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
