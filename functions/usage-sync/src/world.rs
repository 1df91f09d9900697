//! The outside world of a worker as one type parameter.

use shared::ports::{Clock, Connections, Ids, Queue};
use shared::store::Store;
use shared::table::Table;

/// What a worker needs of the world, as one parameter.
pub trait World: Send + Sync {
    /// The table.
    type Table: Table;
    /// The two services.
    type Connections: Connections;
    /// The queue that messages come from.
    type Queue: Queue;
    /// The wall clock.
    type Clock: Clock;
    /// Where ids come from.
    type Ids: Ids;

    /// What is stored.
    fn store(&self) -> &Store<Self::Table>;
    /// The two services.
    fn connections(&self) -> &Self::Connections;
    /// The queue.
    fn queue(&self) -> &Self::Queue;
    /// The wall clock.
    fn clock(&self) -> &Self::Clock;
    /// Where ids come from.
    fn ids(&self) -> &Self::Ids;
}

/// The client of ConnectWise in a world.
pub(crate) type PsaOf<W> = <<W as World>::Connections as Connections>::Psa;

/// A world put together from its parts.
#[derive(Clone, Debug)]
pub struct Adapters<T, C, Q, K, I> {
    /// The table.
    pub store: Store<T>,
    /// The two services.
    pub connections: C,
    pub queue: Q,
    /// The wall clock.
    pub clock: K,
    /// Where ids come from.
    pub ids: I,
}

impl<T, C, Q, K, I> World for Adapters<T, C, Q, K, I>
where
    T: Table,
    C: Connections,
    Q: Queue,
    K: Clock,
    I: Ids,
{
    type Table = T;
    type Connections = C;
    type Queue = Q;
    type Clock = K;
    type Ids = I;

    fn store(&self) -> &Store<T> {
        &self.store
    }

    fn connections(&self) -> &C {
        &self.connections
    }

    fn queue(&self) -> &Q {
        &self.queue
    }

    fn clock(&self) -> &K {
        &self.clock
    }

    fn ids(&self) -> &I {
        &self.ids
    }
}
