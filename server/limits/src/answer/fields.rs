//! What the two fields say, item by item, whatever the draft calls it.

/// One policy of `RateLimit-Policy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyItem {
    /// The policy's name.
    pub name: String,
    /// `q`: the quota, in units.
    pub quota: u64,
    /// `qu`: what the units are; `requests` if it is missing.
    pub unit: Option<String>,
    /// `w`: the window in seconds.
    pub window: Option<u64>,
    /// `pk`: whose quota it is.
    pub partition: Option<Vec<u8>>,
}

/// One limit of `RateLimit`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitItem {
    /// The policy's name.
    pub name: String,
    /// `r`, later `a`: what is left, in units.
    pub remaining: u64,
    /// `t`, later `w`: for how many seconds no more than that is left.
    pub reset: Option<u64>,
    /// `pk`: whose quota it is.
    pub partition: Option<Vec<u8>>,
    /// `c`, in what follows draft 10: what the call cost.
    pub cost: Option<u64>,
}
