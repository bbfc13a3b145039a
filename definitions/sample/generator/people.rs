//! The people, what they may approve, and who stands in for whom.

/// A level of the house: 1 staff, 2 buyers and team leads, 3 heads of department, 4 the board.
pub(crate) struct Person {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) manager: &'static str,
    pub(crate) limit: &'static str,
}

/// In whose name reorder orders are requested.
pub(crate) const PLANNER: &str = "lfrank";

/// Id, name, manager, limit. The planner's chain: buyer 1,000, purchasing manager 10,000, director 50,000, CEO.
const PEOPLE: &str = "
hvogt     | Henrike Vogt       |           | 80000
mthomsen  | Matthias Thomsen   | hvogt     | 50000
creimers  | Carla Reimers      | hvogt     | 50000
jpetersen | Jonas Petersen     | hvogt     | 50000
ialbrecht | Ines Albrecht      | mthomsen  | 10000
okruse    | Oliver Kruse       | mthomsen  | 10000
sbaumann  | Sabine Baumann     | mthomsen  | 10000
dyilmaz   | Deniz Yilmaz       | mthomsen  | 10000
nwinter   | Nele Winter        | mthomsen  | 10000
awegner   | Arne Wegner        | mthomsen  | 10000
kneumann  | Katrin Neumann     | creimers  | 10000
fschubert | Felix Schubert     | jpetersen | 10000
mjansen   | Marten Jansen      | ialbrecht | 1000
ckowalski | Clara Kowalski     | ialbrecht | 1000
plorenz   | Paul Lorenz        | ialbrecht | 1000
eozturk   | Elif Ozturk        | ialbrecht | 1000
rhansen   | Rieke Hansen       | okruse    | 1000
bmoreau   | Benoit Moreau      | okruse    | 1000
tlange    | Tobias Lange       | okruse    | 1000
gpaulsen  | Gesa Paulsen       | dyilmaz   | 1000
udietrich | Uwe Dietrich       | sbaumann  | 1000
vrichter  | Vera Richter       | fschubert | 1000
lfrank    | Lena Frank         | mjansen   |
tkoch     | Timo Koch          | mjansen   |
jmeier    | Janina Meier       | ckowalski |
anovak    | Adam Novak         | rhansen   |
sbrandt   | Svenja Brandt      | rhansen   |
hfischer  | Hauke Fischer      | rhansen   |
ldasilva  | Luisa da Silva     | bmoreau   |
mgrabowski| Marek Grabowski    | bmoreau   |
ptietjen  | Piet Tietjen       | tlange    |
jhoffmann | Jana Hoffmann      | tlange    |
ealkan    | Emre Alkan         | tlange    |
wclausen  | Wiebke Clausen     | gpaulsen  |
rstein    | Robin Stein        | gpaulsen  |
kbergmann | Kai Bergmann       | udietrich |
ymartin   | Yara Martin        | nwinter   |
dsommer   | Daniel Sommer      | kneumann  |
ibecker   | Ida Becker         | kneumann  |
cpeters   | Charlotte Peters   | vrichter  |
";

/// Unit, role, person. Finance looks after every unit with the same two people, and its director is the company's.
pub(crate) const ROLES: &[(&str, &str, &str)] = &[
    ("company", "finance_director", "creimers"),
    ("lab", "buyer", "eozturk"),
    ("lab", "finance", "ibecker"),
    ("lab", "finance", "kneumann"),
    ("lab", "head", "nwinter"),
    ("logistics", "buyer", "plorenz"),
    ("logistics", "finance", "ibecker"),
    ("logistics", "finance", "kneumann"),
    ("logistics", "head", "dyilmaz"),
    ("maintenance", "buyer", "eozturk"),
    ("maintenance", "finance", "ibecker"),
    ("maintenance", "finance", "kneumann"),
    ("maintenance", "head", "sbaumann"),
    ("office", "buyer", "eozturk"),
    ("office", "finance", "ibecker"),
    ("office", "finance", "kneumann"),
    ("office", "head", "kneumann"),
    ("production", "buyer", "ckowalski"),
    ("production", "finance", "ibecker"),
    ("production", "finance", "kneumann"),
    ("production", "head", "okruse"),
    ("purchasing", "administrator", "dsommer"),
    ("purchasing", "buyer", "ckowalski"),
    ("purchasing", "buyer", "eozturk"),
    ("purchasing", "buyer", "mjansen"),
    ("purchasing", "buyer", "plorenz"),
    ("purchasing", "finance", "ibecker"),
    ("purchasing", "finance", "kneumann"),
    ("purchasing", "planner", PLANNER),
    ("purchasing", "purchasing_manager", "ialbrecht"),
    ("service", "buyer", "plorenz"),
    ("service", "finance", "ibecker"),
    ("service", "finance", "kneumann"),
    ("service", "head", "fschubert"),
];

/// Person, substitute, from, to.
pub(crate) const SUBSTITUTES: &[(&str, &str, &str, &str)] = &[
    ("ckowalski", "plorenz", "2026-10-26", "2026-11-13"),
    ("ialbrecht", "mthomsen", "2026-12-21", "2027-01-08"),
    ("mthomsen", "creimers", "2026-12-21", "2027-01-08"),
];

/// Unit, amount. Purchasing has none: what production needs is bought, and its limits are people's.
pub(crate) const BUDGETS: &[(&str, &str)] =
    &[("lab", "20000"), ("logistics", "60000"), ("maintenance", "80000"), ("office", "25000"), ("service", "40000")];

/// All of them, the board first.
pub(crate) fn people() -> Vec<Person> {
    let person = |line: &'static str| {
        let mut cells = line.split('|').map(str::trim);
        let mut cell = || cells.next().unwrap_or_default();
        Person { id: cell(), name: cell(), manager: cell(), limit: cell() }
    };
    PEOPLE.lines().filter(|line| !line.is_empty()).map(person).collect()
}

/// `lena.frank@example.com`.
pub(crate) fn email(name: &str) -> String {
    format!("{}@example.com", name.to_lowercase().replace(' ', "."))
}
