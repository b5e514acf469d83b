//! What explanations from a store say, as the lines of its decisions.

use ensue::decision::names::Names;
use ensue::event::LeadId;
use ensue::explain::{self, Era, Explanation};
use ensue::live::Live;
use ensue::rulebook::Rulebook;
use ensue::timestamp::Timestamp;

/// For every lead each explained decision as a line, then what lies ahead.
pub fn of(live: &Live) -> Vec<(String, Vec<String>)> {
    live.leads_of_log().unwrap().into_iter().map(|lead| (lead.clone(), of_lead(live, &lead))).collect()
}

fn of_lead(live: &Live, lead: &str) -> Vec<String> {
    let chapters = live.history(lead, Timestamp::MAX).unwrap();
    let eras: Vec<Era<'_>> = chapters.iter().map(Era::from).collect();
    let last = eras.last().unwrap();
    let id = (0..last.log.lead_count() as u32).map(LeadId).find(|id| last.log.lead_name(*id) == lead).unwrap();
    let explanation = explain::through(&eras, id, &explain::ExplainOptions::default()).unwrap().unwrap();
    scores_are_what_they_are_made_of(lead, &explanation, &last.plan.rulebook);
    let names = |era: usize| Names { rulebook: &eras[era].plan.rulebook, log: last.log };
    let mut lines = Vec::new();
    for why in &explanation.decided {
        assert!(why.at >= eras[why.era].at, "{lead}");
        for did in &why.did {
            let line = names(why.era).line(did);
            // What a person does has no rule.
            let named = line.rule.clone().unwrap_or_default();
            assert!(why.by.name == named || why.by.name.is_empty(), "{} is not {named}", why.by.name);
            lines.push(line.to_string());
        }
    }
    lines.extend(explanation.ahead.iter().map(|ahead| names(eras.len() - 1).line(ahead).to_string()));
    lines
}

fn scores_are_what_they_are_made_of(lead: &str, explanation: &Explanation, rulebook: &Rulebook) {
    let bounded = |name: &str| rulebook.scores.iter().any(|s| s.name == name && (s.cap.is_some() || s.floor.is_some()));
    let told = explanation.stands.scores.iter().filter(|score| !score.parts.is_empty() && !bounded(&score.name));
    for score in told {
        let sum: ensue::decimal::Decimal = score.parts.iter().map(|part| part.worth).sum();
        assert!(
            (score.worth - sum).abs().to_f64() < 1e-6,
            "{lead}: {} is {}, its parts {sum}",
            score.name,
            score.worth
        );
    }
}
