"""What is kept: the ledger, the journal, the outbox and the durable copy. Must not decide anything."""
