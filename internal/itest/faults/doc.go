// Package faults shows, end to end, what becomes of records when the disk, a file or
// another process does what it should not.
//
// Its tests speak to package ledger as an application does, damage its directory or its
// disk, and look at a log server that notes the bytes of every record by the record's ID.
//
// # What is checked
//
//   - F1 No record arrives with other bytes than those it was logged with, and none
//     that was never logged.
//   - F2 Every record that a fault did not touch arrives.
//   - F3 A record that does not arrive is counted, and its bytes are in quarantine/ if
//     they were damaged.
//   - F4 The books balance (L2), and no offset is used twice (W1).
//   - F5 Log returns nil, soon, whatever the disk does (L1).
//
// # Forms
//
// The short form always runs. LEDGER_CRASH=long runs the exhaustive one. What is
// random comes from a seed, which is printed and can be given back in LEDGER_SEED.
// Tests that need root (a tmpfs of a certain size) say so when they skip.
//
// testdata holds directories that earlier versions of this library left behind, see
// its README.
package faults
