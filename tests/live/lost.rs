//! What befalls the store of a life as a whole: it is damaged and repaired, an older copy is put back in its
//! place, its clock leaps; and the person who then feeds the sources again, and lets messages go on.

use std::collections::VecDeque;

use ensue::live::Live;
use ensue::local::{Zone, rfc3339};
use ensue::store::StoreOptions;

use super::book::{options, room};
use super::damage::mutate;
use super::life::Life;
use super::stand::copy;
use super::told::{Told, minutes};

/// How somebody came by a copy.
#[derive(Clone, Copy)]
pub enum Way {
    /// By the command for it.
    Backup,
    /// By copying the folder.
    ByHand,
}

impl Life<'_> {
    /// A copy is made, or the one that was made takes the place of the store.
    pub(super) fn copy_or_put_back(&mut self) {
        let Some((backup, way)) = self.backup.take() else {
            return self.copy();
        };
        self.live = None;
        match way {
            Way::Backup => self.room = room(),
            // What stands beside the folder tells whoever opens it next that it had been further.
            Way::ByHand => std::fs::remove_dir_all(self.room.path()).unwrap(),
        }
        copy(backup.path(), self.room.path());
        self.open();
        // Events may come in before anybody looks.
        if !self.to_come.is_empty() && self.random.one_in(2) {
            self.take_in();
        }
        let wall = self.wall;
        self.insist(|live| {
            if live.store().is_copy() {
                live.has_lost(wall, "this store is a copy that took the place of another")?;
                live.store().is_no_copy()?;
            }
            Ok(())
        });
        self.feed_again();
    }

    fn copy(&mut self) {
        let to = room();
        let way = if self.random.one_in(3) { Way::ByHand } else { Way::Backup };
        let is_there = match way {
            Way::Backup => {
                self.try_once(|live| Ok(live.store().backup(to.path())?));
                // A store that could not make it to the end of it leaves no copy.
                let options = StoreOptions { create: false, ..options() };
                Live::open(to.path(), &options).is_ok_and(|copy| copy.store().is_copy())
            }
            Way::ByHand => {
                self.live = None;
                copy(self.room.path(), to.path());
                self.open();
                true
            }
        };
        self.backup = is_there.then_some((to, way));
    }

    /// The files of the store are damaged somewhere, and it is repaired.
    pub(super) fn damage_and_repair(&mut self) {
        let (damaged, next) = (room(), room());
        self.live = None;
        copy(self.room.path(), damaged.path());
        let data = damaged.path().join("sled").join("db");
        mutate(&data, false, self.random);
        let (done, made_anew) = Live::repair(damaged.path(), next.path(), &options(), None, self.wall).unwrap();
        // A rulebook that was hit is for a person to put in force again, which is another story.
        let is_usable = made_anew.is_ok();
        if is_usable {
            self.room = next;
        }
        self.open();
        if is_usable && done.repaired.lost_entries() {
            let first = self.wall;
            self.put_in_force(first);
            self.feed_again();
        }
    }

    /// A machine that slept for more than a week, and a person who says that its clock is right.
    pub(super) fn leap(&mut self) {
        self.wall = self.wall + minutes(10_081 + self.random.below(50_000));
        self.hand_over();
    }

    /// The sources are read once more, and at last messages are let go on.
    fn feed_again(&mut self) {
        self.has_lost = true;
        let mut again = VecDeque::new();
        let mut wall = self.wall;
        // Some are quick about it, and what is lost would still be of use.
        let pace = [1, 30, 2_000][self.random.below(3) as usize];
        for line in std::mem::take(&mut self.told) {
            wall = wall + minutes([0, 0, 0, self.random.below(pace)][self.random.below(4) as usize]);
            // What people did by hand has no source but the store.
            if !line.contains(r#""type":"override."#) {
                again.push_back(Told { wall, line });
            }
        }
        wall = wall + minutes(self.random.below(2 * pace));
        let (at, id) = (rfc3339(wall, Zone::UTC), self.told_again);
        self.told_again += 1;
        let line = format!(
            r#"{{"id":"lift{id}","type":"override.unhalt","at":"{at}","props":{{"all":true,"by":"kim","reason":"looked at"}}}}"#
        );
        again.push_back(Told { wall, line });
        again.append(&mut self.to_come);
        self.to_come = again;
    }
}
