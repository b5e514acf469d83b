//! The keys personal facts are encrypted under, one for each lead, in a small file beside the
//! database. What the database deletes stays in its file, so a fact is forgotten by destroying its
//! key: the key file is written anew without it.

use std::fs::{File, OpenOptions};
use std::hash::BuildHasher;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hashbrown::HashTable;

use super::error::StoreError;
use super::files::{self, Syncs};

const MAGIC: &[u8; 12] = b"ensue keys 1";
/// Where new keys come from.
const RANDOM: &str = "/dev/urandom";
/// The layout of a sealed fact: this byte, 24 bytes of nonce, ciphertext and tag.
const SEALED: u8 = 1;
/// No key in the file takes fewer bytes: length, key and checksum.
const SHORTEST: usize = 4 + 32 + 8;
/// No name is longer; what would be is no key.
const LONGEST_NAME: u32 = 4096;
/// Where the first key stands: behind the name of the format and the generation.
const HEADER: usize = MAGIC.len() + 8;
/// Begins the names of keys that belong to no lead.
pub const NO_LEAD: char = '\u{1}';

/// The key of a lead, and the one that nonces are made with, once it is needed.
#[derive(Clone, Debug)]
struct LeadKey {
    key: [u8; 32],
    nonces: Option<[u8; 32]>,
}

/// The keys of a store's leads.
#[derive(Debug)]
pub struct Keys {
    path: PathBuf,
    /// Grows by one each time the file is written anew.
    generation: u64,
    /// In the order they were made; `None` for a lead that was erased.
    list: Vec<(Box<str>, Option<LeadKey>)>,
    /// Places in the list, found by the lead's name, which lies there alone.
    index: HashTable<usize>,
    /// How many of the list are in the file, and the length of the file up to there.
    written: usize,
    len: u64,
    /// How many there were when the file was read, those among them that cannot be read included.
    seen: usize,
}

impl Keys {
    /// The same for a store whose last commit knew `count` of them in this generation or an earlier
    /// one. A torn end beyond that was never acknowledged and is dropped.
    pub fn known(self, generation: u64, count: u64) -> Result<Self, StoreError> {
        let bad = |reason: String| Err(StoreError::Keys { reason });
        if self.generation < generation {
            return bad(format!("it is of generation {}, the store knows {generation}", self.generation));
        }
        if (self.list.len() as u64) < count {
            let readable = self.salvaged()?.list.len();
            let many = crate::words::many(count.saturating_sub(readable as u64), "key");
            return bad(format!("{many} of {count} that were acknowledged cannot be read"));
        }
        Ok(self)
    }

    /// The same with every key behind a damaged place that can be read, for a new file.
    pub fn salvaged(mut self) -> Result<Self, StoreError> {
        let bytes = files::read(&self.path)?.unwrap_or_default();
        // The number is part of each checksum, and tells how many were lost in between.
        let mut number = self.list.len();
        let mut at = usize::try_from(self.len).unwrap_or(bytes.len());
        if number == 0 {
            at = HEADER;
            self.generation = generation_of(bytes.get(at..).unwrap_or_default(), self.generation);
        }
        let mut whole = at;
        while let Some(rest) = bytes.get(at..).filter(|rest| rest.len() >= SHORTEST) {
            let most = number + (at - whole) / SHORTEST + 1;
            let is_length = |bytes: &[u8; 4]| u32::from_be_bytes(*bytes) <= LONGEST_NAME;
            let numbers = if rest.first_chunk().is_some_and(is_length) { number..most + 1 } else { 0..0 };
            let found = numbers.into_iter().find_map(|n| Some((n, decode(rest, self.generation, n)?)));
            match found {
                Some((place, (lead, key, after))) => {
                    if self.place(lead).is_none() {
                        self.add(lead, key);
                    }
                    number = place + 1;
                    at += rest.len() - after.len();
                    whole = at;
                }
                None => at += 1,
            }
        }
        self.seen = number.max(self.list.len());
        Ok(self)
    }

    /// How many keys the file held by the numbers of those that can be read.
    pub const fn seen(&self) -> u64 {
        self.seen as u64
    }

    /// How many leads have or had a key; what belongs to no lead has keys of its own.
    pub fn of_leads(&self) -> u64 {
        self.list.iter().filter(|(name, _)| !name.starts_with(NO_LEAD)).count() as u64
    }

    /// Whether a lead has a key, or had one that was destroyed.
    pub fn knows(&self, lead: &str) -> bool {
        self.place(lead).is_some()
    }

    /// Reads whatever keys are readable.
    pub fn read_any(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join("keys");
        let bytes = files::read(&path)?.unwrap_or_default();
        let mut keys =
            Self { path, generation: 0, list: Vec::new(), index: HashTable::new(), written: 0, len: 0, seen: 0 };
        let Some(rest) = bytes.strip_prefix(MAGIC) else { return Ok(keys) };
        let Some((generation, mut rest)) = rest.split_first_chunk::<8>() else { return Ok(keys) };
        keys.generation = u64::from_be_bytes(*generation);
        keys.len = (bytes.len() - rest.len()) as u64;
        // Room for all at once: to grow a table of a hundred thousand names costs as much as to fill it.
        let most = rest.len() / SHORTEST;
        keys.list.reserve(most);
        let list = &keys.list;
        keys.index.reserve(most, |at| list.get(*at).map_or(0, |(name, _)| hash_of(name)));
        while let Some((lead, key, after)) = decode(rest, keys.generation, keys.list.len()) {
            keys.len += (rest.len() - after.len()) as u64;
            keys.add(lead, key);
            rest = after;
        }
        keys.written = keys.list.len();
        keys.seen = keys.written;
        Ok(keys)
    }

    /// The generation of the file.
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// How many leads have or had a key.
    pub const fn count(&self) -> u64 {
        self.list.len() as u64
    }

    /// Whether the lead's key was destroyed.
    pub fn is_erased(&self, lead: &str) -> bool {
        self.find(lead).is_some_and(Option::is_none)
    }

    /// Encrypts a fact under the key of its lead, which is made where there is none; `None` where
    /// the lead was erased. `context` is what the fact belongs to; it must be given again to read
    /// it. The same fact in the same context gives the same bytes, so that a repeated event is
    /// recognized.
    pub fn seal(&mut self, lead: &str, context: &str, plain: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        if self.place(lead).is_none() {
            self.add(lead, Some(random_key()?));
        }
        let found = self.place(lead).and_then(|at| self.list.get_mut(at));
        let Some(LeadKey { key, nonces }) = found.and_then(|(_, key)| key.as_mut()) else { return Ok(None) };
        let nonce = nonce_of(nonces.get_or_insert_with(|| nonces_of(key)), context, plain);
        let payload = Payload { msg: plain, aad: context.as_bytes() };
        let sealed = cipher(key).encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| StoreError::Keys { reason: "a fact is too long to encrypt".to_owned() })?;
        let mut bytes = vec![SEALED];
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        Ok(Some(bytes))
    }

    /// Decrypts a fact; `None` where the lead was erased, or the bytes are not of this lead and
    /// context.
    pub fn unseal(&self, lead: &str, context: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let key = self.find(lead)?.as_ref()?.key;
        let (nonce, msg) = sealed.strip_prefix(&[SEALED])?.split_first_chunk::<24>()?;
        let payload = Payload { msg, aad: context.as_bytes() };
        cipher(&key).decrypt(&XNonce::from(*nonce), payload).ok()
    }

    /// Makes new keys durable. To be done before anything encrypted under them is written.
    pub fn save(&mut self, syncs: &Syncs) -> Result<(), StoreError> {
        if self.written == self.list.len() {
            return Ok(());
        }
        if self.len == 0 {
            return self.rewrite(syncs);
        }
        let mut bytes = Vec::new();
        for (number, (lead, key)) in self.list.iter().enumerate().skip(self.written) {
            encode(&mut bytes, self.generation, number, lead, key.as_ref().map(|key| &key.key));
        }
        let io = |source| StoreError::io("write", &self.path, source);
        let mut file = OpenOptions::new().write(true).open(&self.path).map_err(io)?;
        // Cuts off what a crash may have left half written.
        file.set_len(self.len).map_err(io)?;
        file.seek(SeekFrom::End(0)).map_err(io)?;
        file.write_all(&bytes).map_err(io)?;
        syncs.sync(&file, &self.path)?;
        self.len += bytes.len() as u64;
        self.written = self.list.len();
        Ok(())
    }

    /// Destroys the key of a lead: the file is written anew without it, then the old one is
    /// overwritten.
    pub fn erase(&mut self, lead: &str, syncs: &Syncs) -> Result<(), StoreError> {
        match self.place(lead).and_then(|at| self.list.get_mut(at)) {
            Some(entry) => entry.1 = None,
            None => self.add(lead, None),
        }
        self.rewrite(syncs)
    }

    /// Writes the file for another store: the same keys, the same leads erased.
    pub fn copy_to(&self, dir: &Path, syncs: &Syncs) -> Result<(), StoreError> {
        if self.list.is_empty() {
            return Ok(());
        }
        syncs.replace(&dir.join("keys"), &self.image(self.generation))
    }

    fn rewrite(&mut self, syncs: &Syncs) -> Result<(), StoreError> {
        let old = OpenOptions::new().write(true).open(&self.path).ok();
        let bytes = self.image(self.generation + 1);
        syncs.replace(&self.path, &bytes)?;
        if let Some(mut old) = old {
            // The old file has no name any more; its blocks must not keep the key either.
            let io = |source| StoreError::io("overwrite", &self.path, source);
            let len = old.metadata().map_err(io)?.len();
            old.write_all(&vec![0; len as usize]).map_err(io)?;
            syncs.sync(&old, &self.path)?;
        }
        self.generation += 1;
        self.len = bytes.len() as u64;
        self.written = self.list.len();
        Ok(())
    }

    fn image(&self, generation: u64) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&generation.to_be_bytes());
        for (number, (lead, key)) in self.list.iter().enumerate() {
            encode(&mut bytes, generation, number, lead, key.as_ref().map(|key| &key.key));
        }
        bytes
    }

    fn find(&self, lead: &str) -> Option<&Option<LeadKey>> {
        self.list.get(self.place(lead)?).map(|entry| &entry.1)
    }

    fn place(&self, lead: &str) -> Option<usize> {
        let is_it = |at: &usize| self.list.get(*at).is_some_and(|(name, _)| **name == *lead);
        self.index.find(hash_of(lead), is_it).copied()
    }

    fn add(&mut self, lead: &str, key: Option<[u8; 32]>) {
        let list = &self.list;
        let rehash = |at: &usize| list.get(*at).map_or(0, |(name, _)| hash_of(name));
        self.index.insert_unique(hash_of(lead), list.len(), rehash);
        self.list.push((lead.into(), key.map(|key| LeadKey { key, nonces: None })));
    }
}

fn hash_of(lead: &str) -> u64 {
    foldhash::fast::FixedState::default().hash_one(lead)
}

/// One key in the file: length of the lead's name, name, key (zeros for an erased lead), checksum.
fn encode(out: &mut Vec<u8>, generation: u64, number: usize, lead: &str, key: Option<&[u8; 32]>) {
    let start = out.len();
    out.extend_from_slice(&(lead.len() as u32).to_be_bytes());
    out.extend_from_slice(lead.as_bytes());
    out.extend_from_slice(key.unwrap_or(&[0; 32]));
    let sum = sum_of(out.get(start..).unwrap_or_default(), generation, number);
    out.extend_from_slice(&sum);
}

/// The generation a file is of, where the place that says so is damaged: the first that its first key fits.
fn generation_of(keys: &[u8], said: u64) -> u64 {
    const MOST: u64 = 1 << 16;
    let fits = |generation: &u64| decode(keys, *generation, 0).is_some();
    if fits(&said) { said } else { (0..MOST).find(fits).unwrap_or(said) }
}

type Decoded<'a> = (&'a str, Option<[u8; 32]>, &'a [u8]);

fn decode(bytes: &[u8], generation: u64, number: usize) -> Option<Decoded<'_>> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    let (lead, rest) = rest.split_at_checked(u32::from_be_bytes(*len) as usize)?;
    let (key, rest) = rest.split_first_chunk::<32>()?;
    let (sum, after) = rest.split_first_chunk::<8>()?;
    let body = bytes.get(..bytes.len() - rest.len())?;
    let right = sum_of(body, generation, number) == *sum;
    let lead = std::str::from_utf8(lead).ok()?;
    right.then_some((lead, (*key != [0; 32]).then_some(*key), after))
}

fn sum_of(body: &[u8], generation: u64, number: usize) -> [u8; 8] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&generation.to_be_bytes()).update(&(number as u64).to_be_bytes()).update(body);
    let mut sum = [0; 8];
    hasher.finalize_xof().fill(&mut sum);
    sum
}

fn cipher(key: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(*key))
}

/// The key that the nonces of a lead are made with.
fn nonces_of(key: &[u8; 32]) -> [u8; 32] {
    blake3::derive_key("ensue store 2026 nonce of a sealed fact", key)
}

/// A nonce that depends on all that is encrypted, so that it repeats only where the whole does.
fn nonce_of(nonces: &[u8; 32], context: &str, plain: &[u8]) -> [u8; 24] {
    let mut hasher = blake3::Hasher::new_keyed(nonces);
    hasher.update(&(context.len() as u64).to_be_bytes()).update(context.as_bytes()).update(plain);
    let mut nonce = [0; 24];
    hasher.finalize_xof().fill(&mut nonce);
    nonce
}

/// Bytes that nobody can guess.
pub fn random_key() -> Result<[u8; 32], StoreError> {
    let mut key = [0; 32];
    let read = File::open(RANDOM).and_then(|mut source| source.read_exact(&mut key));
    read.map_err(|source| StoreError::io("read", Path::new(RANDOM), source))?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_come_back_until_their_lead_is_erased() {
        let dir = tempfile::tempdir().unwrap();
        let syncs = Syncs::default();
        let mut keys = Keys::read_any(dir.path()).unwrap().known(0, 0).unwrap();
        let sealed = keys.seal("ana", "email", b"ana@example.com").unwrap().unwrap();
        let other = keys.seal("ben", "email", b"ana@example.com").unwrap().unwrap();
        assert_ne!(sealed, other);
        assert_eq!(keys.seal("ana", "email", b"ana@example.com").unwrap().unwrap(), sealed);
        keys.save(&syncs).unwrap();
        keys.seal("cho", "email", b"x").unwrap();
        keys.save(&syncs).unwrap();

        let mut keys = Keys::read_any(dir.path()).unwrap().known(1, 3).unwrap();
        assert_eq!(keys.unseal("ana", "email", &sealed).unwrap(), b"ana@example.com");
        assert_eq!(keys.unseal("ana", "phone", &sealed), None);
        assert_eq!(keys.unseal("ben", "email", &sealed), None);
        keys.erase("ana", &syncs).unwrap();

        let mut keys = Keys::read_any(dir.path()).unwrap().known(2, 3).unwrap();
        assert!(keys.is_erased("ana"));
        assert_eq!(keys.unseal("ana", "email", &sealed), None);
        assert_eq!(keys.seal("ana", "email", b"again").unwrap(), None);
        assert!(keys.unseal("ben", "email", &other).is_some());
        assert!(matches!(Keys::read_any(dir.path()).unwrap().known(3, 3), Err(StoreError::Keys { .. })));
    }

    #[test]
    fn a_torn_end_is_dropped_and_a_lost_key_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let mut keys = Keys::read_any(dir.path()).unwrap().known(0, 0).unwrap();
        keys.seal("ana", "email", b"x").unwrap();
        keys.seal("ben", "email", b"x").unwrap();
        keys.save(&Syncs::default()).unwrap();
        let path = dir.path().join("keys");
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
        assert_eq!(Keys::read_any(dir.path()).unwrap().known(1, 1).unwrap().count(), 1);
        assert!(matches!(Keys::read_any(dir.path()).unwrap().known(1, 2), Err(StoreError::Keys { .. })));
    }
}
