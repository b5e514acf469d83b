//! The parser made from `grammar/ensue.pest`, and what its rules are called in messages.

use pest_derive::Parser;

/// Reads one statement; see the grammar.
#[derive(Parser)]
#[grammar = "grammar/ensue.pest"]
pub struct Grammar;

/// What an author calls the thing a rule reads, for "expected ..." lists.
///
/// One `match` without a rest, so that a rule without words does not compile.
#[expect(clippy::match_same_arms, reason = "in the order of the grammar")]
pub fn words(rule: Rule) -> &'static str {
    match rule {
        Rule::EOI => END,
        // Silent rules and those of a lookahead take no part in errors.
        Rule::item
        | Rule::calendar_entry
        | Rule::channel_clause
        | Rule::rule_clause
        | Rule::state_part
        | Rule::sequence_header
        | Rule::sequence_item
        | Rule::choices
        | Rule::modifier
        | Rule::listed_event
        | Rule::score_line
        | Rule::experiment_line
        | Rule::operand
        | Rule::signed
        | Rule::infix
        | Rule::sum_infix
        | Rule::next_touch
        | Rule::primary
        | Rule::plain_name
        | Rule::name_char
        | Rule::structural
        | Rule::reserved
        | Rule::touch_word
        | Rule::line_word
        | Rule::test_line
        | Rule::test_lines
        | Rule::lead_verb
        | Rule::wanted
        | Rule::expect_clause
        | Rule::test_word
        | Rule::clause_word
        | Rule::text
        | Rule::digits
        | Rule::number_end
        | Rule::declaration
        | Rule::declaration_word
        | Rule::topics_head
        | Rule::contact_head
        | Rule::metric_head
        | Rule::measure
        | Rule::metric_clause
        | Rule::metric_word
        | Rule::clause_head
        | Rule::contact_clause
        | Rule::trigger_word
        | Rule::effect_word
        | Rule::line_start
        | Rule::usual_channel
        | Rule::WHITESPACE
        | Rule::COMMENT => "something else",
        Rule::statement
        | Rule::event_decl
        | Rule::group_decl
        | Rule::lead_decl
        | Rule::tiers_decl
        | Rule::one_tier
        | Rule::topics_decl
        | Rule::contact_decl
        | Rule::calendar_decl
        | Rule::channel_decl
        | Rule::let_decl
        | Rule::settings_decl
        | Rule::rule_decl
        | Rule::sequence_decl
        | Rule::score_decl
        | Rule::experiment_decl
        | Rule::test_decl
        | Rule::invariant_decl
        | Rule::metric_decl => "a rule or a declaration",
        Rule::fields | Rule::field => "a property such as `plan text`",
        Rule::named_in_log => "`is`",
        Rule::sets | Rule::kw_sets => "`sets`",
        Rule::type_name => "a type such as `text` or `number`",
        Rule::days_entry
        | Rule::hours_entry
        | Rule::prefer_entry
        | Rule::closed_entry
        | Rule::zone_entry
        | Rule::part_entry => "a line such as `hours 09:00-17:00`",
        Rule::zone_source => "`lead`, `account`, `owner` or a zone in quotes",
        Rule::day_list | Rule::day_range | Rule::weekday => "a weekday such as `mon`",
        Rule::time_range => "a time range such as `09:00-17:00`",
        Rule::calendar_clause
        | Rule::cap_clause
        | Rule::quiet_clause
        | Rule::require_clause
        | Rule::needs_clause
        | Rule::manual_clause
        | Rule::transactional_clause => "a clause such as `calendar office`",
        Rule::contact_gap => "a clause such as `gap 4h`",
        Rule::like | Rule::kw_like => "`like`",
        Rule::period => "a period such as `month`",
        Rule::scope => "`lead`, `owner` or `account`",
        Rule::setting => "a setting such as `stale_after 3d`",
        Rule::label => "a label",
        Rule::decision
        | Rule::reaction
        | Rule::trigger
        | Rule::absence
        | Rule::silence
        | Rule::idleness
        | Rule::becomes
        | Rule::leaves
        | Rule::finished
        | Rule::enrolled
        | Rule::exited
        | Rule::periodic
        | Rule::named => "a trigger such as `opened 3x`",
        Rule::arm => "`where` or `otherwise`",
        Rule::while_clause | Rule::kw_while => "`while`",
        Rule::where_clause | Rule::kw_where => "`where`",
        Rule::once_clause | Rule::kw_once => "`once`",
        Rule::at_most_clause => "`at most once per`",
        Rule::why_clause | Rule::kw_why => "`why`",
        Rule::absent_for => "`for` or `within`",
        Rule::crossing => "a comparison",
        Rule::counted | Rule::times => "a count such as `3x`",
        Rule::within | Rule::follows | Rule::kw_within => "`within`",
        Rule::without | Rule::kw_without => "`without`",
        Rule::event_ref => "an event such as `opened`",
        Rule::filters | Rule::arguments | Rule::open_paren => "`(`",
        Rule::state | Rule::in_sequence | Rule::state_group | Rule::tier_state => "a state such as a tier",
        Rule::effects
        | Rule::effect
        | Rule::start
        | Rule::stop
        | Rule::hold
        | Rule::resume
        | Rule::suppress
        | Rule::unsuppress
        | Rule::alert
        | Rule::escalate
        | Rule::assign
        | Rule::set
        | Rule::add
        | Rule::tag
        | Rule::unset
        | Rule::untag
        | Rule::webhook
        | Rule::send
        | Rule::to_tier => "an effect such as `stop` or `email recap`",
        Rule::content => "a template or a text",
        Rule::timing | Rule::in_length | Rule::at_time | Rule::next_day | Rule::before | Rule::after => {
            "a time such as `in 2h` or `at 10:00`"
        }
        Rule::for_tier | Rule::kw_for => "`for`",
        Rule::exit_on
        | Rule::gap
        | Rule::again
        | Rule::never_again
        | Rule::parallel
        | Rule::roll
        | Rule::renamed
        | Rule::on_topic
        | Rule::kw_topic => "a clause such as `gap 20h`",
        Rule::roll_to => "`next`, `previous`, `nearest` or `skip`",
        Rule::touch | Rule::touch_day | Rule::tail => "a touch such as `day 1 at 10:00 email recap`",
        Rule::touch_time | Rule::part => "`at` or a part of the day",
        Rule::choice => "a channel with a template, such as `email recap`",
        Rule::as_id | Rule::note | Rule::expires | Rule::approve => "a clause such as `as name` or `expires after 2bd`",
        Rule::condition | Rule::kw_if => "`if`",
        Rule::up_to => "`up to`",
        Rule::half_life
        | Rule::window
        | Rule::cap
        | Rule::floor
        | Rule::rhai
        | Rule::script
        | Rule::script_on
        | Rule::points => "a line such as `opened +5` or `half_life 14d`",
        Rule::on_touch => "`.`",
        Rule::goal | Rule::find | Rule::at_most_for | Rule::guard | Rule::variant | Rule::variant_day => {
            "a variant such as `recap 50%`"
        }
        Rule::test_zone | Rule::test_lead | Rule::test_allow | Rule::test_until | Rule::clock_line => {
            "a line such as `+1d ana opened`"
        }
        Rule::of_account | Rule::kw_of => "`of`",
        Rule::properties => "`{`",
        Rule::property => "a value such as `page: \"pricing\"`",
        Rule::moment => "a moment such as `2026-03-02 09:00` or `+1d`",
        Rule::happening | Rule::halting | Rule::kw_halt | Rule::kw_unhalt => {
            "a lead and an event, such as `ana opened`"
        }
        Rule::kw_rule => "`rule`",
        Rule::late | Rule::kw_late => "`late`",
        Rule::expectation | Rule::kw_expect => "`expect`",
        Rule::score_table => "a table of scores",
        Rule::score_row => "a row such as `+1d 10`",
        Rule::about_lead
        | Rule::starts
        | Rule::exits
        | Rule::finishes
        | Rule::holds
        | Rule::suppressed
        | Rule::unsuppressed
        | Rule::set_to
        | Rule::assign_to
        | Rule::kw_starts
        | Rule::kw_exits
        | Rule::kw_finishes
        | Rule::kw_holds
        | Rule::kw_resumes
        | Rule::kw_unsuppressed => "what becomes of a lead, such as `ana becomes hot`",
        Rule::wanted_none | Rule::wanted_alert | Rule::wanted_webhook | Rule::wanted_send => {
            "what is expected, such as `email recap to ana`"
        }
        Rule::of_lead
        | Rule::at_moment
        | Rule::on_day
        | Rule::by_name
        | Rule::because
        | Rule::status
        | Rule::kw_by
        | Rule::kw_because
        | Rule::kw_scheduled
        | Rule::kw_sent
        | Rule::kw_skipped
        | Rule::kw_cancelled
        | Rule::kw_expired
        | Rule::kw_held => "a clause such as `to ana`, `at 2026-03-05 10:00` or `by third_open`",
        Rule::never_after | Rule::at_most | Rule::in_time => "an invariant such as `after replied never email`",
        Rule::guard_scope => "`lead` or `account`",
        Rule::kept_from => "a channel, `touch` or `alert`",
        Rule::counted_rows | Rule::share | Rule::steps | Rule::time_between | Rule::statistic | Rule::formula => {
            "a measure such as `share of demo with picked_up within 5m`"
        }
        Rule::kw_count
        | Rule::kw_share
        | Rule::kw_steps
        | Rule::kw_median
        | Rule::kw_p75
        | Rule::kw_p90
        | Rule::kw_mean
        | Rule::kw_sum
        | Rule::quantile => "a measure such as `count booked` or `share of demo with picked_up within 5m`",
        Rule::rows | Rule::step_rows | Rule::kw_leads | Rule::kw_accounts => {
            "rows such as `booked`, `leads contacted` or `leads while hot`"
        }
        Rule::row_event | Rule::row_name => "an event such as `booked`",
        Rule::outcome | Rule::outcome_absent | Rule::outcome_event | Rule::outcome_expr => {
            "an outcome such as `replied within 14d`"
        }
        Rule::outcome_after => "`after`",
        Rule::kw_with => "`with`",
        Rule::kw_open => "`open`",
        Rule::kw_time => "`time`",
        Rule::metric_block => "`{`",
        Rule::metric_kind
        | Rule::by_clause
        | Rule::except_clause
        | Rule::credit_clause
        | Rule::target
        | Rule::better
        | Rule::benchmark
        | Rule::least
        | Rule::remedy
        | Rule::metric_alert
        | Rule::kw_kind
        | Rule::kw_except
        | Rule::kw_credit
        | Rule::kw_target
        | Rule::kw_better
        | Rule::kw_benchmark
        | Rule::kw_least
        | Rule::kw_remedy => "a clause such as `by tier`, `target >= 8%` or `remedy \"...\"`",
        Rule::kw_lower | Rule::kw_higher => "`lower` or `higher`",
        Rule::kw_when => "`when`",
        Rule::off_target | Rule::moved | Rule::none_for | Rule::kw_off | Rule::kw_down | Rule::kw_none => {
            "`off target`, `down 10%`, `up 10%` or `none for 3bd`"
        }
        Rule::alert_each | Rule::kw_each => "`each`",
        Rule::dimension | Rule::one_dimension => "what to break it down by, such as `tier`",
        Rule::edges => "edges such as `[10_000, 50_000]`",
        Rule::amount => "a value such as `8%`, `5m` or `6`",
        Rule::target_from => "`from`",
        Rule::measured | Rule::kw_metric => "`metric`",
        Rule::measured_group => "`by`",
        Rule::whole_of | Rule::count_of | Rule::no_value => "what the metric shows, such as `1 of 2`, `4d` or `-`",
        Rule::measured_at => "`at`",
        Rule::expr
        | Rule::plain_value
        | Rule::sum
        | Rule::has
        | Rule::bracketed
        | Rule::list
        | Rule::date_value
        | Rule::boolean
        | Rule::reference
        | Rule::nothing
        | Rule::value_name => "a value",
        Rule::compare | Rule::plus | Rule::minus | Rule::times_op | Rule::over | Rule::default_op => "an operator",
        Rule::name | Rule::soft_name | Rule::step_name | Rule::lead_name | Rule::wanted_name => "a name",
        Rule::short_text | Rule::long_text => r#"a text such as `"call now"`"#,
        Rule::number => "a number",
        Rule::whole => "a whole number",
        Rule::percent => "a percentage such as `50%`",
        Rule::length => "a length such as `7d`",
        Rule::time => "a time such as `09:30`",
        Rule::date => "a date such as `2026-03-02`",
        Rule::arrow => "`->`",
        Rule::comma => "`,`",
        Rule::colon => "`:`",
        Rule::dot => "`.`",
        Rule::dots => "`..`",
        Rule::equals => "`=`",
        Rule::optional => "`?`",
        Rule::open_brace => "`{`",
        Rule::close_brace => "`}`",
        Rule::close_paren => "`)`",
        Rule::open_square => "`[`",
        Rule::close_square => "`]`",
        Rule::equal => "`==`",
        Rule::not_equal => "`!=`",
        Rule::less_or_equal => "`<=`",
        Rule::greater_or_equal => "`>=`",
        Rule::less => "`<`",
        Rule::greater => "`>`",
        Rule::kw_exit
        | Rule::kw_gap
        | Rule::kw_again
        | Rule::kw_never
        | Rule::kw_parallel
        | Rule::kw_renamed
        | Rule::kw_roll => "a clause such as `gap 20h`",
        Rule::kw_as | Rule::kw_expires | Rule::kw_approve => "a clause such as `as name` or `expires after 2bd`",
        Rule::kw_days | Rule::kw_hours | Rule::kw_prefer | Rule::kw_closed | Rule::kw_zone => {
            "a line such as `hours 09:00-17:00`"
        }
        Rule::until_sign => "`-` and the end of the range",
        Rule::kw_account => "`account`",
        Rule::kw_add => "`add`",
        Rule::kw_after => "`after`",
        Rule::kw_alert => "`alert`",
        Rule::kw_all => "`all`",
        Rule::kw_also => "`also`",
        Rule::kw_and => "`and`",
        Rule::kw_assign => "`assign`",
        Rule::kw_at => "`at`",
        Rule::kw_becomes => "`becomes`",
        Rule::kw_before => "`before`",
        Rule::kw_calendar => "`calendar`",
        Rule::kw_cap => "`cap`",
        Rule::kw_channel => "`channel`",
        Rule::kw_day => "`day`",
        Rule::kw_enrolled => "`enrolled`",
        Rule::kw_escalate => "`escalate`",
        Rule::kw_event => "`event`",
        Rule::kw_every => "`every`",
        Rule::kw_exited => "`exited`",
        Rule::kw_experiment => "`experiment`",
        Rule::kw_false => "`false`",
        Rule::kw_finished => "`finished`",
        Rule::kw_floor => "`floor`",
        Rule::kw_from => "`from`",
        Rule::kw_find => "`find`",
        Rule::kw_guard => "`guard`",
        Rule::kw_goal => "`goal`",
        Rule::kw_group => "`group`",
        Rule::kw_half_life => "`half_life`",
        Rule::kw_has => "`has`",
        Rule::kw_hold => "`hold`",
        Rule::kw_in => "`in`",
        Rule::kw_is => "`is`",
        Rule::kw_lead => "`lead`",
        Rule::kw_leaves => "`leaves`",
        Rule::kw_let => "`let`",
        Rule::kw_manual => "`manual`",
        Rule::kw_most => "`most`",
        Rule::kw_nearest => "`nearest`",
        Rule::kw_needs => "`needs`",
        Rule::kw_next => "`next`",
        Rule::kw_no => "`no`",
        Rule::kw_not => "`not`",
        Rule::kw_on => "`on`",
        Rule::kw_or => "`or`",
        Rule::kw_otherwise => "`otherwise`",
        Rule::kw_owner => "`owner`",
        Rule::kw_per => "`per`",
        Rule::kw_previous => "`previous`",
        Rule::kw_quiet => "`quiet`",
        Rule::kw_require => "`require`",
        Rule::kw_resume => "`resume`",
        Rule::kw_rhai => "`rhai`",
        Rule::kw_score => "`score`",
        Rule::kw_script => "`script`",
        Rule::kw_sequence => "`sequence`",
        Rule::kw_set => "`set`",
        Rule::kw_settings => "`settings`",
        Rule::kw_silent => "`silent`",
        Rule::kw_idle => "`idle`",
        Rule::kw_final => "`final`",
        Rule::kw_skip => "`skip`",
        Rule::kw_start => "`start`",
        Rule::kw_stop => "`stop`",
        Rule::kw_suppress => "`suppress`",
        Rule::kw_suppressed => "`suppressed`",
        Rule::kw_tag => "`tag`",
        Rule::kw_then => "`then`",
        Rule::kw_tiers => "`tiers`",
        Rule::kw_times => "`times`",
        Rule::kw_to => "`to`",
        Rule::kw_transactional => "`transactional`",
        Rule::kw_true => "`true`",
        Rule::kw_unsuppress => "`unsuppress`",
        Rule::kw_unset => "`unset`",
        Rule::kw_untag => "`untag`",
        Rule::kw_until => "`until`",
        Rule::kw_up => "`up`",
        Rule::kw_webhook => "`webhook`",
        Rule::kw_allow => "`allow`",
        Rule::kw_invariant => "`invariant`",
        Rule::kw_test => "`test`",
        Rule::kw_todo => "`todo`",
        Rule::kw_topics => "`topics`",
        Rule::kw_contact => "`contact`",
        Rule::effect_expires | Rule::word_expires => "`expires`",
        Rule::kw_touch => "`touch`",
        Rule::kw_touches => "`touches`",
        Rule::kw_updated => "`updated`",
        Rule::kw_window => "`window`",
    }
}

/// The words for the end of a statement.
pub const END: &str = "the end of the statement";
/// The words for all that joins two values.
pub const OPERATOR: &str = "an operator";
/// The words for all that an expression may begin with.
pub const VALUE: &str = "a value";
