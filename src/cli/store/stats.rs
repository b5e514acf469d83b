//! `ensue store stats`: figures of a store.

use crate::live::DeliveryState;
use crate::local::{Zone, rfc3339};
use crate::timestamp::Timestamp;
use crate::words::many;

use super::super::Io;
use super::super::exit::{Error, Exit};
use super::super::place::Workplace;
use super::compact::size;

pub fn run(place: &Workplace, io: Io) -> Result<Exit, Error> {
    let live = place.open()?;
    let stats = live.store().stats()?;
    let outbox = live.outbox()?;
    let unknown = outbox.iter().filter(|item| matches!(item.state, DeliveryState::Unknown { .. })).count();
    let quarantined = live.store().quarantine_list()?.len() as u64;
    let shown = |at: Timestamp| rfc3339(at, Zone::UTC);
    let moment = |at: Timestamp| if at > Timestamp(0) { shown(at) } else { String::from("not yet") };
    let next = live.next_due()?.map_or_else(|| String::from("nothing is planned"), shown);
    io.out(&format!(
        "log           {}, {} not handled yet\nsize          {}, {:.0} bytes an entry\nleads         {}, {}\n\
         decisions     {}\nto hand over  {}, {unknown} of them unknown\nquarantine    {}\nrulebook      {}\n\
         handled to    {}\nnext timer    {next}\nstore: `{}` has {}\n",
        many(stats.entries, "entry"),
        live.unhandled(),
        size(stats.bytes),
        stats.bytes_per_entry,
        live.leads()?.len(),
        many(stats.keys, "key"),
        live.decisions(),
        many(outbox.len() as u64, "action"),
        many(quarantined, "record"),
        live.ruleset().unwrap_or("none"),
        moment(live.now()),
        place.store.display(),
        many(stats.commits, "commit"),
    ))?;
    Ok(Exit::Fine)
}
