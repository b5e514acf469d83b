//! Every kind of finding: its name, its weight and its page.

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing, nothing to change.
    Info,
    /// Probably not what the author meant; the rulebook still compiles.
    Warning,
    /// The rulebook does not compile.
    Error,
}

macro_rules! slugs {
    ($($(#[$doc:meta])* $variant:ident = $name:literal $severity:ident),* $(,)?) => {
        /// A kind of finding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Slug { $($(#[$doc])* $variant),* }

        impl Slug {
            /// All kinds, by name.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name people see: `unknown-tier`.
            #[must_use]
            pub fn name(self) -> &'static str { match self { $(Self::$variant => $name),* } }

            /// The weight a finding of this kind has by default.
            #[must_use]
            pub fn severity(self) -> Severity { match self { $(Self::$variant => Severity::$severity),* } }

            /// The page shown by `ensue explain`: Markdown, from `docs/diagnostics/NAME.md`.
            #[must_use]
            pub fn page(self) -> &'static str {
                match self { $(Self::$variant => include_str!(concat!("../docs/diagnostics/", $name, ".md"))),* }
            }
        }
    };
}

slugs! {
    /// An action at a time its channel is never open.
    ActionOutsideWindow = "action-outside-window" Warning,
    /// A line of a decision list that no lead gets to.
    AfterOtherwise = "after-otherwise" Error,
    /// A condition that every lead meets.
    AlwaysTrue = "always-true" Warning,
    /// A mistake inside a script.
    BadScript = "bad-script" Error,
    /// A mistake inside a template.
    BadTemplate = "bad-template" Error,
    /// An `allow` comment that cannot be read.
    BrokenAllow = "broken-allow" Warning,
    /// Open hours or days where time is measured by the clock.
    BusinessLength = "business-length" Error,
    /// A mistake inside a calendar file.
    CalendarFile = "calendar-file" Error,
    /// A cap that nothing ever fills.
    CapNeverFull = "cap-never-full" Warning,
    /// A channel of a kind that cannot be, or limits on one that has none.
    ChannelKind = "channel-kind" Error,
    /// A channel without an open minute.
    ChannelNeverOpen = "channel-never-open" Warning,
    /// A second channel for mail or texts that opt-outs do not reach.
    ChannelWithoutKind = "channel-without-kind" Warning,
    /// A constant or group that is defined by itself.
    Circular = "circular" Error,
    /// A time of day where a moment is wanted.
    ClockTimeAsValue = "clock-time-as-value" Error,
    /// A touch that the gap always moves.
    CloserThanGap = "closer-than-gap" Warning,
    /// A property or fact declared with two types.
    ConflictingType = "conflicting-type" Error,
    /// A count that is not from 1 to 1000.
    CountOutOfRange = "count-out-of-range" Error,
    /// A count that nothing ends.
    CountWithoutWindow = "count-without-window" Info,
    /// A day that no sequence has.
    DayOutOfRange = "day-out-of-range" Error,
    /// A tier in which time alone brings nothing more.
    DeadEnd = "dead-end" Warning,
    /// A division by zero.
    DivisionByZero = "division-by-zero" Error,
    /// A clause said twice in one declaration.
    DuplicateClause = "duplicate-clause" Error,
    /// An effect said twice in one rule.
    DuplicateEffect = "duplicate-effect" Warning,
    /// Two experiments on one touch, or with one sequence.
    DuplicateExperiment = "duplicate-experiment" Error,
    /// One function in two scripts.
    DuplicateFunction = "duplicate-function" Error,
    /// Two rules with one label.
    DuplicateLabel = "duplicate-label" Error,
    /// A name declared twice.
    DuplicateName = "duplicate-name" Error,
    /// A rule that does nothing another one does not do too.
    DuplicateRule = "duplicate-rule" Warning,
    /// The tiers declared twice.
    DuplicateTiers = "duplicate-tiers" Error,
    /// Two touches of a sequence with one name.
    DuplicateTouch = "duplicate-touch" Error,
    /// One variant twice in an experiment.
    DuplicateVariant = "duplicate-variant" Error,
    /// A range that holds nothing.
    EmptyRange = "empty-range" Error,
    /// A decision list without lines.
    EmptyRule = "empty-rule" Error,
    /// A sequence without touches.
    EmptySequence = "empty-sequence" Error,
    /// A test in which nothing happens.
    EmptyTest = "empty-test" Error,
    /// An experiment that is over before its first lead counts.
    EndsBeforeGoal = "ends-before-goal" Warning,
    /// How many successes an experiment needs.
    ExperimentSize = "experiment-size" Info,
    /// An `allow` comment whose date has passed.
    ExpiredAllow = "expired-allow" Warning,
    /// A fact that nothing sets, with the name of an event's property.
    FactOnlyInEvent = "fact-only-in-event" Info,
    /// `has` of what always has a value.
    HasOfValue = "has-of-value" Error,
    /// A length of more than a hundred years.
    LengthTooLong = "length-too-long" Error,
    /// More than a week between two touches of an urgent tier.
    LongSilence = "long-silence" Info,
    /// A lift that no experiment can find.
    LiftOutOfRange = "lift-out-of-range" Error,
    /// A value that may be missing where one is needed.
    MayBeMissing = "may-be-missing" Error,
    /// A next step that hangs on a condition.
    MayStall = "may-stall" Info,
    /// An `allow` comment that belongs to no statement.
    MisplacedAllow = "misplaced-allow" Warning,
    /// A default for an event's property.
    MisplacedDefault = "misplaced-default" Error,
    /// A file that does not exist.
    MissingFile = "missing-file" Error,
    /// An email template without a subject.
    MissingSubject = "missing-subject" Error,
    /// Variants of one experiment that differ in several things.
    MixedVariants = "mixed-variants" Error,
    /// A score that is neither points nor one script.
    MixedScore = "mixed-score" Error,
    /// One name for two things an expression can mean.
    NameClash = "name-clash" Error,
    /// An `allow` comment without a finding to allow.
    NeedlessAllow = "needless-allow" Warning,
    /// A rule that waits for the end of an endless sequence.
    NeverFinished = "never-finished" Warning,
    /// A condition that no lead can meet.
    NeverTrue = "never-true" Warning,
    /// Messages that nobody was asked about.
    NoConsent = "no-consent" Warning,
    /// A tier given to leads that are in it already.
    NoEffect = "no-effect" Warning,
    /// `event.x` where no event is at hand.
    NoEventHere = "no-event-here" Error,
    /// A script without a result where a score needs one.
    NoResult = "no-result" Error,
    /// An experiment that says how long to look, and not for what.
    NoGoal = "no-goal" Error,
    /// A sequence that goes on after a reply.
    NoStopOnReply = "no-stop-on-reply" Warning,
    /// Messages that name templates, and no template.
    NoTemplates = "no-templates" Info,
    /// A value that is not fixed where it must be.
    NotConstant = "not-constant" Error,
    /// A name that cannot be read where it stands.
    NotHere = "not-here" Error,
    /// A count that is not a whole number.
    NotWholeNumber = "not-whole-number" Error,
    /// A constant beyond what can be reckoned with.
    NumberTooLarge = "number-too-large" Error,
    /// A more urgent tier for opened mails alone.
    OpensAlone = "opens-alone" Warning,
    /// An expectation after the end of its test.
    OutsideTest = "outside-test" Error,
    /// Shares of variants that do not sum to 100%.
    PercentSum = "percent-sum" Error,
    /// A period of less than a minute.
    PeriodTooShort = "period-too-short" Error,
    /// A label that only the standard safety rules may have.
    ReservedLabel = "reserved-label" Error,
    /// Rules that lead back to each other.
    RuleLoop = "rule-loop" Warning,
    /// A comparison that is no line for a score to cross.
    ScoreOperator = "score-operator" Error,
    /// A line that those above it leave nothing to.
    ShadowedLine = "shadowed-line" Warning,
    /// Text that is not in the language.
    Syntax = "syntax" Error,
    /// A rule that lets mail go to people who opted out.
    LiftsOptOut = "lifts-opt-out" Warning,
    /// Outreach on a channel that knows no limits.
    TransactionalInSequence = "transactional-in-sequence" Warning,
    /// A topic nobody declared.
    NoTopic = "no-topic" Error,
    /// A template named for a channel it is not for.
    TemplateChannel = "template-channel" Error,
    /// A template file whose name no rule can write.
    TemplateName = "template-name" Error,
    /// A test whose clock has no start or goes back.
    TestClock = "test-clock" Error,
    /// An event that a test cannot make.
    TestEvent = "test-event" Error,
    /// Facts of a test's lead that no event sets.
    TestFacts = "test-facts" Error,
    /// Two tiers named at one moment.
    TierConflict = "tier-conflict" Warning,
    /// An experiment with fewer than two variants.
    TooFewVariants = "too-few-variants" Error,
    /// More of a kind than a rulebook can hold.
    TooMany = "too-many" Error,
    /// A touch before the day of the touch above it.
    TouchOrder = "touch-order" Error,
    /// A touch at a time its channel is never open.
    TouchOutsideWindow = "touch-outside-window" Error,
    /// A score with a half life and a window.
    TwoDecays = "two-decays" Error,
    /// A value of a type that cannot stand there.
    TypeMismatch = "type-mismatch" Error,
    /// An effect that another of the same moment undoes.
    UndoneEffect = "undone-effect" Warning,
    /// A calendar nobody declared.
    UnknownCalendar = "unknown-calendar" Error,
    /// A channel nobody declared.
    UnknownChannel = "unknown-channel" Error,
    /// An event nobody declared.
    UnknownEvent = "unknown-event" Error,
    /// A lead fact nobody declared.
    UnknownFact = "unknown-fact" Error,
    /// A function that does not exist.
    UnknownFunction = "unknown-function" Error,
    /// A lead that its test does not declare.
    UnknownLead = "unknown-lead" Error,
    /// A name in an expression that means nothing.
    UnknownName = "unknown-name" Error,
    /// A part of the day its calendar does not have.
    UnknownPart = "unknown-part" Error,
    /// Somebody who cannot be alerted.
    UnknownPerson = "unknown-person" Error,
    /// A property the event does not have.
    UnknownProperty = "unknown-property" Error,
    /// A rule or sequence, expected of a test, that does not exist.
    UnknownRule = "unknown-rule" Error,
    /// A score nobody declared.
    UnknownScore = "unknown-score" Error,
    /// A sequence nobody declared.
    UnknownSequence = "unknown-sequence" Error,
    /// A setting that does not exist.
    UnknownSetting = "unknown-setting" Error,
    /// A template that does not exist.
    UnknownTemplate = "unknown-template" Error,
    /// A tier nobody declared.
    UnknownTier = "unknown-tier" Error,
    /// A touch its sequence does not have.
    UnknownTouch = "unknown-touch" Error,
    /// A type that does not exist.
    UnknownType = "unknown-type" Error,
    /// A variable of a template that nothing gives a value.
    UnknownVariable = "unknown-variable" Error,
    /// A time zone that does not exist.
    UnknownZone = "unknown-zone" Error,
    /// A tier no rule names.
    UnreachedTier = "unreached-tier" Warning,
    /// A calendar no channel goes by.
    UnusedCalendar = "unused-calendar" Info,
    /// A channel nothing is sent on.
    UnusedChannel = "unused-channel" Info,
    /// A constant nobody uses.
    UnusedConstant = "unused-constant" Info,
    /// An event or group nobody speaks of.
    UnusedEvent = "unused-event" Info,
    /// A function nobody calls.
    UnusedFunction = "unused-function" Info,
    /// A score no rule asks for.
    UnusedScore = "unused-score" Info,
    /// A sequence nothing starts.
    UnusedSequence = "unused-sequence" Warning,
    /// A template that no message uses.
    UnusedTemplate = "unused-template" Info,
    /// A sequence that cannot be entered in the place of another.
    VariantSequence = "variant-sequence" Error,
    /// A function asked with the wrong things.
    WrongArguments = "wrong-arguments" Error,
    /// A length of no time at all.
    ZeroLength = "zero-length" Error,
    /// An alert that comes long after what it is about.
    LateAlert = "late-alert" Info,
    /// An alert on a metric that can never come.
    NeverAlerts = "never-alerts" Error,
    /// A metric that is made of itself.
    MetricCycle = "metric-cycle" Error,
    /// An outcome that the channel of its rows never reports.
    NotMeasurable = "not-measurable" Warning,
    /// A reference value that nobody vouches for.
    NoSource = "no-source" Error,
    /// An outcome that is waited for without end.
    NoWindow = "no-window" Error,
    /// A breakdown that would print who somebody is.
    SealedDimension = "sealed-dimension" Error,
    /// A target that is no value of its metric.
    TargetType = "target-type" Error,
    /// A breakdown by what a row does not have.
    UnknownDimension = "unknown-dimension" Error,
    /// A metric nobody declared.
    UnknownMetric = "unknown-metric" Error,
}
