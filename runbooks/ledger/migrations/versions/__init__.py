"""One file for each change of the ledger's tables; none is ever edited once it was released."""
