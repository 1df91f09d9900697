//! The guards of the write protocol as one value: each of them prevents a wrong bill.
//!
//! All of them are on wherever the product runs. Tests take one out at a time, to see that each is needed and that the
//! simulation would notice: only the feature `weakened` has a way to do so, and no shipped package enables it.

/// Which guards are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    #[cfg(feature = "weakened")]
    without: Option<Guard>,
}

/// One guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guard {
    /// The outcome of a write without a response is decided only once it must have taken effect.
    Settle,
    /// Before a write is sent: what was stored for it is fresh, and the lease outlives the request.
    LeaseCheck,
    /// The intent to create an addition is stored before the request leaves.
    Intent,
    /// The change of a quantity is stored before the request leaves.
    Pending,
    /// A write without a response is never sent again before ConnectWise was read.
    ReadBack,
    /// The response to a write is compared with the request.
    AnswerCheck,
    /// An apply holds what it would do otherwise than its preview showed.
    AsShown,
    /// No addition is created for days that an ended addition, or one on another agreement of the company, has billed.
    Overlap,
}

impl Guard {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Settle,
        Self::LeaseCheck,
        Self::Intent,
        Self::Pending,
        Self::ReadBack,
        Self::AnswerCheck,
        Self::AsShown,
        Self::Overlap,
    ];
}

impl Policy {
    /// All guards on.
    #[must_use]
    pub const fn guarded() -> Self {
        Self {
            #[cfg(feature = "weakened")]
            without: None,
        }
    }

    /// All guards on but one. For tests alone.
    #[cfg(feature = "weakened")]
    #[must_use]
    pub const fn without(guard: Guard) -> Self {
        Self { without: Some(guard) }
    }

    /// Whether a guard is on.
    #[cfg(feature = "weakened")]
    pub(crate) fn has(self, guard: Guard) -> bool {
        self.without != Some(guard)
    }

    /// All guards are on in shipped builds.
    #[cfg(not(feature = "weakened"))]
    pub(crate) const fn has(self, _guard: Guard) -> bool {
        true
    }
}
