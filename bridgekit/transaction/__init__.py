"""The transaction: record, journal, guard, execution of a plan, and its rollback."""
