// Package record is the log record as the server keeps it: the vocabulary of
// levels, types and importances, the field limits of the Ledger platform, and
// the identity by which a record that arrives twice is stored once.
//
// It is the one shape that ingest produces, store keeps and query shows, so it
// imports none of them. Everything here is a value or a pure function.
//
// Invariants:
//
//	R1  Two arrivals of one record have one ID: the sender's, or else a hash of
//	    the record's content. The time of arrival is never part of it.
//	R2  Two records with different IDs as sent have different IDs as stored,
//	    whatever the length of the ID.
package record
