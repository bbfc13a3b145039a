//! What only one of the stores can show: files, addresses, lost connections, locks.
