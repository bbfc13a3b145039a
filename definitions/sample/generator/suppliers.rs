//! The suppliers: what they sell, how they keep their word, and how often the house orders from them.

/// How a supplier behaves.
pub(crate) struct Supplier {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    pub(crate) markets: &'static str,
    /// Calendar days that it promises.
    pub(crate) lead: i64,
    /// Its prices, in percent of the catalogue's.
    pub(crate) level: i64,
    /// In percent: deliveries that come late, and deliveries of which a part is refused.
    pub(crate) late: i64,
    pub(crate) refused: i64,
    /// It is ordered from every so many weeks, on this weekday (0 = Monday).
    pub(crate) weeks: i64,
    pub(crate) weekday: i64,
    pub(crate) payment_days: &'static str,
}

/// The one whose orders go over every limit but the last.
pub(crate) const DRIVES: &str = "sundwerk";
/// Asked for a quotation, not approved yet.
pub(crate) const UNAPPROVED: &str = "gussform";
/// Gave up business.
pub(crate) const INACTIVE: &str = "altmeyer";

/// Code, name, markets, lead, level, late, refused, weeks, weekday, payment.
const SUPPLIERS: &str = "
sundwerk      | Sundwerk Antriebe GmbH            | drive             | 35 | 100 | 10 | 1 | 4 | 1 | 30
velotect      | Velotect Components B.V.          | gear brake        | 21 | 100 |  8 | 1 | 1 | 0 | 30
bremsland     | Bremsland GmbH                    | brake             | 14 | 103 |  5 | 2 | 1 | 2 | 14
kettenhaus    | Kettenhaus Vertrieb KG            | gear contact      | 10 | 106 |  6 | 1 | 1 | 3 | 30
rohrhansen    | Rohrhansen Stahlhandel GmbH       | metal             | 14 | 100 | 12 | 3 | 2 | 0 | 30
alutrave      | Alutrave Profile GmbH             | metal             | 21 | 97  | 15 | 3 | 2 | 3 | 45
blechmeyer    | Blechmeyer Zuschnitte GmbH        | metal frame       | 18 | 102 |  9 | 5 | 2 | 1 | 30
rahmenbau     | Rahmenbau Oderbruch eG            | frame             | 28 | 100 | 30 | 4 | 1 | 4 | 30
felgenkate    | Felgenkate Laufrad GmbH           | wheel             | 18 | 100 |  8 | 2 | 1 | 1 | 30
radkontor     | Radkontor Handels GmbH            | wheel contact gear|  7 | 109 |  4 | 1 | 1 | 2 | 14
pneudock      | Pneudock Reifen N.V.              | tyre              | 14 | 100 |  6 | 1 | 1 | 3 | 30
schraubwerft  | Schraubwerft Normteile GmbH       | screw             |  7 | 100 |  4 | 1 | 1 | 0 | 30
normdepot     | Normdepot Verbindungstechnik AG   | screw mro         |  5 | 106 |  3 | 1 | 1 | 3 | 14
holzlauf      | Holzlauf Tischlerei GmbH          | cargo             | 21 | 100 | 14 | 6 | 2 | 2 | 14
planlinie     | Planlinie Textil sp. z o.o.       | cargo textile     | 24 | 96  | 12 | 3 | 2 | 4 | 30
litzenhof     | Litzenhof Kabeltechnik GmbH       | electric          | 12 | 100 |  7 | 1 | 1 | 1 | 30
leuchtkai     | Leuchtkai Elektronik GmbH         | electric light    | 14 | 102 |  9 | 2 | 1 | 4 | 30
farbwerft     | Farbwerft Pulverlacke GmbH        | paint             | 10 | 100 |  5 | 1 | 1 | 2 | 30
schmierkai    | Schmierkai Chemie GmbH            | paint lube        |  8 | 104 |  4 | 1 | 2 | 3 | 30
packstrand    | Packstrand Verpackung GmbH        | pack              |  6 | 100 |  4 | 1 | 1 | 0 | 30
kartonfabrik  | Kartonfabrik Unterelbe GmbH       | pack              | 10 | 95  |  8 | 2 | 2 | 1 | 45
werkzeuglotse | Werkzeuglotse GmbH                | mro safety        |  6 | 100 |  5 | 1 | 2 | 2 | 30
buerodeich    | Buerodeich OHG                    | office safety     |  4 | 100 |  3 | 1 | 2 | 4 | 14
gussform      | Gussform Pirna GmbH               | -                 | 30 | 88  |  0 | 0 | 1 | 0 | 30
altmeyer      | Altmeyer Beschlaege KG            | -                 | 12 | 95  |  0 | 0 | 1 | 0 | 30
";

/// All of them.
pub(crate) fn suppliers() -> Vec<Supplier> {
    SUPPLIERS.lines().filter(|line| !line.is_empty()).map(supplier).collect()
}

fn supplier(line: &'static str) -> Supplier {
    let mut cells = line.split('|').map(str::trim);
    let mut cell = || cells.next().unwrap_or_default();
    let (code, name, markets) = (cell(), cell(), cell());
    let mut number = || cell().parse().unwrap_or(0);
    let (lead, level, late, refused, weeks, weekday) = (number(), number(), number(), number(), number(), number());
    Supplier { code, name, markets, lead, level, late, refused, weeks, weekday, payment_days: cell() }
}

impl Supplier {
    /// What `suppliers.csv` says about it.
    pub(crate) fn note(&self) -> &'static str {
        match self.code {
            DRIVES => "Only source of drives and batteries; ordered every four weeks",
            UNAPPROVED => "Audit of the foundry outstanding",
            INACTIVE => "Gave up business at the end of July 2026",
            "rahmenbau" => "Often late",
            "holzlauf" => "Check every delivery for splinters",
            _ => "",
        }
    }
}
