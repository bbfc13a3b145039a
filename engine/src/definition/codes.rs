//! The stable codes of findings in definitions. Those of expressions, FLX0100 to FLX0199, stand with them.

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal: $meaning:literal;)*) => {
        $(#[doc = $meaning] pub(super) const $name: &str = $code;)*
        /// Every code of a definition file with one sentence that explains it.
        pub const CODES: &[(&str, &str)] = &[$(($code, $meaning)),*];
    };
}

codes! {
    SYNTAX = "FLX0001": "The file is not YAML; what follows the place cannot be understood.";
    UNKNOWN_KEY = "FLX0002": "A key that does not exist here; mistyped keys are never ignored.";
    DUPLICATE_KEY = "FLX0003": "A key stands twice in one mapping; which one holds would be a guess.";
    MISSING_KEY = "FLX0004": "A key that must be there is missing.";
    WRONG_SHAPE = "FLX0005": "A text, a list or a mapping stands where another of these is expected.";
    NOT_A_NUMBER = "FLX0006": "A whole number in a given range is expected.";
    NOT_A_WORD = "FLX0007": "One of a few words is expected.";
    DURATION = "FLX0008": "A length of time is an amount and a unit, such as `2 days`.";
    WORKING_TIME = "FLX0009": "Working time needs a calendar, and is not for everything.";
    BAD_NAME = "FLX0010": "A name is made of small letters, digits and underscores and begins with a letter.";
    TOO_LARGE = "FLX0011": "The file is larger than any that people would read.";
    CONFLICT = "FLX0012": "Two keys stand together that cannot hold together.";
    EMPTY = "FLX0013": "A value is missing after its key, or a list or mapping has nothing in it.";
    NOT_YET = "FLX0014": "A part of the language that is planned and not there yet.";
    BAD_BY = "FLX0015": "Who may act is `anyone`, a person of the subject, or `role(name)`, perhaps `@` a unit.";
    SILENCED_ERROR = "FLX0016": "An error cannot be silenced, only a warning can.";
    SILENT_FOR_NOTHING = "FLX0017": "An entry of `allow` silences nothing.";
    UNKNOWN_CODE = "FLX0018": "No finding has this code.";
    UNKNOWN_PLACE = "FLX0019": "The file has no place of this name.";
    TOO_MANY = "FLX0020": "The file has more findings than anybody would read.";

    UNKNOWN_SUBJECT = "FLX0200": "The vocabulary has no subject of this name.";
    UNKNOWN_TYPE = "FLX0201": "A field or payload has a type that does not exist.";
    UNKNOWN_STATE = "FLX0202": "An arrow leads to a state that does not exist.";
    UNKNOWN_ACTION = "FLX0203": "The vocabulary has no action of this name.";
    UNKNOWN_PARAMETER = "FLX0204": "The action has no parameter of this name.";
    MISSING_PARAMETER = "FLX0205": "The action needs a parameter that is not given.";
    WRONG_SUBJECT = "FLX0206": "The action does not work on this subject.";
    UNKNOWN_MESSAGE = "FLX0207": "The vocabulary has no message of this name.";
    UNKNOWN_ROLE = "FLX0208": "The organisation knows no role of this name.";
    UNKNOWN_FIELD = "FLX0209": "The subject has no field of this name.";
    NEAR_EVENT = "FLX0210": "An event that is not declared is spelt nearly like one that is.";
    RESERVED = "FLX0211": "The name already means something else in expressions or in the engine.";
    NOT_AN_ACTION = "FLX0213": "An action is written where a message is expected, or the other way round.";
    SAME_WORKFLOW = "FLX0214": "Two files define a workflow of one name.";
    UNKNOWN_WORKFLOW = "FLX0215": "A call names a workflow that none of the files defines.";
    UNKNOWN_CALENDAR = "FLX0216": "There is no calendar of this name.";
    UNKNOWN_UNIT = "FLX0217": "The organisation has no unit of this name.";

    NO_START = "FLX0300": "A state with states inside says in which of them it begins.";
    BAD_START = "FLX0301": "The start names a state that is not one of those inside.";
    START_WITHOUT_STATES = "FLX0302": "A state without states inside has nothing to begin in.";
    FINAL_LEAVES = "FLX0303": "A final state is the end: nothing leaves it and nothing runs in it but its entry.";
    OUTCOME_ELSEWHERE = "FLX0304": "An outcome of an approval is handled where no approval is.";
    ALWAYS_STAYS = "FLX0305": "An `always` arrow leads nowhere and would be taken again and again.";
    ENGINE_ARROW = "FLX0306": "An arrow that the engine takes has no `by`, no `reason` and no `refuse`.";
    NO_STATES = "FLX0307": "A workflow has at least one state.";
    ALWAYS_CYCLE = "FLX0308": "`always` arrows without a condition lead round in a circle for ever.";
    UNREACHABLE = "FLX0309": "No arrow leads to the state.";
    NO_WAY_OUT = "FLX0310": "The state is not final and nothing ever leads out of it.";
    TRAP = "FLX0311": "From this state no final state can be reached.";
    DEAD_ARROW = "FLX0312": "The arrow can never be taken.";
    DEAF_EVENT = "FLX0313": "The event is declared and no state accepts it.";
    NEVER_SENT = "FLX0314": "The event is the result of a message that nothing sends.";
    CONSTANT_GUARD = "FLX0315": "The condition is always true.";
    NEVER_ENDS = "FLX0316": "The workflow has no final state: its instances never end.";
    UNREAD_TABLE = "FLX0317": "Nothing reads what the decision table gives.";
    REGION_WITHOUT_STATES = "FLX0320": "A region of a parallel state has states inside, and begins in one of them.";
    ONE_REGION = "FLX0321": "A parallel state has at least two regions.";
    NEVER_DONE = "FLX0322": "A region never comes to an end, so that its parallel state is never done.";
    BAD_HISTORY = "FLX0323": "Only a state with states inside has a history to go back to.";
    SAME_TAG = "FLX0324": "A state bears a tag twice.";
    NOTHING_TO_UNDO = "FLX0325": "An arrow takes back what no action says how to take back.";
    CALL_CIRCLE = "FLX0326": "Workflows call one another in a circle.";
    IDLE_TIMER = "FLX0327": "A timer does nothing when its time has come.";

    NO_STEPS = "FLX0400": "An approval has `steps` or a `table` of them, and not both.";
    SAME_STEP = "FLX0401": "Two steps of one plan have the same name.";
    NOT_A_FIELD = "FLX0402": "The approval names a field that the subject does not have.";
    FIELD_TYPE = "FLX0403": "The field that the approval names has the wrong type for this.";
    BAD_RESOLVER = "FLX0404": "An entry of `who` names people in exactly one way.";
    BAD_QUORUM = "FLX0405": "A quorum is any, all, { count: n } or { percent: p }.";
    OUTCOME_MISSING = "FLX0406": "An outcome of the approval has no arrow: a decision would lead nowhere.";
    OUTCOME_GUARDED = "FLX0407": "Every arrow for an outcome has a condition: a decision could lead nowhere.";
    NO_REQUESTER = "FLX0408": "An approval reads who asks from the subject's field `requester`.";
    NO_AMOUNT = "FLX0409": "Limits and amounts are compared with the subject's field `amount`.";
    UNKNOWN_STEP = "FLX0410": "The approval has no step of this name.";
    NO_FALLBACK = "FLX0411": "`on_empty: fallback` and its `fallback` belong together.";
    BAD_MONEY = "FLX0412": "An amount of money is a number, a blank and a currency.";
    DEAD_ROW = "FLX0413": "A row of the table can never be taken.";
    BAD_NUMBER = "FLX0414": "A decimal number without a sign is expected, such as 66.6.";
    POLICY = "FLX0415": "The approval as a whole is not one that can run.";
    QUORUM_TOO_HIGH = "FLX0416": "More approvals are asked for than people are named.";
    TABLE_GAP = "FLX0417": "No row of the table covers every amount: an order beyond them is an incident.";
    NOT_FOR_TASKS = "FLX0418": "A task that asks for data has nothing to reject or to skip.";
    UNKNOWN_PLAN = "FLX0419": "A plan is named that the approval does not have.";
    CHANGED_AFTERWARDS = "FLX0420": "What was approved can be changed afterwards, and nobody is asked again.";

    NO_SCHEDULE = "FLX0500": "A schedule is a Unix cron pattern of five fields in a time zone.";
    SCHEDULE_INPUT = "FLX0501": "A scheduled start gives the subject's fields as anybody who starts an instance does.";
    NOBODY_ASKS = "FLX0502": "A schedule asks in somebody's name: the subject has a field `requester` for it.";
}
