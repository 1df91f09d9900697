//! The ConnectWise PSA simulator.
